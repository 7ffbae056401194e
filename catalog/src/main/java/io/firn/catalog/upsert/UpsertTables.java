package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.TableRules;
import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.schema.SourceColumns;
import java.util.EnumMap;
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
        return SetMember.STAGING.tableName(keyed);
    }

    /** @return the name of the table of known deletes that belongs to a keyed table */
    public static String deletesName(String keyed) {
        return SetMember.DELETES.tableName(keyed);
    }

    /**
     * Opens the three tables and creates those that are not there; a new staging table begins where the keyed table's
     * ledger ends. Tables of an older Firn get the columns that they lack. Nothing is created or changed before every
     * table that is there is known to fit and the tables are known to be one set ({@link UpsertSet}). Then each table
     * names all of the set.
     *
     * @throws FirnException {@code mode-mismatch}, {@code key-mismatch}, {@code setting-changed}, {@code schema-mismatch},
     *     {@code table-has-no-ledger}, {@code upsert-table-missing}, {@code upsert-table-foreign}, {@code
     *     upsert-table-replaced}, {@code upsert-rebuild-unfinished}, or what {@link Tables#openOrCreate} throws
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
        UpsertSet set = set(request.identifier(), keyed, deletes, staging);
        set.refusal().ifPresent(refusal -> {
            throw refusal;
        });
        new SetCompletion(set).complete();
        return new UpsertTables(layout, staging, keyed, deletes);
    }

    /**
     * Returns why nothing may be merged now: a backfill reads what a rebuilt table lacks. Until it has ended, a merge
     * could bring deleted keys back, or miss records that are yet to be staged.
     */
    public Optional<String> rebuilding() {
        UpsertSet set = set(keyed.name(), keyed, deletes, staging);
        for (Table table : List.of(keyed, deletes)) {
            boolean isRead = RebuildMark.of(table).stream()
                    .flatMap(mark -> SetRebuild.backfills(set, mark).stream())
                    .anyMatch(state -> !state.isOver());
            if (isRead) {
                return Optional.of("the rebuild of " + table.name() + " reads Kafka; merges go on when it has ended");
            }
        }
        return Optional.empty();
    }

    /** Returns the offsets that the user accepted to be missing when the keyed table was rebuilt. */
    public List<AcceptedSpan> accepted() {
        return SetRebuild.accepted(keyed);
    }

    private static UpsertSet set(String name, Table keyed, Table deletes, Table staging) {
        return UpsertSet.of(
                name, Map.of(SetMember.KEYED, keyed, SetMember.DELETES, deletes, SetMember.STAGING, staging));
    }

    private static List<Table> open(Tables tables, UpsertRequest request) {
        try {
            return tables.openOrCreate(request.tables(), new Rules(request));
        } catch (FirnException refusal) {
            throw explained(refusal, tables, request);
        }
    }

    /**
     * Returns everything that {@link #openOrCreate} would refuse. Creates and changes nothing.
     *
     * @throws FirnException what {@link Tables#open} throws
     */
    public static List<FirnException> refusals(Tables tables, UpsertRequest request) {
        return tables.refusals(request.tables(), new Rules(request)).stream()
                .map(refusal -> explained(refusal, tables, request))
                .toList();
    }

    /** Returns the tables if all of them exist; asks nothing of them and changes nothing. */
    public static Optional<UpsertTables> existing(Tables tables, UpsertRequest request) {
        String name = request.identifier();
        Optional<Table> staging = tables.open(stagingName(name));
        Optional<Table> keyed = tables.open(name);
        Optional<Table> deletes = tables.open(deletesName(name));
        return staging.isPresent() && keyed.isPresent() && deletes.isPresent()
                ? Optional.of(new UpsertTables(request.layout(), staging.get(), keyed.get(), deletes.get()))
                : Optional.empty();
    }

    /**
     * Returns the ledger that ingestion resumes from: staging's, or the keyed table's if staging is new.
     *
     * @param keyed name of the keyed table
     */
    public static Ledger resumedFrom(Tables tables, String keyed) {
        return tables.open(stagingName(keyed))
                .filter(staging -> staging.currentSnapshot() != null)
                .or(() -> tables.open(keyed))
                .map(StagingStart::ledger)
                .orElse(Ledger.empty());
    }

    /** That columns of a keyed table are missing says less than that the table was made for mode append. */
    private static FirnException explained(FirnException refusal, Tables tables, UpsertRequest request) {
        String name = request.identifier();
        return refusal.code().equals("schema-mismatch")
                ? tables.open(name)
                        .flatMap(table -> TableMode.upsertRefusal(table, name))
                        .orElseGet(() -> MissingColumns.explained(refusal, tables, request.tables()))
                : MissingLedgerAdvice.of(tables, name, refusal);
    }

    private record Rules(UpsertRequest request) implements TableRules {
        @Override
        public Set<String> younger() {
            return YOUNGER;
        }

        /**
         * Leaves out the optional columns that the keyed table does not have: somebody dropped or renamed them. Their
         * values stay in staging, and Firn does not add them again.
         */
        @Override
        public TableRequest adapted(Table existing, TableRequest asked) {
            boolean isKeyed = asked.identifier().equals(request.identifier())
                    && existing.properties().containsKey(UpsertKeys.KEY);
            return isKeyed
                    ? asked(
                            request,
                            asked.identifier(),
                            keyedColumns(existing.schema(), request.layout()),
                            request.partitioning())
                    : asked;
        }

        @Override
        public Optional<FirnException> refusal(Table existing, TableRequest asked) {
            return contentRefusal(existing, asked.identifier(), request);
        }

        @Override
        public Optional<FirnException> refusal(List<Optional<Table>> tables) {
            Map<SetMember, Table> there = new EnumMap<>(SetMember.class);
            for (SetMember member : SetMember.values()) {
                tables.get(member.ordinal()).ifPresent(table -> there.put(member, table));
            }
            return UpsertSet.of(request.identifier(), there).refusal();
        }
    }

    private static Schema keyedColumns(Schema existing, UpsertLayout layout) {
        return new Schema(layout.keyed().columns().stream()
                .filter(column -> column.isRequired()
                        || layout.columns().asStruct().field(column.name()) == null
                        || layout.orderBy().filter(column.name()::equals).isPresent()
                        || existing.asStruct().field(column.name()) != null)
                .toList());
    }

    /** Returns why the table's rows cannot be continued as the request says. */
    private static Optional<FirnException> contentRefusal(Table table, String name, UpsertRequest request) {
        UpsertLayout layout = request.layout();
        return keyRefusal(table, name, layout)
                .or(() -> name.equals(request.identifier())
                        ? request.settings().refusal(table, name, layout.columns())
                        : Optional.empty());
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
