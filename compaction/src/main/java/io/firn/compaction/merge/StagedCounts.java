package io.firn.compaction.merge;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.RowCount;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.merge.StepClaim.Evidence;
import io.firn.compaction.merge.StepClaim.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * How many rows staging was given, by offset: from the ledgers of its snapshots and from the keyed table's ledger, which
 * remembers the count at the offset up to which it merged.
 */
final class StagedCounts {
    private final Table staging;
    private final String pipeline;
    private final Ledger merged;
    private final List<BackfillState> backfills;
    /** By ID of a backfill whether all snapshots since its last chunk are Firn's. */
    private final Map<String, Boolean> untouched = new HashMap<>();
    /** By partition the counts that the ledgers of staging's history hold, by next offset. */
    private final Map<SourcePartition, NavigableMap<Long, RowCount>> known = new HashMap<>();

    /** @param staging as it is, not refreshed */
    StagedCounts(Table staging, String pipeline, Ledger merged) {
        this.staging = staging;
        this.pipeline = pipeline;
        this.merged = merged;
        this.backfills = Backfills.read(staging);
    }

    /** Reads the history back to where every partition is merged. */
    void readHistory(Map<SourcePartition, Long> from) {
        Snapshot head = staging.currentSnapshot();
        if (head == null || from.isEmpty()) {
            return;
        }
        for (Snapshot each : SnapshotUtil.ancestorsOf(head.snapshotId(), staging::snapshot)) {
            String text = each.summary().get(LedgerKeys.OFFSETS);
            if (text == null) {
                continue;
            }
            Ledger ledger = LedgerCodec.read(text, "snapshot " + each.snapshotId() + " of " + staging.name());
            boolean isBehind = true;
            for (Map.Entry<SourcePartition, Long> wanted : from.entrySet()) {
                Optional<PartitionEntry> entry = ledger.known(pipeline, wanted.getKey());
                entry.flatMap(PartitionEntry::rows)
                        .ifPresent(count -> known.computeIfAbsent(wanted.getKey(), any -> new TreeMap<>())
                                .put(entry.get().next(), count));
                isBehind &= entry.map(PartitionEntry::next).orElse(0L) <= wanted.getValue();
            }
            if (isBehind) {
                return;
            }
        }
    }

    /** Returns the first offset from there on at which the count is known, at most {@code end}. */
    long nextKnown(SourcePartition partition, long offset, long end) {
        NavigableMap<Long, RowCount> counts = known.get(partition);
        Long at = counts == null ? null : counts.ceilingKey(offset);
        return at == null ? end : Math.min(at, end);
    }

    /**
     * Returns what has to be proven of a step.
     *
     * @param staged the staging table's entry
     * @param range of the step; it may begin below staging's start, where a staging table was made anew
     */
    StepClaim claim(SourcePartition partition, PartitionEntry staged, OffsetRange range) {
        List<Part> parts = new ArrayList<>();
        long covered = Math.min(range.end(), Math.max(range.start(), staged.start()));
        for (OffsetRange part : unread(partition, new OffsetRange(range.start(), covered))) {
            parts.add(Part.counted(part, part.end() - part.start()));
        }
        Optional<RowCount> last = staged.rows();
        long counting = last.map(count -> Math.max(covered, count.from())).orElse(range.end());
        counting = Math.min(range.end(), counting);
        Optional<RowCount> before = last.flatMap(count -> at(partition, staged, count.from(), range.start()));
        Optional<RowCount> from = last.isPresent() && counting == last.get().from()
                ? Optional.of(new RowCount(counting, 0))
                : counting == range.start() ? before : Optional.empty();
        if (counting < range.end() && from.isEmpty()) {
            counting = range.end();
        }
        for (OffsetRange part : unread(partition, new OffsetRange(covered, counting))) {
            parts.add(Part.of(part, Evidence.UNKNOWN));
        }
        Optional<RowCount> after = last.flatMap(count -> at(partition, staged, count.from(), range.end()));
        if (counting < range.end()) {
            OffsetRange part = new OffsetRange(counting, range.end());
            RowCount begin = from.orElseThrow();
            parts.add(after.map(end -> counted(part, begin, end)).orElseGet(() -> Part.of(part, Evidence.CUT)));
        }
        return new StepClaim(parts, before, after, read(partition, range));
    }

