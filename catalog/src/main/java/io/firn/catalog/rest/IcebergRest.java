package io.firn.catalog.rest;

import io.firn.catalog.location.LocationPolicy;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.responses.ConfigResponse;

/**
 * Any Iceberg catalog behind Iceberg's REST protocol, without a server: what carries requests is the caller's.
 *
 * <p>A commit is one swap of the table's metadata in the catalog behind, on the requirements that the client sent. So a
 * commit from here is as safe beside Firn's own as through any other REST catalog. Safe for use by several threads
 * where the catalog is.
 */
public final class IcebergRest {
    private static final String CONFIG = "/v1/config";
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;

    private final List<Route> routes = new ArrayList<>();
    private final RestJson json = new RestJson();
    private final RestFailures failures;
    private final String config;

    /**
     * Serves the catalog; closing it is the caller's.
     *
     * @param defaults properties that clients take unless they have their own, as {@code s3.endpoint}. Everyone who may
     *     ask sees them: no secrets
     * @param locations that requests may name
     */
    public IcebergRest(Catalog catalog, Map<String, String> defaults, LocationPolicy locations, Clock clock) {
        failures = new RestFailures(clock);
        routes.addAll(new NamespaceRoutes(catalog, json, locations).routes());
        routes.addAll(new TableRoutes(catalog, json, locations, clock).routes());
        routes.addAll(new ViewRoutes(catalog, json, locations).routes());
        this.config = json.write(ConfigResponse.builder()
                .withDefaults(new HashMap<>(defaults))
                .withEndpoints(routes.stream().map(Route::endpoint).toList())
                .build());
    }

    /** What is served, as the answer to {@code /v1/config} names it. */
    public List<Endpoint> endpoints() {
        return routes.stream().map(Route::endpoint).toList();
    }

    /** Answers; never throws. */
    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like
    public RestAnswer answer(RestRequest request) {
        try {
            return route(request);
        } catch (RuntimeException failure) {
            return failures.of(failure, request);
        }
    }

    /**
     * Returns whether a request changes something, and is no mere report of what an engine measured.
     *
     * @param path as in {@link RestRequest}
     */
    public boolean isChange(String method, String path) {
        return !method.equals("GET")
                && !method.equals("HEAD")
                && routes.stream()
                        .noneMatch(route -> route.endpoint().equals(Endpoint.V1_REPORT_METRICS)
                                && route.endpoint().httpMethod().equals(method)
                                && route.match(path).isPresent());
    }

    private RestAnswer route(RestRequest request) {
        if (request.path().equals(CONFIG) && request.method().equals("GET")) {
            return RestAnswer.of(config);
        }
        String allowed = "";
        for (Route each : routes) {
            Optional<PathNames> names = each.match(request.path());
            if (names.isPresent()) {
                if (each.endpoint().httpMethod().equals(request.method())) {
                    return each.handler().answer(request, names.get());
                }
                allowed += " " + each.endpoint().httpMethod();
            }
        }
        return allowed.isEmpty()
                ? RestFailures.answer(NOT_FOUND, "NoSuchRoute", "nothing is served at " + request.path())
                : RestFailures.answer(METHOD_NOT_ALLOWED, "MethodNotAllowed", request.path() + " takes" + allowed);
    }

    /** What a path names; answers a request. */
    interface Handler {
        RestAnswer answer(RestRequest request, PathNames names);
    }

    /** One endpoint and what answers it. Endpoints are written with a prefix, which this catalog does not use. */
    record Route(Endpoint endpoint, Handler handler) {
        Optional<PathNames> match(String path) {
            String[] template = endpoint.path().replace("/{prefix}", "").split("/", -1);
            String[] parts = path.split("/", -1);
            if (template.length != parts.length) {
                return Optional.empty();
            }
            Map<String, String> names = new TreeMap<>();
            for (int i = 0; i < parts.length; i++) {
                if (template[i].startsWith("{")) {
                    names.put(template[i].substring(1, template[i].length() - 1), parts[i]);
                } else if (!template[i].equals(parts[i])) {
                    return Optional.empty();
                }
            }
            return Optional.of(new PathNames(names));
        }
    }
}
