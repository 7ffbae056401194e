package io.firn.catalog.upsert;

import java.util.List;

/** Columns that the tables of an upsert pipeline have beside those of the schema and the source columns. */
public final class UpsertColumns {
    /** Staging, boolean: the record's value was null; then only the key and source columns are filled. */
    public static final String TOMBSTONE = "_source_tombstone";
    /**
     * Keyed and deletes, timestamptz: the highest record timestamp among the records of the key (and of its version,
     * where there is an order-by column) in the record's own partition, up to and including the record.
     */
    public static final String ORDER_TIMESTAMP = "_order_timestamp";
    /**
     * Any of the three, string: the id of the topic's incarnation, without which the records of a topic that was
     * created again could not be told from those of the earlier one. Null in rows that are older than the column: they
     * are of the oldest incarnation that the ledger knows.
     */
    public static final String TOPIC_ID = "_source_topic_id";

    private static final List<String> NAMES = List.of(TOMBSTONE, ORDER_TIMESTAMP, TOPIC_ID);

    private UpsertColumns() {}

    public static boolean isUpsertColumn(String name) {
        return NAMES.contains(name);
    }
}
