package io.firn.catalog.rest;

import io.firn.catalog.rest.IcebergRest.Route;
import java.util.List;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.ViewCatalog;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.requests.CreateViewRequest;
import org.apache.iceberg.rest.requests.RegisterViewRequest;
import org.apache.iceberg.rest.requests.RenameTableRequest;
import org.apache.iceberg.rest.requests.UpdateTableRequest;

/** Views, where the catalog has them. */
final class ViewRoutes {
    private final Catalog catalog;
    private final RestJson json;

    ViewRoutes(Catalog catalog, RestJson json) {
        this.catalog = catalog;
        this.json = json;
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
                    NamespaceRoutes.require(catalog, names.namespace());
                    return RestAnswer.of(json.write(CatalogHandlers.createView(views, names.namespace(), asked)));
                }),
                new Route(
                        Endpoint.V1_UPDATE_VIEW,
                        (request, names) -> RestAnswer.of(json.write(CatalogHandlers.updateView(
                                views, names.view(), json.read(request.body(), UpdateTableRequest.class))))),
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
                new Route(Endpoint.V1_REGISTER_VIEW, (request, names) -> {
                    RegisterViewRequest asked = json.read(request.body(), RegisterViewRequest.class);
                    NamespaceRoutes.require(catalog, names.namespace());
                    return RestAnswer.of(json.write(CatalogHandlers.registerView(views, names.namespace(), asked)));
                }));
    }

    private RestAnswer list(ViewCatalog views, RestRequest request, PathNames names) {
        Paging paging = Paging.of(request);
        return RestAnswer.of(json.write(
                paging.isAsked()
                        ? CatalogHandlers.listViews(views, names.namespace(), paging.token(), paging.size())
                        : CatalogHandlers.listViews(views, names.namespace())));
    }
}
