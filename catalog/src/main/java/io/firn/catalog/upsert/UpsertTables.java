package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.SourceColumns;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;

/**
 * The three tables of an upsert pipeline, open. Each handle moves on when it is refreshed: threads need their own.
 *
 * @param staging one row a record, tombstones too; ingestion appends to it
 * @param keyed one row a key; the merge writes it
 * @param deletes one row a known delete; the merge appends to it, always before the keyed table
 */
public record UpsertTables(UpsertLayout layout, Table staging, Table keyed, Table deletes) {
    /** Columns that tables made by an older Firn lack; rows without them have a meaning. */
    private static final Set<String> YOUNGER = Set.of(UpsertColumns.TOPIC_ID);

    /** @return the name of the staging table that belongs to a keyed table */
    public static String stagingName(String keyed) {
        return keyed + "_staging";
    }

    /** @return the name of the table of known deletes that belongs to a keyed table */
    public static String deletesName(String keyed) {
        return keyed + "_deletes";
    }

    /**
     * Opens the three tables and creates those that are not there; a new staging table begins where the keyed table's
     * ledger ends. Tables of an older Firn get the columns that they lack.
     *
     * @throws FirnException {@code mode-mismatch}, {@code key-mismatch}, {@code schema-mismatch}, {@code table-has-no-ledger}, or what {@link
     *     Tables#openOrCreate} throws
     */
    public static UpsertTables openOrCreate(Tables tables, UpsertRequest request) {
        UpsertLayout layout = request.layout();
        String name = request.identifier();
        List<String> partitioning = request.partitioning();
        // The keyed table comes first: where it belongs to another pipeline nothing should have been created.
        Table keyed = openKeyed(tables, request, partitioning);
        Table deletes = open(tables, request, deletesName(name), layout.deletes(), List.of());
        Table staging = open(tables, request, stagingName(name), layout.staging(), List.of());
        StagingStart.commit(staging, keyed);
        return new UpsertTables(layout, staging, keyed, deletes);
    }

    private static Table openKeyed(Tables tables, UpsertRequest request, List<String> partitioning) {
        String name = request.identifier();
        try {
            return open(tables, request, name, request.layout().keyed(), partitioning);
        } catch (FirnException refusal) {
            Schema left = keyedColumns(tables, request);
            if (refusal.code().equals("schema-mismatch")
                    && left.columns().size()
                            < request.layout().keyed().columns().size()) {
                return open(tables, request, name, left, partitioning);
            }
            // That every column of a keyed table is missing says less than that the table was made for mode append.
            throw refusal.code().equals("schema-mismatch")
                    ? tables.open(name)
                            .flatMap(table -> TableMode.upsertRefusal(table, name))
                            .orElse(refusal)
                    : refusal;
        }
    }

    /**
     * Returns the configured columns without the optional ones that the keyed table does not have: somebody dropped or
     * renamed them. Their values stay in staging, and Firn does not add them again.
     */
    private static Schema keyedColumns(Tables tables, UpsertRequest request) {
        UpsertLayout layout = request.layout();
        Schema wanted = layout.keyed();
        Optional<Schema> there = tables.open(request.identifier())
                .filter(table -> table.properties().containsKey(UpsertKeys.KEY))
                .map(Table::schema);
        if (there.isEmpty()) {
            return wanted;
        }
        return new Schema(wanted.columns().stream()
                .filter(column -> column.isRequired()
                        || layout.columns().asStruct().field(column.name()) == null
                        || layout.orderBy().filter(column.name()::equals).isPresent()
                        || there.get().asStruct().field(column.name()) != null)
                .toList());
    }

    private static Table open(
            Tables tables, UpsertRequest request, String name, Schema schema, List<String> partitioning) {
        Table table = tables.openOrCreate(asked(request, name, schema, partitioning), YOUNGER);
        requireSameKey(table, request.layout(), name);
        return table;
    }

    static TableRequest asked(UpsertRequest request, String name, Schema schema, List<String> partitioning) {
        UpsertLayout layout = request.layout();
        Map<String, String> properties = properties(layout, schema);
        properties.putAll(request.properties());
        properties.putAll(identity(layout));
        return new TableRequest(
                name, Optional.of(schema), partitioning, properties, SourceColumns.Policy.ADD, request.missingLedger());
    }

    /** Bounds of what a merge looks for, also where a table has more columns than Iceberg measures by default. */
    private static Map<String, String> properties(UpsertLayout layout, Schema schema) {
        Map<String, String> properties = new HashMap<>();
        for (String column : layout.key()) {
            properties.put(TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + column, "truncate(64)");
        }
        layout.orderBy()
                .ifPresent(column -> properties.put(TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + column, "full"));
        for (String column : SourceColumns.names()) {
            properties.put(TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + column, "full");
        }
        properties.put(TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + UpsertColumns.TOPIC_ID, "full");
        if (schema.findField(UpsertColumns.ORDER_TIMESTAMP) != null) {
            properties.put(TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + UpsertColumns.ORDER_TIMESTAMP, "full");
        }
        return properties;
    }

    private static Map<String, String> identity(UpsertLayout layout) {
        Map<String, String> identity = new HashMap<>();
        identity.put(UpsertKeys.KEY, String.join(",", layout.key()));
        layout.orderBy().ifPresent(column -> identity.put(UpsertKeys.ORDER_BY, column));
        return identity;
    }

    /** Rows that were reduced by another key, or in another order, can not be reduced again by this one. */
    private static void requireSameKey(Table table, UpsertLayout layout, String name) {
        String key = table.properties().get(UpsertKeys.KEY);
        if (key == null) {
            identity(layout)
                    .forEach((property, value) ->
                            table.updateProperties().set(property, value).commit());
            return;
        }
        String wanted = String.join(",", layout.key());
        if (!key.equals(wanted)) {
            throw mismatch(name, "key", key, wanted);
        }
        String orderBy = table.properties().getOrDefault(UpsertKeys.ORDER_BY, "");
        String wantedOrder = layout.orderBy().orElse("");
        if (!orderBy.equals(wantedOrder)) {
            throw mismatch(name, "order-by", orderBy, wantedOrder);
        }
    }

    private static FirnException mismatch(String table, String what, String there, String wanted) {
        return FirnException.user(
                "key-mismatch",
                "the table was made with " + what + " '" + there + "', the configuration says '" + wanted + "'",
                "table " + table,
                "set '" + what + "' as it was, or name another table");
    }
}
