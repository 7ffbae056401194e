package io.firn.catalog.commit;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.RowCount;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a step says about the number of rows of its partition.
 *
 * @param added rows that the step's range has in the commit's files; empty if nobody counted
 * @param total count after the step, which replaces the ledger's; empty if {@code added} is to be added to it
 */
public record StepRows(OptionalLong added, Optional<RowCount> total) {
    public static final StepRows NOT_COUNTED = new StepRows(OptionalLong.empty(), Optional.empty());

    /** Rows of the step's own range. */
    public static StepRows added(long rows) {
        return new StepRows(OptionalLong.of(rows), Optional.empty());
    }

    /** The whole count, as another table has it at the step's end. */
    public static StepRows total(Optional<RowCount> count) {
        return count.isEmpty() ? NOT_COUNTED : new StepRows(OptionalLong.empty(), count);
    }

    /**
     * Returns the count after the step.
     *
     * @param before the ledger's entry before the step
     */
    Optional<RowCount> after(Optional<PartitionEntry> before, OffsetRange range) {
        if (total.isPresent()) {
            return total;
        }
        Optional<RowCount> known = before.flatMap(PartitionEntry::rows);
        if (added.isEmpty()) {
            return range.isEmpty() ? known : Optional.empty();
        }
        long rows = added.getAsLong();
        return Optional.of(known.map(count -> new RowCount(count.from(), count.rows() + rows))
                .orElseGet(() -> new RowCount(range.start(), rows)));
    }
}
