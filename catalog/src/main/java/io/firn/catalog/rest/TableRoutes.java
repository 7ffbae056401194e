package io.firn.catalog.rest;

import io.firn.catalog.FirnException;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.location.TablePurge;
import io.firn.catalog.rest.IcebergRest.Route;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import org.apache.iceberg.MetadataUpdate;
import org.apache.iceberg.UpdateRequirement;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.RESTCatalogProperties.SnapshotMode;
import org.apache.iceberg.rest.requests.CommitTransactionRequest;
import org.apache.iceberg.rest.requests.CreateTableRequest;
import org.apache.iceberg.rest.requests.RegisterTableRequest;
import org.apache.iceberg.rest.requests.RenameTableRequest;
import org.apache.iceberg.rest.requests.UpdateTableRequest;
import org.apache.iceberg.rest.responses.LoadTableResponse;

/** Tables: list, load, create, commit, drop. */
final class TableRoutes {
    private final Catalog catalog;
    private final RestJson json;
    private final LocationPolicy policy;
    private final RequestLocations locations;
    private final StoredMetadata stored;
    private final TablePurge purge;

    TableRoutes(Catalog catalog, RestJson json, LocationPolicy policy, Clock clock) {
        this.catalog = catalog;
        this.json = json;
        this.policy = policy;
        this.locations = new RequestLocations(policy);
        this.stored = new StoredMetadata(catalog);
        this.purge = new TablePurge(catalog, policy, clock);
    }

