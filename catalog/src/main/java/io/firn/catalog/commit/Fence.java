package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Collections;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Whether a commit follows on from a ledger. Pure. */
final class Fence {
    private Fence() {}

    /** The partitions for which the ledger does not say what the commit expects; empty: it may go ahead. */
    static SortedSet<SourcePartition> misfits(TableCommit commit, Ledger ledger, Set<Safeguard> safeguards) {
        TreeSet<SourcePartition> misfits = new TreeSet<>();
        if (!safeguards.contains(Safeguard.FENCE)) {
            return misfits;
        }
        commit.steps().forEach((partition, step) -> {
            OptionalLong next = ledger.next(commit.pipeline(), partition);
            boolean fits = safeguards.contains(Safeguard.START_CHECK)
                    ? next.equals(step.expectedNext())
                    : endsPast(next, step);
            if (!fits) {
                misfits.add(partition);
            }
        });
        return Collections.unmodifiableSortedSet(misfits);
    }

    private static boolean endsPast(OptionalLong next, PartitionStep step) {
        return next.isEmpty()
                || step.range().end() > next.getAsLong()
                || (step.range().isEmpty() && step.range().end() == next.getAsLong());
    }
}
