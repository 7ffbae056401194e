package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import java.util.SortedSet;
import java.util.function.Function;

/** How a commit ended, or that it has not ended yet. */
public sealed interface CommitOutcome {
    /**
     * Rows and offsets are visible.
     *
     * @param snapshotId the snapshot that holds them
     * @param ledger what the table knows now
     */
    record Committed(long snapshotId, Ledger ledger) implements CommitOutcome {}

    /**
     * The ledger does not say what the commit expected: someone else moved on. Nothing became visible and nothing will.
     * The committer has removed the files where it could be sure that nothing references them.
     *
     * @param partitions those that did not fit
     * @param ledger what the table says instead
     */
    record Fenced(SortedSet<SourcePartition> partitions, Ledger ledger) implements CommitOutcome {}

    /**
     * The table's columns or partitioning were changed and the files do not fit it any more. Nothing became visible and
     * nothing will. The records have to be read and decoded again by the schema that {@link CommitAttempts#latest} has.
     *
     * @param reason what was changed, one line
     */
    record SchemaChanged(String reason) implements CommitOutcome {}

    /**
     * Not decided: conflict, or an unknown outcome, or the catalog is away. Ask again with the same commit.
     *
     * @param delayMillis how long to wait before the next attempt
     * @param reason for the log, one line
     */
    record Undecided(long delayMillis, String reason) implements CommitOutcome {}

    /** One of four, by case. */
    default <T> T fold(
            Function<Committed, T> committed,
            Function<Fenced, T> fenced,
            Function<SchemaChanged, T> schemaChanged,
            Function<Undecided, T> undecided) {
        if (this instanceof Committed) {
            return committed.apply((Committed) this);
        }
        if (this instanceof Fenced) {
            return fenced.apply((Fenced) this);
        }
        if (this instanceof SchemaChanged) {
            return schemaChanged.apply((SchemaChanged) this);
        }
        return undecided.apply((Undecided) this);
    }
}
