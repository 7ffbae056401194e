package io.firn.catalog.ledger;

/** Names of what Firn writes into snapshot summaries and table properties. Part of the public surface. */
public final class LedgerKeys {
    /** Snapshot summary and table property: the whole ledger after the snapshot, as JSON. */
    public static final String OFFSETS = "firn.offsets";
    /** Snapshot summary: what the snapshot added, as JSON. */
    public static final String RANGES = "firn.ranges";
    /** Snapshot summary: a UUID for the commit. */
    public static final String COMMIT_ID = "firn.commit-id";
    /** Snapshot summary and table property: ISO-8601 instant up to which the table is complete. */
    public static final String WATERMARK = "firn.watermark";
    /** Snapshot summary: append, heartbeat and so on. */
    public static final String OPERATION = "firn.operation";
    /**
     * Snapshot summary: spans that Kafka no longer held, recorded by this snapshot; shape of the ranges, lists of
     * spans.
     */
    public static final String GAPS = "firn.gaps";
    /** Snapshot summary: records of this snapshot's ranges that became no row, by reason. */
    public static final String SKIPPED = "firn.skipped";
    /** Snapshot summary of a keyed table: id of the staging snapshot that was read for it. Information only. */
    public static final String MERGED_SNAPSHOT = "firn.merged-snapshot";
    /** Snapshot summary of a keyed table: what became of the records merged, a JSON object of counts. */
    public static final String MERGED_ROWS = "firn.merged-rows";
    /**
     * Snapshot summary of a merge and table property of a keyed table: which backfills of its staging table are merged,
     * as JSON.
     */
    public static final String MERGED_BACKFILLS = "firn.merged-backfills";
    /** Of a merge: the UUID of the table of known deletes and how many rows it has. */
    public static final String KNOWN_DELETES = "firn.known-deletes";
    /**
     * Table property: id of the snapshot that wrote the property {@link #OFFSETS}. The property counts only where that
     * snapshot is an ancestor of the head: after a rollback it tells of rows that are gone.
     */
    public static final String OFFSETS_SNAPSHOT = "firn.offsets-snapshot-id";
    /**
     * Table property: id of the snapshot that wrote the watermark and the times in the property {@link #OFFSETS}. Where
     * it is not {@link #OFFSETS_SNAPSHOT}, a person has vouched for the offsets since, and the times do not count.
     */
    public static final String WATERMARK_SNAPSHOT = "firn.watermark-snapshot-id";

    private LedgerKeys() {}
}
