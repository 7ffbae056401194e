package io.firn.catalog.commit;

import io.firn.catalog.ledger.OffsetRange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far one commit takes one partition.
 *
 * @param expectedNext what the ledger must say for the partition when the commit takes effect; empty: the ledger must
 *     not hold the partition yet (its start is being written down)
 * @param range what the commit adds, half-open; begins at {@code expectedNext}, or, when a gap is recorded, after it;
 *     empty for a start position or a heartbeat
 * @param until milliseconds since the epoch up to which the partition is complete with this commit, if known
 * @param gaps spans between {@code expectedNext} and the range's start that Kafka no longer held, to be recorded
 * @param skipped records in the range that became no row, by reason (as {@code null-value}); ascending by reason
 * @param replacedTopicId of a start: the id of the topic's earlier incarnation that the ledger must still hold; empty:
 *     it must hold none. A start decided before the topic was created again must not put the earlier one back
 * @param rows how many records of the range became rows
 */
public record PartitionStep(
        OptionalLong expectedNext,
        OffsetRange range,
        OptionalLong until,
        List<OffsetRange> gaps,
        java.util.SortedMap<String, Long> skipped,
        Optional<String> replacedTopicId,
        StepRows rows) {
    public PartitionStep {
        gaps = List.copyOf(gaps);
        skipped = java.util.Collections.unmodifiableSortedMap(new java.util.TreeMap<>(skipped));
        long from = expectedNext.orElse(range.start());
        if (range.start() < from || (range.start() > from && gaps.isEmpty())) {
            throw new IllegalArgumentException("range " + range + " does not follow on from " + from);
        }
    }

    /** A step that replaces no incarnation. */
    public PartitionStep(
            OptionalLong expectedNext,
            OffsetRange range,
            OptionalLong until,
            List<OffsetRange> gaps,
            java.util.SortedMap<String, Long> skipped) {
        this(expectedNext, range, until, gaps, skipped, Optional.empty());
    }

    /** A step of which nobody counted the rows. */
    public PartitionStep(
            OptionalLong expectedNext,
            OffsetRange range,
            OptionalLong until,
            List<OffsetRange> gaps,
            java.util.SortedMap<String, Long> skipped,
            Optional<String> replacedTopicId) {
        this(expectedNext, range, until, gaps, skipped, replacedTopicId, StepRows.NOT_COUNTED);
    }

    /** This step with a count of its rows. */
    public PartitionStep with(StepRows counted) {
        return new PartitionStep(expectedNext, range, until, gaps, skipped, replacedTopicId, counted);
    }

    /** This step with spans that are recorded as gaps, beside those that it has. */
    public PartitionStep withGaps(List<OffsetRange> more) {
        java.util.ArrayList<OffsetRange> all = new java.util.ArrayList<>(gaps);
        all.addAll(more);
        return new PartitionStep(expectedNext, range, until, all, skipped, replacedTopicId, rows);
    }

    /** Writes down where consumption begins; the ledger must know neither the partition nor its topic. */
    public static PartitionStep start(long offset) {
        return start(offset, Optional.empty());
    }

    /** Writes down where consumption begins, of a topic that may take an earlier incarnation's place. */
    public static PartitionStep start(long offset, Optional<String> replacedTopicId) {
        return new PartitionStep(
                OptionalLong.empty(),
                new OffsetRange(offset, offset),
                OptionalLong.empty(),
                List.of(),
                new java.util.TreeMap<>(),
                replacedTopicId,
                StepRows.added(0));
    }

    /** Adds a span without gaps. */
    public static PartitionStep advance(OffsetRange range, OptionalLong until) {
        return new PartitionStep(OptionalLong.of(range.start()), range, until, List.of(), new java.util.TreeMap<>());
    }
}