    private static Part counted(OffsetRange part, RowCount from, RowCount to) {
        long rows = to.rows() - from.rows();
        // A history that does not fit tells nothing: staging was rolled back and read Kafka again.
        return rows < 0 || rows > part.end() - part.start()
                ? Part.of(part, Evidence.UNKNOWN)
                : Part.counted(part, rows);
    }

    /** The count at an offset, of those that began to count at {@code begin}. */
    private Optional<RowCount> at(SourcePartition partition, PartitionEntry staged, long begin, long offset) {
        if (offset == begin) {
            return Optional.of(new RowCount(begin, 0));
        }
        if (offset == staged.next()) {
            return staged.rows();
        }
        NavigableMap<Long, RowCount> counts = known.get(partition);
        return Optional.ofNullable(counts == null ? null : counts.get(offset))
                .or(() -> merged.known(pipeline, partition)
                        .filter(entry -> entry.next() == offset)
                        .flatMap(PartitionEntry::rows))
                .filter(count -> count.from() == begin);
    }

    /** What of a span no backfill has read whole. */
    private List<OffsetRange> unread(SourcePartition partition, OffsetRange span) {
        List<OffsetRange> left = span.isEmpty() ? List.of() : List.of(span);
        for (BackfillState each : backfills) {
            OffsetRange all = each.task().spans().get(partition.partition());
            boolean isOnMain = each.task().branch().isEmpty() || each.standing().phase() == Phase.DONE;
            // One that has something to tell may have passed over offsets that Kafka no longer held.
            if (all != null
                    && isOnMain
                    && each.task().told().isEmpty()
                    && each.task().partition(partition.partition()).equals(partition)) {
                long done = each.left(partition.partition()).start();
                left = without(left, new OffsetRange(all.start(), Math.max(all.start(), done)));
            }
        }
        return left;
    }

    /**
     * What of a range a backfill has read and nobody but Firn has touched since: another engine may have deleted rows
     * that the backfill found or added.
     */
    private List<OffsetRange> read(SourcePartition partition, OffsetRange range) {
        List<OffsetRange> read = new ArrayList<>();
        for (BackfillState each : backfills) {
            OffsetRange all = each.task().spans().get(partition.partition());
            if (all != null
                    && each.standing().phase() == Phase.DONE
                    && each.task().told().isEmpty()
                    && each.task().partition(partition.partition()).equals(partition)
                    && isUntouchedSince(each)) {
                long start = Math.max(all.start(), range.start());
                long end = Math.min(all.end(), range.end());
                if (start < end) {
                    read.add(new OffsetRange(start, end));
                }
            }
        }
        return read;
    }

    private boolean isUntouchedSince(BackfillState backfill) {
        return untouched.computeIfAbsent(backfill.id(), id -> {
            Snapshot head = staging.currentSnapshot();
            if (head == null) {
                return false;
            }
            for (Snapshot each : SnapshotUtil.ancestorsOf(head.snapshotId(), staging::snapshot)) {
                String commit = each.summary().get(LedgerKeys.COMMIT_ID);
                boolean isItsLast = backfill.lastCommit().map(UUID::toString).equals(Optional.ofNullable(commit));
                boolean isBefore = backfill.lastCommit().isEmpty()
                        && each.timestampMillis()
                                < backfill.task().requestedAt().toEpochMilli();
                if (isItsLast && commit != null || isBefore) {
                    return true;
                }
                if (!each.summary().containsKey(LedgerKeys.OPERATION)) {
                    return false;
                }
            }
            return false;
        });
    }

    /** Returns the spans, ascending, without the offsets of {@code taken}. */
    static List<OffsetRange> without(List<OffsetRange> spans, OffsetRange taken) {
        if (taken.isEmpty()) {
            return spans;
        }
        List<OffsetRange> left = new ArrayList<>();
        for (OffsetRange span : spans) {
            long before = Math.min(span.end(), taken.start());
            if (span.start() < before) {
                left.add(new OffsetRange(span.start(), before));
            }
            long after = Math.max(span.start(), taken.end());
            if (after < span.end()) {
                left.add(new OffsetRange(after, span.end()));
            }
        }
        return left;
    }
}
