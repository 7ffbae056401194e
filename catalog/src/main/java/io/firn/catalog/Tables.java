package io.firn.catalog;

import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.location.NewTableLocation;
import io.firn.catalog.schema.ClassCheckedOperations;
import io.firn.catalog.schema.PartitionText;
import io.firn.catalog.schema.SchemaFit;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.TableClasses;
import io.firn.catalog.schema.TablePropertyRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Type.TypeID;
import org.apache.iceberg.types.TypeUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the tables of a catalog, and creates those that are not there. Several processes may do so at once. */
public final class Tables {
    private static final Logger LOG = LoggerFactory.getLogger(Tables.class);

    /** A table is committed to for ever; without a bound its old metadata files would be kept for ever. */
    private static final Map<String, String> DEFAULTS = Map.of(
            TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED, "true",
            TableProperties.METADATA_PREVIOUS_VERSIONS_MAX, "50",
            TableProperties.PARQUET_COMPRESSION, "zstd",
            // Said expressly, because the catalog may have another default.
            TableProperties.DEFAULT_FILE_FORMAT, "parquet");

    /** Another process may add the same columns in the same moment; then the table is looked at again. */
    private static final int SCHEMA_ATTEMPTS = 5;

    private static final Set<TypeID> TYPES_OF_FORMAT_3 =
            Set.of(TypeID.TIMESTAMP_NANO, TypeID.VARIANT, TypeID.UNKNOWN, TypeID.GEOMETRY, TypeID.GEOGRAPHY);

    private final Catalog catalog;
    private final TableClasses classes;

    /** Opens tables whose properties may name no class. */
    public Tables(Catalog catalog) {
        this(catalog, TableClasses.NONE);
    }

    /** @param classes that properties of the tables may name */
    public Tables(Catalog catalog, TableClasses classes) {
        this.catalog = catalog;
        this.classes = classes;
    }

    /** @throws FirnException {@code table-name-invalid} */
    public static TableIdentifier identifier(String text) {
        String[] parts = text.split("\\.", -1);
        for (String part : parts) {
            if (part.isBlank() || !part.equals(part.strip())) {
                throw nameInvalid(text);
            }
        }
        if (parts.length < 2) {
            throw nameInvalid(text);
        }
        return TableIdentifier.of(parts);
    }

    /** Returns the table's UUID; for a table of format 1 that has none, one that its location stands for. */
    public static UUID uuid(Table table) {
        String uuid = ((HasTableOperations) table).operations().current().uuid();
        return uuid == null
                ? UUID.nameUUIDFromBytes(table.location().getBytes(StandardCharsets.UTF_8))
                : UUID.fromString(uuid);
    }

    /**
     * The table as it is.
     *
     * @return empty where there is none
     */
    public Optional<Table> open(String identifier) {
        TableIdentifier table = identifier(identifier);
        try {
            return Optional.of(checked(call("the table cannot be opened", identifier, () -> catalog.loadTable(table))));
        } catch (NoSuchTableException e) {
            return Optional.empty();
        }
    }

    /**
     * The table, created where it is not there, with the source columns where they are wanted.
     *
     * @throws FirnException {@code table-missing}, {@code table-has-no-ledger}, {@code ledger-lost}, {@code
     *     schema-mismatch}, or what {@link Catalogs#open} throws
     */
    public Table openOrCreate(TableRequest request) {
        return openOrCreate(List.of(request), TableRules.NONE).get(0);
    }

    /**
     * Returns why the tables cannot be opened as requested; tables that do not exist are no reason. Changes nothing.
     *
     * @throws FirnException what {@link #open} throws
     */
    public List<FirnException> refusals(List<TableRequest> requests, TableRules rules) {
        List<FirnException> refusals = new ArrayList<>();
        List<Optional<Table>> existing = new ArrayList<>();
        for (TableRequest request : requests) {
            Optional<Table> table = open(request.identifier());
            table.ifPresent(there -> refusals.addAll(refusals(there, rules.adapted(there, request), rules)));
            existing.add(table);
        }
        if (refusals.isEmpty()) {
            rules.refusal(existing).ifPresent(refusals::add);
        }
        return refusals;
    }

