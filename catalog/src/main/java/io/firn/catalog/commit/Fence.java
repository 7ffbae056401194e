package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Whether a commit follows on from a ledger. Pure. */
final class Fence {
    private Fence() {}

    /** The partitions for which the ledger does not say what the commit expects; empty: it may go ahead. */
    static SortedSet<SourcePartition> misfits(TableCommit commit, Ledger before, Set<Safeguard> safeguards) {
        Ledger ledger = commit.claim().applied(commit.pipeline(), before);
        TreeSet<SourcePartition> misfits = new TreeSet<>();
        if (!safeguards.contains(Safeguard.FENCE)) {
            return misfits;
        }
        commit.steps().forEach((partition, step) -> {
            OptionalLong next = ledger.next(commit.pipeline(), partition);
            boolean fits = safeguards.contains(Safeguard.START_CHECK)
                    ? next.equals(step.expectedNext()) && (next.isPresent() || follows(commit, partition, step, ledger))
                    : endsPast(next, step);
            if (next.isEmpty() && safeguards.contains(Safeguard.ONE_READER)) {
                fits &= commit.claim()
                        .intruders(commit.pipeline(), partition.topic(), ledger)
                        .isEmpty();
            }
            if (!fits) {
                misfits.add(partition);
            }
        });
        return Collections.unmodifiableSortedSet(misfits);
    }

    /** Whether the ledger still holds the incarnation of the topic that a start is to replace, or this one already. */
    private static boolean follows(TableCommit commit, SourcePartition partition, PartitionStep step, Ledger ledger) {
        Optional<String> known = ledger.topicId(commit.pipeline(), partition.topic());
        return known.equals(step.replacedTopicId()) || known.equals(Optional.of(partition.topicId()));
    }

    private static boolean endsPast(OptionalLong next, PartitionStep step) {
        return next.isEmpty()
                || step.range().end() > next.getAsLong()
                || (step.range().isEmpty() && step.range().end() == next.getAsLong());
    }
}
