package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import java.util.Optional;
import org.apache.iceberg.Table;

/** Which mode a table was made for: rows of the one cannot be continued by the other. */
public final class TableMode {
    private TableMode() {}

    /** Returns why the table cannot be a pipeline's keyed table: it holds a row per record. */
    public static Optional<FirnException> upsertRefusal(Table table, String name) {
        return isUpsert(table)
                ? Optional.empty()
                : Optional.of(FirnException.user(
                        "mode-mismatch",
                        "mode upsert needs a table with one row per key, and this one was made for mode append (or not"
                                + " by Firn): it lacks the column " + UpsertColumns.ORDER_TIMESTAMP,
                        "table " + name,
                        "leave mode: append, or name another table, into which mode upsert reads the topic again"));
    }

    /** Returns why the table cannot be appended to by a pipeline in mode append: merges write it. */
    public static Optional<FirnException> appendRefusal(Table table, String name) {
        return isUpsert(table)
                ? Optional.of(FirnException.user(
                        "mode-mismatch",
                        "mode append would add a row per record to a table of a pipeline in mode upsert",
                        "table " + name,
                        "set mode: upsert as before, or name another table"))
                : Optional.empty();
    }

    private static boolean isUpsert(Table table) {
        return table.properties().containsKey(UpsertKeys.KEY)
                || table.schema().findField(UpsertColumns.ORDER_TIMESTAMP) != null;
    }
}
