package io.firn.compaction.merge;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Incarnation;
import io.firn.compaction.Incarnation.Standing;
import io.firn.compaction.fold.Sources.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/**
 * What is staged and not merged: the difference of two ledgers, and the live files of staging that can hold such rows;
 * and what backfills staged once more. No history is needed, so whatever expires, rolls back or rewrites staging does
 * no harm.
 */
final class MergePlanner {
    /** An expression with more partitions than that costs more than the files it leaves out. */
    private static final int MOST_RANGES_IN_FILTER = 200;

    /** Where a step may end. */
    enum Cut {
        ANYWHERE,
        /** Where a commit to staging ended of which the count of rows is known. */
        AT_COUNTS
    }

    private final Table staging;
    private final Table keyed;
    private final String pipeline;
    private final boolean isVersioned;

    /** @param tables as they are, not refreshed */
    MergePlanner(UpsertTables tables, String pipeline) {
        this.staging = tables.staging();
        this.keyed = tables.keyed();
        this.pipeline = pipeline;
        this.isVersioned = tables.layout().orderBy().isPresent();
    }

    /**
     * The next commit's work, as of the staging table's head.
     *
     * @param keyedLedger the keyed table's ledger
     * @param mostRows records to take in at most, roughly; cut by offsets in proportion
     * @param cut where a step may end that does not take in everything
     * @return empty where there is nothing to merge
     */
    Optional<MergePlan> plan(Ledger keyedLedger, long mostRows, Cut cut) {
        Snapshot head = staging.currentSnapshot();
        if (head == null) {
            return Optional.empty();
        }
        LedgerState state = LedgerReader.read(staging);
        Ledger staged = state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(staging.name(), unknown);
        });
        LedgerClaim claim = renamed(staged, keyedLedger);
        Ledger merged = claim.applied(pipeline, keyedLedger);
        List<Incarnation> next = new ArrayList<>();
        boolean last = true;
        for (String topic : Incarnation.topics(staged, pipeline)) {
            List<Incarnation> all = Incarnation.of(staged, merged, pipeline, topic);
            Incarnation chosen = next(all, merged);
            if (chosen.standing() != Standing.MERGED) {
                next.add(chosen);
            }
            last &= chosen.equals(all.get(all.size() - 1));
        }
        long waiting = next.stream()
                .mapToLong(incarnation -> incarnation.waiting(merged, pipeline))
                .sum();
        RestagedPlanner restaging = new RestagedPlanner(staging, keyed, pipeline, merged);
        waiting += restaging.waiting();
        double share = waiting <= mostRows ? 1 : (double) mostRows / waiting;
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        TreeMap<SourcePartition, StepClaim> claims = new TreeMap<>();
        List<StagedRange> ranges = new ArrayList<>();
        StagedCounts counts = counts(next, merged);
        for (Incarnation incarnation : next) {
            steps.putAll(steps(incarnation, merged, new Portion(share, cut, counts)));
        }
        for (Incarnation incarnation : next) {
            incarnation.partitions().forEach((partition, entry) -> {
                PartitionStep step = steps.get(partition);
                if (step != null && !step.range().isEmpty()) {
                    claims.put(partition, counts.claim(partition, entry, step.range()));
                    addRanges(partition, step.range(), staged, ranges);
                }
            });
        }
        Restaged restaged = restaging.plan(
                share,
                merged,
                (range, into) -> addRanges(range.getKey(), range.getValue(), staged, into),
                known -> files(head, known),
                isVersioned);
        if (steps.isEmpty() && restaged.isEmpty() && claim.renamedFrom().isEmpty()) {
            return Optional.empty();
        }
        boolean complete = last && share == 1;
        MergePlan plan = new MergePlan(head.snapshotId(), complete, steps, claims, ranges, restaged, claim, List.of());
        return Optional.of(plan.reading(files(head, plan.all())));
    }

    /**
     * Finds out whether the pipeline was renamed: ingestion moves the ledger of the staging table, and the merge follows.
     * It was, if the keyed table knows the pipeline's topics by one name that staging does not know any more.
     */
    private LedgerClaim renamed(Ledger staged, Ledger keyedLedger) {
        if (keyedLedger.knows(pipeline)) {
            return LedgerClaim.NONE;
        }
        TreeSet<String> earlier = new TreeSet<>();
        for (String topic : Incarnation.topics(staged, pipeline)) {
            earlier.addAll(keyedLedger.otherReaders(pipeline, topic));
        }
        earlier.removeIf(staged::knows);
        return earlier.size() == 1 ? LedgerClaim.renamedFrom(earlier.first()) : LedgerClaim.NONE;
    }

    /**
     * The oldest that is not merged, else the last: the keyed table's ledger holds one a topic. None is left out, even
     * one without records, or a rollback of staging could show one that the keyed table does not know to lie behind it.
     */
    private Incarnation next(List<Incarnation> all, Ledger merged) {
        return all.stream()
                .filter(incarnation ->
                        incarnation.standing() == Standing.WAITING || incarnation.waiting(merged, pipeline) > 0)
                .findFirst()
                .orElse(all.get(all.size() - 1));
    }

    private StagedCounts counts(List<Incarnation> next, Ledger merged) {
        StagedCounts counts = new StagedCounts(staging, pipeline, merged);
        TreeMap<SourcePartition, Long> from = new TreeMap<>();
        for (Incarnation incarnation : next) {
            incarnation.partitions().entrySet().forEach(each -> {
                long start = Incarnation.from(merged, pipeline, each);
                if (start < each.getValue().next()) {
                    from.put(each.getKey(), start);
                }
            });
        }
        counts.readHistory(from);
        return counts;
    }

    /** How much of what is waiting a plan takes in. */
    private record Portion(double share, Cut cut, StagedCounts counts) {
        long of(SourcePartition partition, long from, long all) {
            if (share == 1) {
                return all;
            }
            long taken = Math.min(all, (long) Math.ceil(all * share));
            return cut == Cut.ANYWHERE ? taken : counts.nextKnown(partition, from + taken, from + all) - from;
        }
    }

    private TreeMap<SourcePartition, PartitionStep> steps(Incarnation incarnation, Ledger merged, Portion portion) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (Map.Entry<SourcePartition, PartitionEntry> each :
                incarnation.partitions().entrySet()) {
            SourcePartition partition = each.getKey();
            long from = Incarnation.from(merged, pipeline, each);
            long all = each.getValue().next() - from;
            long taken = portion.of(partition, from, all);
            OptionalLong known = merged.next(pipeline, partition);
            if (taken <= 0 && known.isPresent()) {
                continue;
            }
            OffsetRange range = new OffsetRange(from, from + Math.max(0, taken));
            OptionalLong until = taken == all ? each.getValue().until() : OptionalLong.empty();
            Optional<String> replaced =
                    merged.topicId(pipeline, partition.topic()).filter(id -> !id.equals(partition.topicId()));
            PartitionStep step = new PartitionStep(known, range, until, List.of(), new TreeMap<>(), replaced);
            steps.put(
                    partition,
                    range.isEmpty() ? step.with(StepRows.total(each.getValue().rows())) : step);
        }
        return steps;
    }

    private void addRanges(SourcePartition partition, OffsetRange range, Ledger staged, List<StagedRange> ranges) {
        if (hasIncarnations()) {
            ranges.add(
                    new StagedRange(new Source(partition.topic(), partition.topicId(), partition.partition()), range));
        }
        SourcePartition oldest =
                staged.incarnations(pipeline, partition.topic()).get(0).firstKey();
        if (oldest.topicId().equals(partition.topicId())) {
            // Rows of before the column was added.
            ranges.add(new StagedRange(new Source(partition.topic(), "", partition.partition()), range));
        }
    }

    private boolean hasIncarnations() {
        return staging.schema().findField(UpsertColumns.TOPIC_ID) != null;
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
        Set<StagedRange> known = new HashSet<>();
        for (StagedRange range : ranges) {
            Source source = range.source();
            if (!known.add(new StagedRange(new Source(source.topic(), "", source.partition()), range.offsets()))) {
                continue;
            }
            any = Expressions.or(
                    any,
                    Expressions.and(
                            Expressions.equal(SourceColumns.TOPIC, source.topic()),
                            Expressions.equal(SourceColumns.PARTITION, source.partition()),
                            Expressions.greaterThanOrEqual(
                                    SourceColumns.OFFSET, range.offsets().start()),
                            Expressions.lessThan(
                                    SourceColumns.OFFSET, range.offsets().end())));
        }
        return any;
    }
}
