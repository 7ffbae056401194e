package io.firn.compaction.expire;

import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.Incarnation;
import io.firn.compaction.Incarnation.Standing;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
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
    private final List<BackfillTask> again;
    /** By partition what every one of the keyed table's ledgers has merged. */
    private final Map<SourcePartition, Merged> merged = new HashMap<>();

    /**
     * @param keyed ledgers of the keyed table: of its head and of whatever it can be rolled back to
     * @param again backfills of which something is still to be merged, or may yet be staged
     */
    MergedFiles(Schema schema, Ledger staging, Collection<Ledger> keyed, List<BackfillTask> again) {
        this.schema = schema;
        this.again = List.copyOf(again);
        for (Ledger each : keyed) {
            for (String pipeline : staging.pipelines().keySet()) {
                for (String topic : Incarnation.topics(staging, pipeline)) {
                    for (Incarnation incarnation : Incarnation.of(staging, each, pipeline, topic)) {
                        incarnation
                                .partitions()
                                .keySet()
                                .forEach(partition -> merged.merge(
                                        partition,
                                        Merged.of(incarnation.standing(), each.entry(pipeline, partition)),
                                        Merged::and));
                    }
                }
            }
        }
    }

    /** Offsets that are merged, half-open; none if {@code from} is not below {@code to}. */
    private record Merged(long from, long to) {
        static Merged of(Standing standing, Optional<PartitionEntry> entry) {
            return switch (standing) {
                case MERGED -> new Merged(0, Long.MAX_VALUE);
                case BEGUN ->
                    entry.map(known -> new Merged(known.start(), known.next())).orElse(new Merged(0, 0));
                case WAITING -> new Merged(0, 0);
            };
        }

        Merged and(Merged other) {
            return new Merged(Math.max(from, other.from), Math.min(to, other.to));
        }

        boolean holds(Bounds<Long> offsets) {
            return offsets.lower() >= from && offsets.upper() < to;
        }
    }

    /** Whether every one of the keyed table's ledgers has taken the effect of every row that can be in the file. */
    boolean isMerged(DataFile file) {
        Bounds<CharSequence> topics = bounds(file, SourceColumns.TOPIC);
        Bounds<Integer> partitions = bounds(file, SourceColumns.PARTITION);
        Bounds<Long> offsets = bounds(file, SourceColumns.OFFSET);
        if (topics == null || partitions == null || offsets == null) {
            return false;
        }
        Bounds<CharSequence> ids = bounds(file, UpsertColumns.TOPIC_ID);
        if (again.stream().anyMatch(task -> isOf(task, topics, partitions, ids, offsets))) {
            return false;
        }
        boolean known = false;
        for (Map.Entry<SourcePartition, Merged> each : merged.entrySet()) {
            if (holds(topics, partitions, ids, each.getKey())) {
                known = true;
                if (!each.getValue().holds(offsets)) {
                    return false;
                }
            }
        }
        return known;
    }

    private static boolean isOf(
            BackfillTask task,
            Bounds<CharSequence> topics,
            Bounds<Integer> partitions,
            @Nullable Bounds<CharSequence> ids,
            Bounds<Long> offsets) {
        return task.spans().entrySet().stream()
                .anyMatch(span -> holds(topics, partitions, ids, task.partition(span.getKey()))
                        && offsets.lower() < span.getValue().end()
                        && offsets.upper() >= span.getValue().start());
    }

    /** @param ids null where nothing is known of them: then rows may be of any incarnation */
    private static boolean holds(
            Bounds<CharSequence> topics,
            Bounds<Integer> partitions,
            @Nullable Bounds<CharSequence> ids,
            SourcePartition partition) {
        boolean of = ids == null
                || ids.lower().toString().compareTo(partition.topicId()) <= 0
                        && ids.upper().toString().compareTo(partition.topicId()) >= 0;
        return of
                && topics.lower().toString().compareTo(partition.topic()) <= 0
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
