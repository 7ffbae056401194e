package io.firn.ingest.decode;

import java.util.List;
import java.util.Set;
import org.apache.iceberg.types.Type;

/**
 * How null values become rows of a staging table: the key's columns come from the Kafka key, all others are null.
 *
 * @param key names of the key's columns, at the top of the table
 * @param keyFormat what the Kafka key holds
 * @param required columns that may be null in the staging table for the tombstones' sake alone: without them a record
 *     that has a value is a bad record
 */
public record Tombstones(List<String> key, KeyFormat keyFormat, Set<String> required) {
    /** What a Kafka key holds. */
    public enum KeyFormat {
        /** The one key column's value as text: strings as they are, everything else as in JSON without the quotes. */
        TEXT,
        /** An object with the key's columns; where there is only one, its value alone does as well. */
        JSON
    }

    public Tombstones {
        key = List.copyOf(key);
        required = Set.copyOf(required);
        if (key.isEmpty() || keyFormat == KeyFormat.TEXT && key.size() > 1) {
            throw new IllegalArgumentException("text holds one key column, not " + key.size());
        }
    }

    /** Returns whether JSON writes a column's values between quotes: {@code text} and {@code json} differ only there. */
    public static boolean isQuoted(Type column) {
        return switch (column.typeId()) {
            case BOOLEAN, INTEGER, LONG, FLOAT, DOUBLE, DECIMAL -> false;
            default -> true;
        };
    }
}
