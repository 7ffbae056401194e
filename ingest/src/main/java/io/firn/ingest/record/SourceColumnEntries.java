package io.firn.ingest.record;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import java.nio.charset.StandardCharsets;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Fills the columns that say where a row came from, those of them that the table has. */
public final class SourceColumnEntries {
    private final @Nullable ColumnEntries topic;
    private final @Nullable ColumnEntries topicId;
    private final @Nullable ColumnEntries partition;
    private final @Nullable ColumnEntries offset;
    private final @Nullable ColumnEntries timestamp;
    private final boolean requiresTimestamp;
    private @Nullable SourcePartition lastPartition;
    private byte[] lastTopic = new byte[0];
    private byte[] lastTopicId = new byte[0];

    private SourceColumnEntries(Row row, @Nullable ColumnEntries topicId) {
        this.topicId = topicId;
        topic = entries(row, SourceColumns.TOPIC, SourceColumns.type(SourceColumns.TOPIC));
        partition = entries(row, SourceColumns.PARTITION, SourceColumns.type(SourceColumns.PARTITION));
        offset = entries(row, SourceColumns.OFFSET, SourceColumns.type(SourceColumns.OFFSET));
        timestamp = entries(row, SourceColumns.TIMESTAMP, SourceColumns.type(SourceColumns.TIMESTAMP));
        requiresTimestamp = timestamp != null
                && row.layout()
                        .schema()
                        .asStruct()
                        .field(SourceColumns.TIMESTAMP)
                        .isRequired();
    }

    /** @throws FirnException of kind user where a column of such a name has another type */
    public static SourceColumnEntries of(Row row) {
        return new SourceColumnEntries(row, null);
    }

    /** As {@link #of}; a staging table's rows say of which incarnation of the topic they are, too. */
    public static SourceColumnEntries ofStaging(Row row) {
        return new SourceColumnEntries(row, entries(row, UpsertColumns.TOPIC_ID, Types.StringType.get()));
    }

    /**
     * @param timestampMillis {@link RecordConsumer#NO_TIMESTAMP} becomes null
     * @throws BadRecordException if the timestamp does not fit in microseconds, or is missing and the column required
     */
    public void fill(Row row, SourcePartition source, long recordOffset, long timestampMillis) {
        if (!source.equals(lastPartition)) {
            lastPartition = source;
            lastTopic = source.topic().getBytes(StandardCharsets.UTF_8);
            lastTopicId = source.topicId().getBytes(StandardCharsets.UTF_8);
        }
        if (topic != null) {
            topic.add(0, row.keep(lastTopic, 0, lastTopic.length));
        }
        if (topicId != null) {
            topicId.add(0, row.keep(lastTopicId, 0, lastTopicId.length));
        }
        if (partition != null) {
            partition.add(0, source.partition());
        }
        if (offset != null) {
            offset.add(0, recordOffset);
        }
        if (timestamp != null) {
            fillTimestamp(timestamp, timestampMillis);
        }
    }

    private void fillTimestamp(ColumnEntries column, long timestampMillis) {
        if (timestampMillis == RecordConsumer.NO_TIMESTAMP) {
            if (requiresTimestamp) {
                throw new BadRecordException(
                        SourceColumns.TIMESTAMP + ": the record has no timestamp in Kafka, and the column is required",
                        -1);
            }
            column.addNull(0, 0);
            return;
        }
        if (timestampMillis > Long.MAX_VALUE / 1000 || timestampMillis < Long.MIN_VALUE / 1000) {
            throw new BadRecordException(SourceColumns.TIMESTAMP + ": " + timestampMillis + " is out of range", -1);
        }
        column.add(0, timestampMillis * 1000);
    }

    private static @Nullable ColumnEntries entries(Row row, String name, Type expected) {
        Schema schema = row.layout().schema();
        Types.NestedField field = schema.asStruct().field(name);
        if (field == null) {
            return null;
        }
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
