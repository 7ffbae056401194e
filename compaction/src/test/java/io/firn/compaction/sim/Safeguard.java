package io.firn.compaction.sim;

/** What the guarantee stands on, one by one, so that a run can take each out from the outside. */
enum Safeguard {
    /**
     * A merge takes effect only where the keyed table's ledger says what it was planned on. Without: whatever it says.
     */
    MERGE_POSITION,
    /** A merge takes effect only where nobody changed rows since the snapshot it looked at. Without: always. */
    PLANNED_SNAPSHOT,
    /** A merge looks whether a later delete is known. Without: it does not. */
    KNOWN_DELETES,
    /** A merge proves that staging holds what its step claims. Without: nobody counted the rows. */
    PROVEN_STEP,
    /** A merge requires the deletes that the last one knew. Without: nobody wrote down how many. */
    COUNTED_DELETES,
    /** Records leave staging when no snapshot of the keyed table lacks them. Without: when the head has them. */
    KEPT_FOR_ROLLBACK,
    /** Records leave staging when they are merged. Without: when they are staged. */
    STAGING_RETENTION,
    /** A job deletes files only where no other table can have any. Without: everything below the table's location. */
    DELETION_GUARD,
    /** Jobs carry the ledger. Without: they do not. */
    LEDGER_CARRY,
    /** A commit looks for itself in the table's history first. Without: it does not. */
    COMMIT_ID_LOOKUP
}
