package io.firn.ingest.sim;

import io.firn.ingest.record.BadRecordException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * What the records of a run hold: each field its own name and position, so that a value tells which column it was
 * produced for. The number is too large for an int at times.
 */
final class SimRecords {
    static final String ALWAYS = "id";
    static final String NUMBER = "n";

    /** Every name that a record may have. */
    static final List<String> NAMES = List.of(ALWAYS, "a", "b", "c", NUMBER);

    private static final long TOO_LARGE = 5_000_000_000L;

    private SimRecords() {}

    /** The columns that a new table has. */
    static Schema firstSchema() {
        return new Schema(
                Types.NestedField.optional(1, ALWAYS, Types.StringType.get()),
                Types.NestedField.optional(2, "a", Types.StringType.get()),
                Types.NestedField.optional(3, NUMBER, Types.IntegerType.get()));
    }

    /** The record's fields by name. */
    static Map<String, Object> fields(Position position) {
        int dice = Math.abs((position.toString() + "!").hashCode());
        Map<String, Object> fields = new TreeMap<>();
        fields.put(ALWAYS, ALWAYS + "=" + position);
        for (String name : List.of("a", "b", "c")) {
            if (dice % 4 > 0) {
                fields.put(name, name + "=" + position);
            }
            dice /= 4;
        }
        if (dice % 4 > 0) {
            fields.put(NUMBER, dice % 64 == 1 ? TOO_LARGE + position.offset() : position.offset());
        }
        return fields;
    }

    /**
     * The row of a record, by field ID; without a value what is null.
     *
     * @throws BadRecordException where the record does not fit
     */
    static Map<Integer, Object> row(Position position, Schema schema) {
        Map<String, Object> fields = fields(position);
        Map<Integer, Object> row = new HashMap<>();
        for (NestedField column : schema.columns()) {
            Object value = fields.get(column.name());
            String why = refusal(column, value);
            if (why != null) {
                throw new BadRecordException(column.name() + " " + why, 0);
            }
            if (value != null) {
                row.put(column.fieldId(), value);
            }
        }
        return row;
    }

    static boolean isBad(Position position, Schema schema) {
        try {
            row(position, schema);
            return false;
        } catch (BadRecordException bad) {
            return true;
        }
    }

    /** Whether a field of the record has no column. */
    static boolean hasUnknown(Position position, Schema schema) {
        return fields(position).keySet().stream().anyMatch(name -> schema.findField(name) == null);
    }

    private static @Nullable String refusal(NestedField column, @Nullable Object value) {
        if (value == null) {
            return column.isRequired() ? "must not be null" : null;
        }
        boolean isNumber = value instanceof Long;
        if (isNumber == (column.type().typeId() == TypeID.STRING)) {
            return "has another type";
        }
        return isNumber && column.type().typeId() == TypeID.INTEGER && (Long) value > Integer.MAX_VALUE
                ? "does not fit into int"
                : null;
    }
}
