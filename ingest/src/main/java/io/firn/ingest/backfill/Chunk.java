package io.firn.ingest.backfill;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.ledger.OffsetRange;
import java.time.Instant;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.jspecify.annotations.Nullable;

/** What is read at a time, until it is committed or dropped. */
final class Chunk {
    final UUID id;
    final SortedMap<Integer, OffsetRange> spans;
    /** Offsets that have a new row. */
    final ChunkOffsets written;
    /** Offsets that the table has a row of; only where those stay. */
    final ChunkOffsets present;

    final @Nullable Snapshot lookedAt;
    final Instant began;
    long records;
    long added;
    long kept;
    long nulls;
    boolean isRead;
    /** Where reading ended, by partition. */
    SortedMap<Integer, Long> reached = new TreeMap<>();

    /** @param lookedAt the snapshot that {@link #present} is of; null where nothing was looked at */
    Chunk(UUID id, SortedMap<Integer, OffsetRange> spans, @Nullable Snapshot lookedAt, Instant began) {
        this.id = id;
        this.spans = spans;
        this.written = new ChunkOffsets(spans);
        this.present = new ChunkOffsets(spans);
        this.lookedAt = lookedAt;
        this.began = began;
    }

    /**
     * Of each partition a part of what is left, in proportion, so that all get to their ends together: then old files,
     * which hold rows of several partitions of one time, are replaced as a whole.
     *
     * @param upTo by partition, where live ingestion begins
     */
    static SortedMap<Integer, OffsetRange> next(BackfillState state, SortedMap<Integer, Long> upTo, long mostOffsets) {
        TreeMap<Integer, OffsetRange> left = new TreeMap<>();
        long total = 0;
        for (int partition : state.task().spans().keySet()) {
            OffsetRange all = state.left(partition);
            long end = Math.max(all.start(), Math.min(all.end(), upTo.getOrDefault(partition, 0L)));
            if (end > all.start()) {
                left.put(partition, new OffsetRange(all.start(), end));
                total += end - all.start();
            }
        }
        long sum = total;
        left.replaceAll((partition, all) -> {
            long size = all.end() - all.start();
            long taken = sum <= mostOffsets ? size : (long) Math.ceil((double) size * mostOffsets / sum);
            return new OffsetRange(all.start(), all.start() + Math.min(size, Math.max(1, taken)));
        });
        return left;
    }

    /** The part of the spans that was read. */
    SortedMap<Integer, OffsetRange> done() {
        TreeMap<Integer, OffsetRange> done = new TreeMap<>();
        reached.forEach((partition, end) -> {
            OffsetRange span = spans.get(partition);
            if (span != null && end > span.start()) {
                done.put(partition, new OffsetRange(span.start(), end));
            }
        });
        return done;
    }
}