    /**
     * As {@link #openOrCreate(TableRequest)}, of several tables that belong together. Nothing is created or changed
     * before every table that exists is known to fit.
     *
     * @return the tables in the order of the requests
     */
    public List<Table> openOrCreate(List<TableRequest> requests, TableRules rules) {
        List<Optional<Table>> existing = new ArrayList<>();
        for (TableRequest request : requests) {
            Optional<Table> table = open(request.identifier());
            table.ifPresent(there -> requireUsable(there, rules.adapted(there, request), rules));
            existing.add(table);
        }
        rules.refusal(existing).ifPresent(refusal -> {
            throw refusal;
        });
        List<Table> tables = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            TableRequest request = requests.get(i);
            Optional<Table> there = existing.get(i);
            Table table = there.isPresent()
                    ? take(there.get(), rules.adapted(there.get(), request), rules)
                    : create(request, rules);
            requireUsable(table, rules.adapted(table, request), rules);
            tables.add(table);
        }
        return tables;
    }

    /** Drops a table; its files stay, since others may still read them. Nothing happens if there is none. */
    public void drop(String identifier) {
        TableIdentifier table = identifier(identifier);
        call("the table cannot be dropped", identifier, () -> catalog.dropTable(table, false));
    }

    private Table create(TableRequest request, TableRules rules) {
        String name = request.identifier();
        Schema wanted = request.schema()
                .orElseThrow(() -> FirnException.user(
                        "table-missing",
                        "the table does not exist and no schema is configured to create it with",
                        "table " + name,
                        "set 'schema' and, if you like, 'partition-by', or create the table"));
        Schema schema = SourceColumns.appendTo(wanted);
        TableIdentifier identifier = identifier(name);
        Map<String, String> properties = new HashMap<>(DEFAULTS);
        properties.put(TableProperties.FORMAT_VERSION, formatVersion(schema));
        properties.putAll(request.properties());
        // Nothing is created, no namespace either, before all of the request is known to be right.
        PartitionSpec spec = PartitionText.parse(schema, request.partitionBy());
        createNamespace(identifier.namespace(), name);
        try {
            return checked(call(
                    "the table cannot be created",
                    name,
                    () -> NewTableLocation.create(
                            identifier,
                            () -> catalog.buildTable(identifier, schema)
                                    .withPartitionSpec(spec)
                                    .withProperties(properties),
                            staged -> TablePropertyRules.refusal(staged, name).ifPresent(refusal -> {
                                throw refusal;
                            }))));
        } catch (AlreadyExistsException e) {
            return take(
                    checked(call("the table cannot be opened", name, () -> catalog.loadTable(identifier))),
                    request,
                    rules);
        } catch (FirnException e) {
            return take(openAfter(e, name), request, rules);
        }
    }

    /** Nothing loads a class of the table's properties from here on, unless it is allowed. */
    private Table checked(Table table) {
        if (table.getClass() != BaseTable.class) {
            return table;
        }
        BaseTable known = (BaseTable) table;
        return new BaseTable(
                new ClassCheckedOperations(known.operations(), known.name(), classes), known.name(), known.reporter());
    }

    /** Some catalogs answer the loser of a race with an error of their own. */
    private Table openAfter(FirnException refusal, String name) {
        try {
            return open(name).orElseThrow(() -> refusal);
        } catch (FirnException e) {
            throw refusal;
        }
    }

    private void createNamespace(Namespace namespace, String table) {
        if (!(catalog instanceof SupportsNamespaces)) {
            return;
        }
        SupportsNamespaces namespaces = (SupportsNamespaces) catalog;
        for (int depth = 1; depth <= namespace.length(); depth++) {
            Namespace level = Namespace.of(java.util.Arrays.copyOf(namespace.levels(), depth));
            try {
                call("the namespace " + level + " cannot be created", table, () -> {
                    if (!namespaces.namespaceExists(level)) {
                        namespaces.createNamespace(level);
                    }
                    return level;
                });
            } catch (AlreadyExistsException e) {
                // Another process was faster.
                continue;
            } catch (FirnException e) {
                throwUnlessThere(namespaces, level, e);
            }
        }
    }

    /** Some catalogs answer the loser of a race with an error of their own. */
    @SuppressWarnings("IllegalCatch") // catalogs throw what they like; the first failure says more
    private static void throwUnlessThere(SupportsNamespaces namespaces, Namespace namespace, FirnException refusal) {
        boolean there;
        try {
            there = namespaces.namespaceExists(namespace);
        } catch (RuntimeException e) {
            refusal.addSuppressed(e);
            throw refusal;
        }
        if (!there) {
            throw refusal;
        }
    }

    /** Why the table's rows cannot be added to, where nobody can tell which records they came from. */
    public static Optional<FirnException> ledgerRefusal(Table table, TableRequest request) {
        return LedgerReader.read(table)
                .fold(
                        present -> Optional.empty(),
                        fresh -> Optional.empty(),
                        unknown -> unknown.lost() || request.missingLedger() == MissingLedger.REFUSE
                                ? Optional.of(LedgerReader.noLedger(request.identifier(), unknown))
                                : Optional.empty());
    }

    private Table take(Table table, TableRequest request, TableRules rules) {
        requireUsable(table, request, rules);
        addColumns(table, request, rules);
        logGoneSourceColumns(table, request);
        return table;
    }

    private static void requireUsable(Table table, TableRequest request, TableRules rules) {
        List<FirnException> refusals = refusals(table, request, rules);
        if (!refusals.isEmpty()) {
            throw refusals.get(0);
        }
    }

    /** All that keeps a table from being taken as requested. */
    private static List<FirnException> refusals(Table table, TableRequest request, TableRules rules) {
        List<FirnException> refusals = new ArrayList<>();
        ledgerRefusal(table, request).ifPresent(refusals::add);
        fitRefusal(table, request, rules.younger()).ifPresent(refusals::add);
        // Also of a new table: catalogs add properties of their own.
        TablePropertyRules.refusal(table, request.identifier()).ifPresent(refusals::add);
        rules.refusal(table, request).ifPresent(refusals::add);
        return refusals;
    }

    /** @param younger may be missing */
    private static Optional<FirnException> fitRefusal(Table table, TableRequest request, Set<String> younger) {
        List<String> differences = request.schema()
                .map(schema -> SchemaFit.differences(
                        without(schema, missing(table, younger)),
                        table.schema(),
                        younger.isEmpty() ? table.schemas().values() : List.of()))
                .orElseGet(() -> SchemaFit.sourceColumnDifferences(table.schema()));
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(FirnException.user(
                        "schema-mismatch",
                        "the schema does not fit the table: " + String.join("; ", differences),
                        "table " + request.identifier(),
                        "change the schema, leave it out to take the table's, or alter the table"));
    }

    private static Schema without(Schema schema, Set<String> names) {
        return names.isEmpty()
                ? schema
                : new Schema(schema.columns().stream()
                        .filter(column -> !names.contains(column.name()))
                        .toList());
    }

    /** Those that the table never had: one that a person dropped or renamed is not added again. */
    private static Set<String> missing(Table table, Set<String> columns) {
        return columns.stream()
                .filter(name -> table.schema().findField(name) == null && !hadOnce(table, name))
                .collect(Collectors.toSet());
    }

    private static boolean hadOnce(Table table, String column) {
        return table.schemas().values().stream().anyMatch(schema -> schema.findField(column) != null);
    }

    /** Name and type of what is to be added, in order. */
    private static Map<String, Type> additions(Table table, TableRequest request, Set<String> younger) {
        Map<String, Type> additions = new LinkedHashMap<>();
        if (request.sourceColumns() == SourceColumns.Policy.ADD) {
            SourceColumns.missing(table.schema()).stream()
                    .filter(name -> !hadOnce(table, name))
                    .forEach(name -> additions.put(name, SourceColumns.type(name)));
        }
        request.schema().ifPresent(schema -> missing(table, younger)
                .forEach(name -> additions.put(name, schema.findField(name).type())));
        return additions;
    }

    private static void addColumns(Table table, TableRequest request, TableRules rules) {
        Set<String> younger = rules.younger();
        for (int attempt = 1; ; attempt++) {
            Map<String, Type> additions = additions(table, request, younger);
            if (additions.isEmpty()) {
                return;
            }
            try {
                call("columns cannot be added", request.identifier(), () -> {
                    add(additions, request, table);
                    return additions;
                });
            } catch (CommitFailedException | ValidationException e) {
                if (attempt == SCHEMA_ATTEMPTS) {
                    throw CatalogFailures.translate(
                            e, "columns cannot be added", "table " + request.identifier(), Map.of());
                }
            }
            table.refresh();
            fitRefusal(table, request, younger).ifPresent(refusal -> {
                throw refusal;
            });
        }
    }

    private static void logGoneSourceColumns(Table table, TableRequest request) {
        List<String> gone = SourceColumns.missing(table.schema());
        if (request.sourceColumns() == SourceColumns.Policy.ADD && !gone.isEmpty()) {
            LOG.warn(
                    "table {}: {} were dropped or renamed, so they are not added again and rows are written without"
                            + " them; backfills need them all: add them to the table if you want them back",
                    request.identifier(),
                    String.join(", ", gone));
        }
    }

    /** In one commit on what the table was read as: a commit of somebody else in between fails it, changing nothing. */
    private static void add(Map<String, Type> additions, TableRequest request, Table table) {
        Transaction transaction = table.newTransaction();
        UpdateSchema columns = transaction.updateSchema();
        additions.forEach(columns::addColumn);
        columns.commit();
        Map<String, String> measured = new HashMap<>();
        for (String name : additions.keySet()) {
            String metrics = TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX + name;
            String wanted = request.properties().get(metrics);
            if (wanted != null && !table.properties().containsKey(metrics)) {
                measured.put(metrics, wanted);
            }
        }
        if (!measured.isEmpty()) {
            UpdateProperties properties = transaction.updateProperties();
            measured.forEach(properties::set);
            properties.commit();
        }
        transaction.commitTransaction();
    }

    /** Some types, and default values, need format 3; for everything else format 2, which every engine reads. */
    private static String formatVersion(Schema schema) {
        boolean isNew = TypeUtil.indexById(schema.asStruct()).values().stream()
                .anyMatch(field -> TYPES_OF_FORMAT_3.contains(field.type().typeId())
                        || field.initialDefault() != null
                        || field.writeDefault() != null);
        return isNew ? "3" : "2";
    }

    /** Expected answers of a catalog come through as they are; everything else as a person should read it. */
    @SuppressWarnings("IllegalCatch")
    private static <T> T call(String what, String table, Supplier<T> operation) {
        try {
            return operation.get();
        } catch (NoSuchTableException | AlreadyExistsException | CommitFailedException | ValidationException e) {
            throw e;
        } catch (RuntimeException e) {
            throw CatalogFailures.translate(e, what, "table " + table, Map.of());
        }
    }

    private static FirnException nameInvalid(String text) {
        return FirnException.user(
                "table-name-invalid",
                "'" + text + "' names no table",
                "table",
                "write namespace and name with dots between, as shop.orders");
    }
}
