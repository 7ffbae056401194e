package io.firn.ingest.record;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Fills the columns that say where a row came from, those of them that the table has. */
public final class SourceColumns {
    public static final String TOPIC = "_source_topic";
    public static final String PARTITION = "_source_partition";
    public static final String OFFSET = "_source_offset";
    public static final String TIMESTAMP = "_source_timestamp";

    private static final Map<String, Type> TYPES = Map.of(
            TOPIC, Types.StringType.get(),
            PARTITION, Types.IntegerType.get(),
            OFFSET, Types.LongType.get(),
            TIMESTAMP, Types.TimestampType.withZone());

    private final @Nullable ColumnEntries topic;
    private final @Nullable ColumnEntries partition;
    private final @Nullable ColumnEntries offset;
    private final @Nullable ColumnEntries timestamp;
    private @Nullable SourcePartition lastPartition;
    private byte[] lastTopic = new byte[0];

    /** @throws FirnException of kind user where a column of such a name has another type */
    public SourceColumns(Row row) {
        topic = entries(row, TOPIC);
        partition = entries(row, PARTITION);
        offset = entries(row, OFFSET);
        timestamp = entries(row, TIMESTAMP);
    }

    public static boolean isSourceColumn(String name) {
        return TYPES.containsKey(name);
    }

    /** @throws BadRecordException where the timestamp does not fit in microseconds */
    public void fill(Row row, SourcePartition source, long recordOffset, long timestampMillis) {
        if (topic != null) {
            if (!source.equals(lastPartition)) {
                lastPartition = source;
                lastTopic = source.topic().getBytes(StandardCharsets.UTF_8);
            }
            topic.add(0, row.keep(lastTopic, 0, lastTopic.length));
        }
        if (partition != null) {
            partition.add(0, source.partition());
        }
        if (offset != null) {
            offset.add(0, recordOffset);
        }
        if (timestamp != null) {
            if (Math.abs(timestampMillis) > Long.MAX_VALUE / 1000) {
                throw new BadRecordException(TIMESTAMP + ": " + timestampMillis + " is out of range", -1);
            }
            timestamp.add(0, timestampMillis * 1000);
        }
    }

    private static @Nullable ColumnEntries entries(Row row, String name) {
        Schema schema = row.layout().schema();
        Types.NestedField field = schema.asStruct().field(name);
        if (field == null) {
            return null;
        }
        Type expected = TYPES.get(name);
        if (!field.type().equals(expected)) {
            throw FirnException.user(
                    "source-column-type",
                    "the column has type " + field.type() + ", Firn fills it as " + expected,
                    name,
                    "rename or drop that column");
        }
        return row.column(row.layout().column(field.fieldId()).index());
    }
}
