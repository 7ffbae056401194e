package io.firn.ingest.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Random;
import java.util.UUID;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionRouterTest {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.optional(1, "i", Types.IntegerType.get()),
            Types.NestedField.optional(2, "l", Types.LongType.get()),
            Types.NestedField.optional(3, "s", Types.StringType.get()),
            Types.NestedField.optional(4, "d", Types.DateType.get()),
            Types.NestedField.optional(5, "t", Types.TimestampType.withZone()),
            Types.NestedField.optional(6, "u", Types.UUIDType.get()),
            Types.NestedField.optional(7, "m", Types.DecimalType.of(9, 2)),
            Types.NestedField.optional(8, "w", Types.DecimalType.of(30, 2)),
            Types.NestedField.optional(9, "b", Types.BooleanType.get()),
            Types.NestedField.optional(
                    10, "n", Types.StructType.of(Types.NestedField.optional(11, "x", Types.LongType.get()))));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "identity i",
                "identity l",
                "identity s",
                "identity d",
                "identity b",
                "identity m",
                "identity w",
                "identity u",
                "identity n.x",
                "bucket i",
                "bucket l",
                "bucket s",
                "bucket d",
                "bucket t",
                "bucket u",
                "bucket m",
                "bucket w",
                "bucket n.x",
                "truncate i",
                "truncate l",
                "truncate s",
                "truncate m",
                "year d",
                "month d",
                "day d",
                "year t",
                "month t",
                "day t",
                "hour t"
            })
    void theRoutedPartitionIsIcebergsOwn(String field) {
        PartitionSpec spec = spec(field);
        Row row = new Row(RowLayout.of(SCHEMA));
        JsonRowDecoder decoder = new JsonRowDecoder(row, DecodeSettings.defaults());
        PartitionRouter router = new PartitionRouter(spec, row);
        PartitionKey expected = new PartitionKey(spec, SCHEMA);
        InternalRecordWrapper wrapper = new InternalRecordWrapper(SCHEMA.asStruct());
        Random random = new Random(field.hashCode());
        for (int i = 0; i < 300; i++) {
            GenericRecord record = record(random);
            byte[] json = json(record).getBytes(StandardCharsets.UTF_8);
            decoder.decode(json, 0, json.length);
            expected.partition(wrapper.wrap(record));
            assertThat(router.partition()).as(record.toString()).isEqualTo(expected);
        }
    }

    private static PartitionSpec spec(String field) {
        String column = field.substring(field.indexOf(' ') + 1);
        PartitionSpec.Builder builder = PartitionSpec.builderFor(SCHEMA);
        return switch (field.substring(0, field.indexOf(' '))) {
            case "identity" -> builder.identity(column).build();
            case "bucket" -> builder.bucket(column, 7).build();
            case "truncate" -> builder.truncate(column, 5).build();
            case "year" -> builder.year(column).build();
            case "month" -> builder.month(column).build();
            case "day" -> builder.day(column).build();
            default -> builder.hour(column).build();
        };
    }

    private static GenericRecord record(Random random) {
        GenericRecord record = GenericRecord.create(SCHEMA);
        GenericRecord nested = GenericRecord.create(SCHEMA.findType("n").asStructType());
        nested.setField("x", random.nextInt(4) == 0 ? null : (long) random.nextInt(20));
        Object[] values = {
            random.nextInt(40) - 20,
            random.nextLong() >> random.nextInt(64),
            "grüße" + random.nextInt(30),
            LocalDate.ofEpochDay(random.nextInt(2_000) - 1_000),
            Instant.ofEpochMilli(random.nextLong(-9_000_000_000L, 9_000_000_000L))
                    .atOffset(java.time.ZoneOffset.UTC),
            new UUID(random.nextInt(5), random.nextInt(5)),
            java.math.BigDecimal.valueOf(random.nextInt(2_000) - 1_000, 2),
            java.math.BigDecimal.valueOf(random.nextInt(2_000) - 1_000, 2),
            random.nextBoolean(),
            nested
        };
        for (int i = 0; i < values.length; i++) {
            record.set(i, random.nextInt(6) == 0 ? null : values[i]);
        }
        return record;
    }

    private static String json(GenericRecord record) {
        StringBuilder json = new StringBuilder("{");
        for (Types.NestedField field : record.struct().fields()) {
            Object value = record.getField(field.name());
            String text =
                    switch (field.type().typeId()) {
                        case STRING, DATE, TIMESTAMP, UUID -> value == null ? "null" : "\"" + value + "\"";
                        case STRUCT -> value == null ? "null" : json((GenericRecord) value);
                        default -> String.valueOf(value);
                    };
            json.append(json.length() > 1 ? "," : "")
                    .append('"')
                    .append(field.name())
                    .append("\":")
                    .append(text);
        }
        return json.append('}').toString();
    }
}
