package io.firn.ingest.bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Types;

/** What one writes without a hot path: Jackson's tree, a GenericRecord, Iceberg's generic writer. */
final class Baseline {
    private final ObjectMapper mapper = new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private final GenericRecord template = GenericRecord.create(Orders.SCHEMA);

    Record decode(byte[] json) throws IOException {
        JsonNode tree = mapper.readTree(json);
        Record record = template.copy();
        int at = 0;
        for (Types.NestedField field : Orders.SCHEMA.columns()) {
            JsonNode value = tree.get(field.name());
            record.set(at++, value == null || value.isNull() ? null : convert(field, value));
        }
        return record;
    }

    private static Object convert(Types.NestedField field, JsonNode value) {
        return switch (field.type().typeId()) {
            case STRING -> value.textValue();
            case LONG -> value.longValue();
            case INTEGER -> value.intValue();
            case DOUBLE -> value.doubleValue();
            case BOOLEAN -> value.booleanValue();
            case DECIMAL -> decimal(field, value.decimalValue());
            case TIMESTAMP -> OffsetDateTime.parse(value.textValue()).withOffsetSameInstant(ZoneOffset.UTC);
            default -> throw new IllegalArgumentException(field.toString());
        };
    }

    private static BigDecimal decimal(Types.NestedField field, BigDecimal value) {
        return value.setScale(((Types.DecimalType) field.type()).scale());
    }
}
