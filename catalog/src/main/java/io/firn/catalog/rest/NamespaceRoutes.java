package io.firn.catalog.rest;

import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest.Route;
import java.util.List;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.rest.CatalogHandlers;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.RESTUtil;
import org.apache.iceberg.rest.requests.CreateNamespaceRequest;
import org.apache.iceberg.rest.requests.UpdateNamespacePropertiesRequest;

/** Namespaces, where the catalog has them. */
final class NamespaceRoutes {
    private final Catalog catalog;
    private final RestJson json;
    private final RequestLocations locations;

    NamespaceRoutes(Catalog catalog, RestJson json, LocationPolicy locations) {
        this.catalog = catalog;
        this.json = json;
        this.locations = new RequestLocations(locations);
    }

    /**
     * Requires that the namespace exists where the catalog has namespaces; some catalogs create what a table's name
     * implies.
     *
     * @throws NoSuchNamespaceException if it does not
     */
    static void require(Catalog catalog, Namespace namespace) {
        if (catalog instanceof SupportsNamespaces && !((SupportsNamespaces) catalog).namespaceExists(namespace)) {
            throw new NoSuchNamespaceException("Namespace does not exist: %s", namespace);
        }
    }

    List<Route> routes() {
        if (!(catalog instanceof SupportsNamespaces)) {
            return List.of();
        }
        SupportsNamespaces namespaces = (SupportsNamespaces) catalog;
        return List.of(
                new Route(Endpoint.V1_LIST_NAMESPACES, (request, names) -> list(namespaces, request)),
                new Route(Endpoint.V1_CREATE_NAMESPACE, (request, names) -> {
                    CreateNamespaceRequest asked = json.read(request.body(), CreateNamespaceRequest.class);
                    locations.properties(asked.properties());
                    return RestAnswer.of(json.write(CatalogHandlers.createNamespace(namespaces, asked)));
                }),
                new Route(
                        Endpoint.V1_LOAD_NAMESPACE,
                        (request, names) -> RestAnswer.of(
                                json.write(CatalogHandlers.loadNamespace(namespaces, names.namespace())))),
                new Route(Endpoint.V1_NAMESPACE_EXISTS, (request, names) -> {
                    CatalogHandlers.namespaceExists(namespaces, names.namespace());
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_DELETE_NAMESPACE, (request, names) -> {
                    CatalogHandlers.dropNamespace(namespaces, names.namespace());
                    return RestAnswer.done();
                }),
                new Route(Endpoint.V1_UPDATE_NAMESPACE, (request, names) -> {
                    UpdateNamespacePropertiesRequest asked =
                            json.read(request.body(), UpdateNamespacePropertiesRequest.class);
                    locations.properties(asked.updates());
                    return RestAnswer.of(json.write(
                            CatalogHandlers.updateNamespaceProperties(namespaces, names.namespace(), asked)));
                }));
    }

    private RestAnswer list(SupportsNamespaces namespaces, RestRequest request) {
        String parent = request.query().get("parent");
        Namespace below =
                parent == null || parent.isEmpty() ? Namespace.empty() : RESTUtil.namespaceFromQueryParam(parent);
        Paging paging = Paging.of(request);
        return RestAnswer.of(json.write(
                paging.isAsked()
                        ? CatalogHandlers.listNamespaces(namespaces, below, paging.token(), paging.size())
                        : CatalogHandlers.listNamespaces(namespaces, below)));
    }
}
