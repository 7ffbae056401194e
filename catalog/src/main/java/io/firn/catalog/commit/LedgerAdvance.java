package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The ledger and the watermark after a commit. Pure. */
final class LedgerAdvance {
    private LedgerAdvance() {}

    static Ledger after(TableCommit commit, Ledger before, Set<Safeguard> safeguards) {
        TreeMap<SourcePartition, PartitionEntry> entries = new TreeMap<>();
        commit.steps()
                .forEach((partition, step) ->
                        entries.put(partition, advance(before.entry(commit.pipeline(), partition), step)));
        Ledger carried = safeguards.contains(Safeguard.CARRY_FORWARD) ? before : Ledger.empty();
        return carried.with(commit.pipeline(), entries);
    }

    /** The least of what the partitions are complete up to, once all say so; never before {@code previous}. */
    static Optional<Instant> watermark(Ledger ledger, Optional<Instant> previous) {
        long least = Long.MAX_VALUE;
        for (SortedMap<SourcePartition, PartitionEntry> partitions :
                ledger.pipelines().values()) {
            for (PartitionEntry entry : partitions.values()) {
                if (entry.until().isEmpty()) {
                    return previous;
                }
                least = Math.min(least, entry.until().getAsLong());
            }
        }
        if (least == Long.MAX_VALUE) {
            return previous;
        }
        Instant now = Instant.ofEpochMilli(least);
        return previous.isPresent() && previous.get().isAfter(now) ? previous : Optional.of(now);
    }

    private static PartitionEntry advance(Optional<PartitionEntry> before, PartitionStep step) {
        long end = step.range().end();
        long start = before.map(PartitionEntry::start).orElse(step.range().start());
        OptionalLong until = step.until();
        List<OffsetRange> gaps = new ArrayList<>();
        if (before.isPresent()) {
            gaps.addAll(before.get().gaps());
            OptionalLong known = before.get().until();
            if (known.isPresent() && (until.isEmpty() || until.getAsLong() < known.getAsLong())) {
                until = known;
            }
        }
        gaps.addAll(step.gaps());
        return new PartitionEntry(
                Math.min(start, end), end, until, gaps, step.rows().after(before, step.range()));
    }
}
