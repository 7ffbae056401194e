package io.firn.catalog.schema;

import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/** The columns that say which record a row came from; last in the schema of every table that Firn creates. */
public final class SourceColumns {
    public static final String TOPIC = "_source_topic";
    public static final String PARTITION = "_source_partition";
    public static final String OFFSET = "_source_offset";
    /** Microseconds, UTC; what Kafka says, of which the last three digits are always 0. */
    public static final String TIMESTAMP = "_source_timestamp";

    private static final String PREFIX = "_source_";

    /** In the order in which they are appended. */
    private static final List<String> NAMES = List.of(TOPIC, PARTITION, OFFSET, TIMESTAMP);

    /** What to do about those that an existing table lacks. */
    public enum Policy {
        /** Add them. */
        ADD,
        /** Fill only those that are there. */
        PRESENT
    }

    private SourceColumns() {}

    public static List<String> names() {
        return NAMES;
    }

    public static boolean isSourceColumn(String name) {
        return NAMES.contains(name);
    }

    /** Whether Firn fills the column from the record's position and not from its value, in a staging table too. */
    static boolean isFilledByFirn(String name) {
        return name.startsWith(PREFIX);
    }

    public static Type type(String name) {
        return switch (name) {
            case TOPIC -> Types.StringType.get();
            case PARTITION -> Types.IntegerType.get();
            case OFFSET -> Types.LongType.get();
            case TIMESTAMP -> Types.TimestampType.withZone();
            default -> throw new IllegalArgumentException("not a source column: " + name);
        };
    }

    /** Those that the schema does not have, in order. */
    public static List<String> missing(Schema schema) {
        return NAMES.stream().filter(name -> schema.findField(name) == null).toList();
    }

    /** The schema with those that it lacks, last; the schema itself, identifier fields and all, where it lacks none. */
    public static Schema appendTo(Schema schema) {
        if (missing(schema).isEmpty()) {
            return schema;
        }
        List<NestedField> columns = new ArrayList<>(schema.columns());
        int id = schema.highestFieldId();
        for (String name : missing(schema)) {
            columns.add(NestedField.optional(++id, name, type(name)));
        }
        return TypeUtil.assignIncreasingFreshIds(new Schema(columns));
    }
}
