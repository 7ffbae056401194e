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
     * ledger ends. Tables of an older Firn get the columns that they lack. Nothing is created or changed before every
     * table that is there is known to fit.
     *
     * @throws FirnException {@code mode-mismatch}, {@code key-mismatch}, {@code setting-changed}, {@code schema-mismatch},
     *     {@code table-has-no-ledger}, or what {@link Tables#openOrCreate} throws
     */
    public static UpsertTables openOrCreate(Tables tables, UpsertRequest request) {
        UpsertLayout layout = request.layout();
        List<Table> opened = open(tables, request);
        opened.forEach(table -> rememberKey(table, layout));
        Table keyed = opened.get(0);
        request.settings().recordIn(keyed, request.identifier(), layout.columns());
        Table deletes = opened.get(1);
        Table staging = opened.get(2);
        StagingStart.commit(staging, keyed);
        return new UpsertTables(layout, staging, keyed, deletes);
    }

    private static List<Table> open(Tables tables, UpsertRequest request) {
        String name = request.identifier();
        List<TableRequest> wanted = request.tables();
        try {
            return open(tables, request, wanted);
        } catch (FirnException refusal) {
            if (!refusal.code().equals("schema-mismatch")) {
                throw refusal;
            }
            Schema left = keyedColumns(tables, request);
            if (left.columns().size() < request.layout().keyed().columns().size()) {
                TableRequest keyed = asked(request, name, left, request.partitioning());
                return openOrExplain(tables, request, List.of(keyed, wanted.get(1), wanted.get(2)));
            }
            // That every column of a keyed table is missing says less than that the table was made for mode append.
            throw tables.open(name)
                    .flatMap(table -> TableMode.upsertRefusal(table, name))
                    .orElseGet(() -> MissingColumns.explained(refusal, tables, wanted));
        }
    }

    private static List<Table> openOrExplain(Tables tables, UpsertRequest request, List<TableRequest> wanted) {
        try {
            return open(tables, request, wanted);
        } catch (FirnException refusal) {
            throw refusal.code().equals("schema-mismatch")
                    ? MissingColumns.explained(refusal, tables, request.tables())
                    : refusal;
        }
    }

    private static List<Table> open(Tables tables, UpsertRequest request, List<TableRequest> wanted) {
        return tables.openOrCreate(wanted, YOUNGER, (table, asked) -> contentRefusal(table, asked.identifier(), request)
                .ifPresent(refusal -> {
                    throw refusal;
                }));
    }

    /** Returns why the table's rows cannot be continued as the request says. */
    public static Optional<FirnException> contentRefusal(Table table, String name, UpsertRequest request) {
        UpsertLayout layout = request.layout();
        return keyRefusal(table, name, layout)
                .or(() -> name.equals(request.identifier())
                        ? request.settings().refusal(table, name, layout.columns())
                        : Optional.empty());
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

    private static void rememberKey(Table table, UpsertLayout layout) {
        if (!table.properties().containsKey(UpsertKeys.KEY)) {
            identity(layout)
                    .forEach((property, value) ->
                            table.updateProperties().set(property, value).commit());
        }
    }

    /** Rows that were reduced by another key, or in another order, can not be reduced again by this one. */
    private static Optional<FirnException> keyRefusal(Table table, String name, UpsertLayout layout) {
        String key = table.properties().get(UpsertKeys.KEY);
        if (key == null) {
            return Optional.empty();
        }
        String wanted = String.join(",", layout.key());
        if (!key.equals(wanted)) {
            return Optional.of(mismatch(name, "key", key, wanted));
        }
        String orderBy = table.properties().getOrDefault(UpsertKeys.ORDER_BY, "");
        String wantedOrder = layout.orderBy().orElse("");
        return orderBy.equals(wantedOrder)
                ? Optional.empty()
                : Optional.of(mismatch(name, "order-by", orderBy, wantedOrder));
    }

    private static FirnException mismatch(String table, String what, String there, String wanted) {
        return FirnException.user(
                "key-mismatch",
                "the table was made with " + what + " '" + there + "', the configuration says '" + wanted + "'",
                "table " + table,
                "set '" + what + "' as it was, or name another table");
    }
}
