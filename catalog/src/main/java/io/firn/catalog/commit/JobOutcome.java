package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.SortedSet;

/** What one attempt at a job's commit came to. */
public sealed interface JobOutcome {
    /**
     * The change is visible.
     *
     * @param snapshotId the snapshot that made it
     * @param ledger what the table knows now
     */
    record Committed(long snapshotId, Ledger ledger) implements JobOutcome {}

    /**
     * The ledger does not say what the commit expected: someone else did the work. It will never take effect; its files
     * are removed where nothing can reference them.
     *
     * @param partitions those that did not fit; empty where the commit itself had landed and was rolled back, or where
     *     the property of its swap has changed or what it claims is not there
     * @param ledger what the table says instead
     */
    record Fenced(SortedSet<SourcePartition> partitions, Ledger ledger) implements JobOutcome {}

    /**
     * The table has changed in what the job planned on: plan again on the new head. This commit will never take effect;
     * its files are removed where nothing can reference them.
     *
     * @param reason for the log, one line
     */
    record Invalid(String reason) implements JobOutcome {}

    /**
     * The table's columns or partitioning were changed and the new files do not fit it any more: plan again on the new
     * schema. This commit will never take effect; its files are removed where nothing can reference them.
     *
     * @param reason for the log, one line
     */
    record SchemaChanged(String reason) implements JobOutcome {}

    /**
     * Not decided: conflict, or an unknown outcome, or the catalog is away. Ask again with the same commit.
     *
     * @param delayMillis how long to wait before the next attempt
     * @param reason for the log, one line
     */
    record Undecided(long delayMillis, String reason) implements JobOutcome {}

    /** Who handles each case. */
    interface Cases<T> {
        T committed(Committed outcome);

        T fenced(Fenced outcome);

        T invalid(Invalid outcome);

        /** To a job it is one of the changes that make its plan invalid. */
        default T schemaChanged(SchemaChanged outcome) {
            return invalid(new Invalid(outcome.reason()));
        }

        T undecided(Undecided outcome);
    }

    /** One of five, by case. */
    default <T> T fold(Cases<T> cases) {
        if (this instanceof Committed) {
            return cases.committed((Committed) this);
        }
        if (this instanceof Fenced) {
            return cases.fenced((Fenced) this);
        }
        if (this instanceof Invalid) {
            return cases.invalid((Invalid) this);
        }
        if (this instanceof SchemaChanged) {
            return cases.schemaChanged((SchemaChanged) this);
        }
        return cases.undecided((Undecided) this);
    }
}
