package io.firn.catalog.ledger;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the ledger holds for one partition.
 *
 * @param start the offset at which the table began to cover the partition, inclusive
 * @param next the next offset to consume: everything in {@code [start, next)} but the gaps took effect
 * @param until milliseconds since the epoch up to which the partition is complete, if known; never goes back
 * @param gaps spans below {@code next} that Kafka no longer held and that the configuration allowed to skip, ascending
 * @param rows how many records became rows; of a keyed table: how many had become rows of staging at {@code next};
 *     empty if the last commit did not count
 */
public record PartitionEntry(
        long start, long next, OptionalLong until, List<OffsetRange> gaps, Optional<RowCount> rows) {
    public PartitionEntry {
        if (start < 0 || next < start) {
            throw new IllegalArgumentException("next offset " + next + " lies before the start " + start);
        }
        gaps = List.copyOf(gaps);
    }

    /** An entry without a count of rows. */
    public PartitionEntry(long start, long next, OptionalLong until, List<OffsetRange> gaps) {
        this(start, next, until, gaps, Optional.empty());
    }

    /** A partition of which nothing was consumed yet. */
    public static PartitionEntry startingAt(long offset) {
        return new PartitionEntry(offset, offset, OptionalLong.empty(), List.of());
    }
}
