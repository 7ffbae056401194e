package io.firn.compaction.merge;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.fold.Sources.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/**
 * What is staged and not merged: the difference of two ledgers, and the live files of staging that can hold such rows.
 * No history is needed, so whatever expires, rolls back or rewrites staging does no harm.
 */
final class MergePlanner {
    /** An expression with more partitions than that costs more than the files it leaves out. */
    private static final int MOST_RANGES_IN_FILTER = 100;

    private final Table staging;
    private final String pipeline;

    MergePlanner(Table staging, String pipeline) {
        this.staging = staging;
        this.pipeline = pipeline;
    }

    /**
     * The next commit's work, as of the staging table's head.
     *
     * @param merged the keyed table's ledger
     * @param mostRows records to take in at most, roughly; cut by offsets in proportion
     * @return empty where there is nothing to merge
     */
    Optional<MergePlan> plan(Ledger merged, long mostRows) {
        Snapshot head = staging.currentSnapshot();
        if (head == null) {
            return Optional.empty();
        }
        LedgerState state = LedgerReader.read(staging);
        Ledger staged = state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(staging.name(), unknown);
        });
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        List<StagedRange> ranges = new ArrayList<>();
        boolean complete = addSteps(staged, merged, mostRows, steps, ranges);
        addEarlierIncarnations(staged, merged, ranges);
        if (steps.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new MergePlan(head.snapshotId(), complete, steps, ranges, files(head, ranges)));
    }

    private boolean addSteps(
            Ledger staged,
            Ledger merged,
            long mostRows,
            TreeMap<SourcePartition, PartitionStep> steps,
            List<StagedRange> ranges) {
        long waiting = 0;
        for (Map.Entry<SourcePartition, PartitionEntry> each :
                staged.partitions(pipeline).entrySet()) {
            waiting += Math.max(0, each.getValue().next() - from(merged, each));
        }
        boolean complete = waiting <= mostRows;
        for (Map.Entry<SourcePartition, PartitionEntry> each :
                staged.partitions(pipeline).entrySet()) {
            SourcePartition partition = each.getKey();
            long from = from(merged, each);
            long all = each.getValue().next() - from;
            long taken = complete ? all : Math.min(all, (long) Math.ceil((double) all * mostRows / waiting));
            OptionalLong known = merged.next(pipeline, partition);
            if (taken <= 0 && known.isPresent()) {
                continue;
            }
            OffsetRange range = new OffsetRange(from, from + Math.max(0, taken));
            OptionalLong until = taken == all ? each.getValue().until() : OptionalLong.empty();
            steps.put(partition, new PartitionStep(known, range, until, List.of(), new TreeMap<>()));
            if (!range.isEmpty()) {
                ranges.add(new StagedRange(source(partition), range));
                if (hasIncarnations()) {
                    // Rows of before the column was added: they can only be of the incarnation that is known.
                    ranges.add(new StagedRange(new Source(partition.topic(), "", partition.partition()), range));
                }
            }
        }
        return complete;
    }

    /** What was staged of a topic that was then created again; its ledger entry says no end, because none follows. */
    private void addEarlierIncarnations(Ledger staged, Ledger merged, List<StagedRange> ranges) {
        if (!hasIncarnations()) {
            return;
        }
        merged.partitions(pipeline).forEach((partition, entry) -> {
            boolean replaced = staged.topicId(pipeline, partition.topic())
                    .filter(id -> !id.equals(partition.topicId()))
                    .isPresent();
            if (replaced) {
                ranges.add(new StagedRange(source(partition), new OffsetRange(entry.next(), Long.MAX_VALUE)));
            }
        });
    }

    /** Where a partition that the keyed table does not know begins is where staging began to cover it. */
    private long from(Ledger merged, Map.Entry<SourcePartition, PartitionEntry> staged) {
        return merged.next(pipeline, staged.getKey()).orElse(staged.getValue().start());
    }

    private boolean hasIncarnations() {
        return staging.schema().findField(UpsertColumns.TOPIC_ID) != null;
    }

    private Source source(SourcePartition partition) {
        return new Source(partition.topic(), hasIncarnations() ? partition.topicId() : "", partition.partition());
    }

    private List<FileScanTask> files(Snapshot snapshot, List<StagedRange> ranges) {
        if (ranges.isEmpty()) {
            return List.of();
        }
        List<FileScanTask> files = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = staging.newScan()
                .useSnapshot(snapshot.snapshotId())
                .filter(filter(ranges))
                .planFiles()) {
            tasks.forEach(files::add);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the manifests of " + staging.name(), e);
        }
        // Later records come in later files, mostly: so a key's records meet soon, and the order is the same each time.
        files.sort(java.util.Comparator.comparing(
                        (FileScanTask task) -> task.file().fileSequenceNumber(),
                        java.util.Comparator.nullsFirst(java.util.Comparator.naturalOrder()))
                .thenComparing(task -> task.file().location()));
        return files;
    }

    /** Leaves out files by their bounds; what comes all the same is left out row by row. */
    static Expression filter(List<StagedRange> ranges) {
        if (ranges.size() > MOST_RANGES_IN_FILTER) {
            return Expressions.alwaysTrue();
        }
        Expression any = Expressions.alwaysFalse();
        for (StagedRange range : ranges) {
            any = Expressions.or(
                    any,
                    Expressions.and(
                            Expressions.equal(
                                    SourceColumns.TOPIC, range.source().topic()),
                            Expressions.equal(
                                    SourceColumns.PARTITION, range.source().partition()),
                            Expressions.greaterThanOrEqual(
                                    SourceColumns.OFFSET, range.offsets().start()),
                            Expressions.lessThan(
                                    SourceColumns.OFFSET, range.offsets().end())));
        }
        return any;
    }
}
