package io.firn.ingest.record;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import java.nio.charset.StandardCharsets;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Fills the columns that say where a row came from, those of them that the table has. */
public final class SourceColumnEntries {
    private final @Nullable ColumnEntries topic;
    private final @Nullable ColumnEntries partition;
    private final @Nullable ColumnEntries offset;
    private final @Nullable ColumnEntries timestamp;
    private @Nullable SourcePartition lastPartition;
    private byte[] lastTopic = new byte[0];

    /** @throws FirnException of kind user where a column of such a name has another type */
    public SourceColumnEntries(Row row) {
        topic = entries(row, SourceColumns.TOPIC);
        partition = entries(row, SourceColumns.PARTITION);
        offset = entries(row, SourceColumns.OFFSET);
        timestamp = entries(row, SourceColumns.TIMESTAMP);
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
                throw new BadRecordException(SourceColumns.TIMESTAMP + ": " + timestampMillis + " is out of range", -1);
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
        Type expected = SourceColumns.type(name);
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
