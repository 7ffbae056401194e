package io.firn.catalog.upsert;

/** Table properties of upsert tables. */
public final class UpsertKeys {
    /** The key's columns, in order, with commas between. */
    public static final String KEY = "firn.key";
    /** The order-by column, where there is one. */
    static final String ORDER_BY = "firn.order-by";
    /** UUIDs of the set's tables: {@code keyed=UUID,deletes=UUID,staging=UUID}. */
    public static final String TABLES = "firn.upsert.tables";
    /** On a table that is being rebuilt: {@link RebuildMark}. */
    public static final String REBUILD = "firn.upsert.rebuild";
    /** On a table that is being rebuilt: offsets that the user decided to go on without ({@link AcceptedOffsets}). */
    public static final String REBUILD_ACCEPTS = "firn.upsert.rebuild-accepts";
    /** On a staging table that is not the set's first: the keyed table's ledger when the staging table was created. */
    public static final String BEGUN = "firn.upsert.begun";

    private UpsertKeys() {}
}
