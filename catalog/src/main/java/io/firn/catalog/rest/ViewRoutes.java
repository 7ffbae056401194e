package io.firn.catalog.rest;

import io.firn.catalog.FirnException;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest.Route;
import java.util.List;
import org.apache.iceberg.MetadataUpdate;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.catalog.ViewCatalog;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.requests.CreateViewRequest;
import org.apache.iceberg.rest.requests.RegisterViewRequest;
import org.apache.iceberg.rest.requests.RenameTableRequest;
import org.apache.iceberg.rest.requests.UpdateTableRequest;
import org.apache.iceberg.rest.responses.LoadViewResponse;
import org.apache.iceberg.view.SQLViewRepresentation;
import org.apache.iceberg.view.ViewRepresentation;
import org.apache.iceberg.view.ViewVersion;

/** Views, where the catalog has them. */
final class ViewRoutes {
    private final Catalog catalog;
    private final RestJson json;
    private final LocationPolicy policy;
    private final RequestLocations locations;
    private final StoredMetadata stored;

    ViewRoutes(Catalog catalog, RestJson json, LocationPolicy policy) {
        this.catalog = catalog;
        this.json = json;
        this.policy = policy;
        this.locations = new RequestLocations(policy);
        this.stored = new StoredMetadata(catalog);
    }

    List<Route> routes() {
        if (!(catalog instanceof ViewCatalog)) {
            return List.of();
        }
        ViewCatalog views = (ViewCatalog) catalog;
        return List.of(
                new Route(Endpoint.V1_LIST_VIEWS, (request, names) -> list(views, request, names)),
                new Route(
                        Endpoint.V1_LOAD_VIEW,
                        (request, names) -> RestAnswer.of(json.write(CatalogHandlers.loadView(views, names.view())))),
                new Route(Endpoint.V1_VIEW_EXISTS, (request, names) -> {
                    CatalogHandlers.viewExists(views, names.view());
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_CREATE_VIEW, (request, names) -> {
                    CreateViewRequest asked = json.read(request.body(), CreateViewRequest.class);
                    locations.location(asked.location());
                    locations.properties(asked.properties());
                    requireSql(asked.viewVersion());
                    NamespaceRoutes.require(catalog, names.namespace());
                    return RestAnswer.of(json.write(CatalogHandlers.createView(views, names.namespace(), asked)));
                }),
                new Route(Endpoint.V1_UPDATE_VIEW, (request, names) -> {
                    UpdateTableRequest asked = json.read(request.body(), UpdateTableRequest.class);
                    List<String> existing = stored.viewLocations(views, names.view());
                    new RequestLocations(policy.with(existing)).updates(asked.updates());
                    asked.updates().stream()
                            .filter(MetadataUpdate.AddViewVersion.class::isInstance)
                            .forEach(update -> requireSql(((MetadataUpdate.AddViewVersion) update).viewVersion()));
                    return RestAnswer.of(json.write(CatalogHandlers.updateView(views, names.view(), asked)));
                }),
                new Route(Endpoint.V1_DELETE_VIEW, (request, names) -> {
                    CatalogHandlers.dropView(views, names.view());
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_RENAME_VIEW, (request, names) -> {
                    RenameTableRequest asked = json.read(request.body(), RenameTableRequest.class);
                    NamespaceRoutes.require(catalog, asked.destination().namespace());
                    CatalogHandlers.renameView(views, asked);
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_REGISTER_VIEW, (request, names) -> register(views, request, names)));
    }

    /** The library cannot write a representation of another kind, and fails for it as for a fault of its own. */
    private static void requireSql(ViewVersion version) {
        for (ViewRepresentation representation : version.representations()) {
            if (!(representation instanceof SQLViewRepresentation)) {
                throw new BadRequestException("A representation of the view is not of type 'sql'");
            }
        }
    }

    /** As for a table: the file is examined before it becomes a view, and once more after. */
    private RestAnswer register(ViewCatalog views, RestRequest request, PathNames names) {
        RegisterViewRequest asked = json.read(request.body(), RegisterViewRequest.class);
        locations.metadataFile(asked.metadataLocation());
        NamespaceRoutes.require(catalog, names.namespace());
        TableIdentifier name = TableIdentifier.of(names.namespace(), asked.name());
        if (views.viewExists(name)) {
            throw new AlreadyExistsException("View already exists: %s", name);
        }
        locations.view(stored.view(name, asked.metadataLocation()));
        LoadViewResponse registered = CatalogHandlers.registerView(views, names.namespace(), asked);
        try {
            locations.view(registered.metadata());
        } catch (FirnException replacedMeanwhile) {
            views.dropView(name);
            throw replacedMeanwhile;
        }
        return RestAnswer.of(json.write(registered));
    }

    private RestAnswer list(ViewCatalog views, RestRequest request, PathNames names) {
        Paging paging = Paging.of(request);
        return RestAnswer.of(json.write(
                paging.isAsked()
                        ? CatalogHandlers.listViews(views, names.namespace(), paging.token(), paging.size())
                        : CatalogHandlers.listViews(views, names.namespace())));
    }
}
