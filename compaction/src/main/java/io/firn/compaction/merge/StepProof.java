package io.firn.compaction.merge;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.RowCount;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.Sources.Source;
import io.firn.compaction.merge.StepClaim.Evidence;
import io.firn.compaction.merge.StepClaim.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Proves that staging holds every record of a step: collects the offsets that were read and compares them with what the
 * plan claims. An offset without a row counts as absent from Kafka only if the appends counted so many rows less.
 */
final class StepProof {
    private static final String CATALOG = Catalogs.DEFAULT_NAME + ".";
    private static final int MAX_SPANS_IN_MESSAGE = 5;

    private final MergePlan plan;
    private final String pipeline;
    private final String table;
    private final List<AcceptedSpan> accepted;
    private final SortedMap<SourcePartition, OffsetPages> found = new TreeMap<>();
    private final Map<Integer, OffsetPages> bySource = new HashMap<>();
    private Optional<UnstagedRecords> unstaged = Optional.empty();

    /**
     * @param sources numbers the sources of the plan's ranges
     * @param table name of the keyed table
     */
    StepProof(MergePlan plan, Sources sources, String pipeline, String table, List<AcceptedSpan> accepted) {
        this.plan = plan;
        this.pipeline = pipeline;
        // As the command line names it, without the catalog.
        this.table = table.startsWith(CATALOG) ? table.substring(CATALOG.length()) : table;
        this.accepted = accepted;
        plan.claims().keySet().forEach(partition -> found.put(partition, new OffsetPages()));
        for (StagedRange range : plan.ranges()) {
            Source source = range.source();
            // A plan has one incarnation of a topic, and rows without the topic's ID are of that one.
            found.forEach((partition, offsets) -> {
                if (partition.topic().equals(source.topic()) && partition.partition() == source.partition()) {
                    bySource.put(sources.number(source), offsets);
                }
            });
        }
    }

    /** Takes note of a row of the step. */
    void add(int source, long offset) {
        OffsetPages offsets = bySource.get(source);
        if (offsets != null) {
            offsets.add(offset);
        }
    }

    /**
     * What the proof came to.
     *
     * @param steps of the keyed table's ledger, with the count of rows at their ends
     * @param unproven offsets without a row that no count tells about: written by a Firn that did not count
     */
    record Proven(SortedMap<SourcePartition, PartitionStep> steps, long unproven) {}

    /**
     * Checks all partitions once every row was added.
     *
     * @return empty if the step was cut inside of a commit and lacks offsets, so that nothing can be told of it
     * @throws FirnException {@code staged-rows-missing}
     */
    Optional<Proven> check() {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>(plan.steps());
        List<String> missing = new ArrayList<>();
        TreeMap<SourcePartition, List<OffsetRange>> spans = new TreeMap<>();
        long unproven = 0;
        for (Map.Entry<SourcePartition, StepClaim> each : plan.claims().entrySet()) {
            SourcePartition partition = each.getKey();
            OffsetPages offsets = found.getOrDefault(partition, new OffsetPages());
            List<OffsetRange> goesWithout = new ArrayList<>();
            for (Part part : each.getValue().parts()) {
                List<OffsetRange> absent = offsets.absent(part.span());
                if (absent.isEmpty()) {
                    continue;
                }
                if (part.evidence() == Evidence.CUT) {
                    return Optional.empty();
                }
                List<OffsetRange> left = withoutAccepted(partition, absent);
                long offsetsAccepted = OffsetPages.size(absent) - OffsetPages.size(left);
                goesWithout.addAll(less(absent, left));
                if (part.evidence() == Evidence.UNKNOWN) {
                    unproven += OffsetPages.size(left);
                    continue;
                }
                long lacking = part.rows().orElseThrow() - offsets.count(part.span()) - offsetsAccepted;
                List<OffsetRange> unread = less(left, each.getValue().read());
                if (lacking > 0 && !unread.isEmpty()) {
                    missing.add(text(partition, part, lacking, unread));
                    spans.computeIfAbsent(partition, any -> new ArrayList<>()).addAll(unread);
                }
            }
            PartitionStep step = plan.steps().get(partition);
            if (step != null) {
                steps.put(
                        partition,
                        step.with(StepRows.total(count(each.getValue(), step.range(), offsets)))
                                .withGaps(goesWithout));
            }
        }
        if (!missing.isEmpty()) {
            unstaged = Optional.of(new UnstagedRecords(refusal(missing, spans), spans));
            throw unstaged.get().refusal();
        }
        return Optional.of(new Proven(steps, unproven));
    }

    /** The count at the step's end; without one, that at its start and the rows in between, all of which were found. */
    private static Optional<RowCount> count(StepClaim claim, OffsetRange range, OffsetPages offsets) {
        boolean isCut = claim.parts().stream().anyMatch(part -> part.evidence() == Evidence.CUT);
        if (claim.after().isPresent() || !isCut) {
            return claim.after();
        }
        return claim.before().map(count -> new RowCount(count.from(), count.rows() + offsets.count(range)));
    }

    private List<OffsetRange> withoutAccepted(SourcePartition partition, List<OffsetRange> absent) {
        List<OffsetRange> left = absent;
        for (AcceptedSpan span : accepted) {
            if (span.isOf(partition.topic(), partition.partition())) {
                left = StagedCounts.without(left, span.offsets());
            }
        }
        return left;
    }

    private static List<OffsetRange> less(List<OffsetRange> all, List<OffsetRange> taken) {
        List<OffsetRange> left = all;
        for (OffsetRange span : taken) {
            left = StagedCounts.without(left, span);
        }
        return left;
    }

    private static String text(SourcePartition partition, Part part, long lacking, List<OffsetRange> absent) {
        List<OffsetRange> shown = absent.subList(0, Math.min(MAX_SPANS_IN_MESSAGE, absent.size()));
        return partition.topic() + "-" + partition.partition() + " in " + part.span() + ": " + lacking + " of "
                + part.rows().orElse(0) + " records, without a row are " + shown
                + (shown.size() < absent.size() ? " and " + (absent.size() - shown.size()) + " more spans" : "");
    }

    /** What {@link #check} has found to be missing. */
    Optional<UnstagedRecords> unstaged() {
        return unstaged;
    }

    private FirnException refusal(List<String> missing, SortedMap<SourcePartition, List<OffsetRange>> spans) {
        Map.Entry<SourcePartition, List<OffsetRange>> first =
                spans.entrySet().iterator().next();
        SourcePartition partition = first.getKey();
        List<OffsetRange> lacking = first.getValue();
        OffsetRange span = new OffsetRange(
                lacking.get(0).start(), lacking.get(lacking.size() - 1).end());
        return FirnException.user(
                "staged-rows-missing",
                "records that are not merged are no longer in the staging table, so nothing is merged",
                "table " + table + "_staging; " + String.join("; ", missing),
                "if Kafka still holds them, read them again: 'firn backfill start " + pipeline + " --mode missing"
                        + " --topic " + partition.topic() + " --partitions " + partition.partition() + " --from "
                        + span.start() + " --to " + span.end()
                        + "'; to go on without them for good: 'firn compact " + table
                        + " --job merge --accept-missing " + partition.topic() + "-" + partition.partition() + ":"
                        + span.start() + "-" + span.end() + "'");
    }
}
