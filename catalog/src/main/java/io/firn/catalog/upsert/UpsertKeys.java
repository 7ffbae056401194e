package io.firn.catalog.upsert;

/** Table properties of upsert tables. */
public final class UpsertKeys {
    /** The key's columns, in order, with commas between. */
    public static final String KEY = "firn.key";
    /** The order-by column, where there is one. */
    static final String ORDER_BY = "firn.order-by";

    private UpsertKeys() {}
}
