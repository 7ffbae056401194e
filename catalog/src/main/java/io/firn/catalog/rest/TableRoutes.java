package io.firn.catalog.rest;

import io.firn.catalog.rest.IcebergRest.Route;
import java.util.List;
import java.util.Locale;
import org.apache.iceberg.UpdateRequirement;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
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

    TableRoutes(Catalog catalog, RestJson json) {
        this.catalog = catalog;
        this.json = json;
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
                new Route(Endpoint.V1_REGISTER_TABLE, (request, names) -> {
                    RegisterTableRequest asked = json.read(request.body(), RegisterTableRequest.class);
                    NamespaceRoutes.require(catalog, names.namespace());
                    return answer(CatalogHandlers.registerTable(catalog, names.namespace(), asked));
                }),
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
        NamespaceRoutes.require(catalog, names.namespace());
        return answer(
                asked.stageCreate()
                        ? CatalogHandlers.stageTableCreate(catalog, names.namespace(), asked)
                        : CatalogHandlers.createTable(catalog, names.namespace(), asked));
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
            CatalogHandlers.purgeTable(catalog, names.table());
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
        }
        return CatalogHandlers.updateTable(catalog, table, request);
    }

    private RestAnswer answer(LoadTableResponse loaded) {
        return RestAnswer.of(json.write(loaded));
    }
}
