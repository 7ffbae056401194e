package io.firn.compaction.expire;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a staging table hold nothing that is still to be merged. Pure, and careful: a file of which bounds are
 * missing, or that may hold rows of a partition that the keyed table does not know yet, is not one of them.
 */
final class MergedFiles {
    private final Schema schema;
    private final Ledger staging;
    private final Ledger keyed;

    MergedFiles(Schema schema, Ledger staging, Ledger keyed) {
        this.schema = schema;
        this.staging = staging;
        this.keyed = keyed;
    }

    /** Whether the keyed table has taken the effect of every row that can be in the file. */
    boolean isMerged(DataFile file) {
        Bounds<CharSequence> topics = bounds(file, SourceColumns.TOPIC);
        Bounds<Integer> partitions = bounds(file, SourceColumns.PARTITION);
        Bounds<Long> offsets = bounds(file, SourceColumns.OFFSET);
        if (topics == null || partitions == null || offsets == null) {
            return false;
        }
        boolean known = false;
        for (String pipeline : staging.pipelines().keySet()) {
            for (SourcePartition partition : staging.partitions(pipeline).keySet()) {
                if (!holds(topics, partitions, partition)) {
                    continue;
                }
                known = true;
                Optional<PartitionEntry> merged = keyed.entry(pipeline, partition);
                if (merged.isEmpty()
                        || offsets.lower() < merged.get().start()
                        || offsets.upper() >= merged.get().next()) {
                    return false;
                }
            }
        }
        return known;
    }

    private static boolean holds(Bounds<CharSequence> topics, Bounds<Integer> partitions, SourcePartition partition) {
        return topics.lower().toString().compareTo(partition.topic()) <= 0
                && topics.upper().toString().compareTo(partition.topic()) >= 0
                && partitions.lower() <= partition.partition()
                && partitions.upper() >= partition.partition();
    }

    /** Null where nothing is known, or where the column has nulls: rows that no pipeline wrote. */
    @SuppressWarnings("unchecked") // the type of a source column is fixed
    private <T> @Nullable Bounds<T> bounds(DataFile file, String column) {
        NestedField field = schema.findField(column);
        Map<Integer, ByteBuffer> lower = file.lowerBounds();
        Map<Integer, ByteBuffer> upper = file.upperBounds();
        Map<Integer, Long> nulls = file.nullValueCounts();
        if (field == null || lower == null || upper == null || nulls == null) {
            return null;
        }
        ByteBuffer least = lower.get(field.fieldId());
        ByteBuffer most = upper.get(field.fieldId());
        Long missing = nulls.get(field.fieldId());
        if (least == null || most == null || missing == null || missing > 0) {
            return null;
        }
        T from = (T) Conversions.fromByteBuffer(field.type(), least);
        T to = (T) Conversions.fromByteBuffer(field.type(), most);
        return new Bounds<>(from, to);
    }

    private record Bounds<T>(T lower, T upper) {}
}