    List<Route> routes() {
        return List.of(
                new Route(Endpoint.V1_LIST_TABLES, this::list),
                new Route(Endpoint.V1_CREATE_TABLE, this::create),
                new Route(Endpoint.V1_LOAD_TABLE, this::load),
                new Route(Endpoint.V1_TABLE_EXISTS, (request, names) -> {
                    CatalogHandlers.tableExists(catalog, names.table());
                    return RestAnswer.done();
                }),
                new Route(
                        Endpoint.V1_UPDATE_TABLE,
                        (request, names) ->
                                answer(update(names.table(), json.read(request.body(), UpdateTableRequest.class)))),
                new Route(Endpoint.V1_DELETE_TABLE, this::drop),
                new Route(Endpoint.V1_RENAME_TABLE, (request, names) -> {
                    RenameTableRequest asked = json.read(request.body(), RenameTableRequest.class);
                    NamespaceRoutes.require(catalog, asked.destination().namespace());
                    CatalogHandlers.renameTable(catalog, asked);
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_REGISTER_TABLE, this::register),
                // What an engine measured of its own scans is taken and not kept.
                new Route(Endpoint.V1_REPORT_METRICS, (request, names) -> RestAnswer.done()),
                new Route(Endpoint.V1_COMMIT_TRANSACTION, this::commitTransaction));
    }

    private RestAnswer list(RestRequest request, PathNames names) {
        Paging paging = Paging.of(request);
        return RestAnswer.of(json.write(
                paging.isAsked()
                        ? CatalogHandlers.listTables(catalog, names.namespace(), paging.token(), paging.size())
                        : CatalogHandlers.listTables(catalog, names.namespace())));
    }

    private RestAnswer create(RestRequest request, PathNames names) {
        CreateTableRequest asked = json.read(request.body(), CreateTableRequest.class);
        locations.location(asked.location());
        locations.properties(asked.properties());
        NamespaceRoutes.require(catalog, names.namespace());
        return answer(
                asked.stageCreate()
                        ? CatalogHandlers.stageTableCreate(catalog, names.namespace(), asked)
                        : CatalogHandlers.createTable(catalog, names.namespace(), asked));
    }

    /** The file says where the table keeps its files: it is examined before it becomes a table, and once more after. */
    private RestAnswer register(RestRequest request, PathNames names) {
        RegisterTableRequest asked = json.read(request.body(), RegisterTableRequest.class);
        locations.metadataFile(asked.metadataLocation());
        NamespaceRoutes.require(catalog, names.namespace());
        TableIdentifier name = TableIdentifier.of(names.namespace(), asked.name());
        if (catalog.tableExists(name) && !asked.overwrite()) {
            throw new AlreadyExistsException("Table already exists: %s", name);
        }
        locations.table(stored.table(name, asked.metadataLocation()));
        LoadTableResponse registered = CatalogHandlers.registerTable(catalog, names.namespace(), asked);
        try {
            locations.table(registered.tableMetadata());
        } catch (FirnException replacedMeanwhile) {
            catalog.dropTable(name, false);
            throw replacedMeanwhile;
        }
        return answer(registered);
    }

    private RestAnswer load(RestRequest request, PathNames names) {
        String asked = request.query().getOrDefault("snapshots", SnapshotMode.ALL.name());
        SnapshotMode mode;
        try {
            mode = SnapshotMode.valueOf(asked.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            throw new BadRequestException("snapshots must be all or refs, not %s", asked);
        }
        return answer(CatalogHandlers.loadTable(catalog, names.table(), mode));
    }

    private RestAnswer drop(RestRequest request, PathNames names) {
        if (Boolean.parseBoolean(request.query().get("purgeRequested"))) {
            purge.purge(names.table());
        } else {
            CatalogHandlers.dropTable(catalog, names.table());
        }
        return RestAnswer.done();
    }

    /** Catalogs swap one table's metadata at a time; a transaction that can be half done is none. */
    private RestAnswer commitTransaction(RestRequest request, PathNames names) {
        List<UpdateTableRequest> changes =
                json.read(request.body(), CommitTransactionRequest.class).tableChanges();
        if (changes.size() > 1) {
            throw new UnsupportedOperationException(
                    "a transaction over several tables is not atomic in the catalog behind; commit table by table");
        }
        changes.forEach(change -> update(change.identifier(), change));
        return RestAnswer.done();
    }

    private LoadTableResponse update(TableIdentifier table, UpdateTableRequest request) {
        if (request.requirements().stream().anyMatch(UpdateRequirement.AssertTableDoesNotExist.class::isInstance)) {
            NamespaceRoutes.require(catalog, table.namespace());
            requireWhole(request);
        }
        new RequestLocations(policy.with(alreadyKnown(table, request))).updates(request.updates());
        return CatalogHandlers.updateTable(catalog, table, request);
    }

    /** The library takes a table without these for one that is there, and fails. */
    private static void requireWhole(UpdateTableRequest creation) {
        for (Class<? extends MetadataUpdate> needed : List.of(
                MetadataUpdate.AddSchema.class,
                MetadataUpdate.SetCurrentSchema.class,
                MetadataUpdate.AddPartitionSpec.class,
                MetadataUpdate.SetDefaultPartitionSpec.class,
                MetadataUpdate.AddSortOrder.class,
                MetadataUpdate.SetDefaultSortOrder.class,
                MetadataUpdate.SetLocation.class)) {
            if (creation.updates().stream().noneMatch(needed::isInstance)) {
                throw new BadRequestException("a table cannot be created without %s", needed.getSimpleName());
            }
        }
    }

    /** Where the table is, or, of one that is being created outside of what is allowed, where the catalog puts it. */
    private List<String> alreadyKnown(TableIdentifier table, UpdateTableRequest request) {
        List<String> existing = stored.tableLocations(table);
        boolean isPlaced = request.updates().stream()
                .filter(MetadataUpdate.SetLocation.class::isInstance)
                .allMatch(set -> policy.allows(((MetadataUpdate.SetLocation) set).location()));
        return existing.isEmpty() && !isPlaced ? List.of(stored.chosenLocation(table)) : existing;
    }

    private RestAnswer answer(LoadTableResponse loaded) {
        return RestAnswer.of(json.write(loaded));
    }
}
