package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import org.apache.iceberg.Table;

/**
 * One table's commits, one at a time. Owns no thread: every call is one attempt, which waits at most for its
 * {@link CommitTurn}.
 *
 * <p>An attempt refreshes the table, looks for the commit's id in the recent ancestry, checks every step against the
 * ledger, and tries once to swap the table's metadata. After {@link CommitOutcome.Undecided} the caller asks again with
 * the same commit, after the delay, for as long as it takes; it must not begin another commit of this table before this
 * one is decided, and must not remove the commit's files itself.
 */
public interface CommitAttempts {
    /**
     * @return how it ended, or that it has not
     * @throws io.firn.catalog.FirnException when no attempt can ever succeed: the table was dropped, it has rows and no
     *     ledger, access was refused
     */
    CommitOutcome attempt(TableCommit commit);

    /** How long the last attempt waited for its turn, milliseconds: others of this process had the table. */
    long waitedMillis();

    /**
     * The ledger as the table's head has it now.
     *
     * @throws io.firn.catalog.FirnException as {@link #attempt}; of kind external when the catalog is away
     */
    Ledger refreshedLedger();

    /**
     * The table as the last call of {@link #attempt} or {@link #refreshedLedger} read it, or as it was opened if there
     * was none. Never changes; asks the catalog for nothing; for any thread.
     */
    Table latest();
}
