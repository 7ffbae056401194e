package io.firn.deploy.http;

import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.http.Shape.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.rest.Endpoint;

/**
 * The description of what is served to query engines, made of the endpoints that answer. Bodies are those of Iceberg's
 * own specification and not repeated; refusals are, because two hands write them: Iceberg's error model is the
 * catalog's, and what {@link Door} refuses is a problem document as everywhere.
 */
final class IcebergApi {
    private static final Pattern PARAMETER = Pattern.compile("\\{([^}]+)}");
    private static final String JSON = "application/json";
    private static final String TAG = "Iceberg REST catalog";

    private static final Shape FAILURE = Shape.of("IcebergFailure", "Why the catalog refused.")
            .field("message", Type.TEXT, "what is wrong")
            .field("type", Type.TEXT, "which of the protocol's errors, as NoSuchTableException")
            .field("code", Type.LONG, "HTTP status")
            .optional("stack", Type.listOf(Type.TEXT), "never sent");

    private static final Shape ERROR = Shape.of("IcebergError", "A refusal as clients of Iceberg's protocol read it.")
            .field("error", Type.of(FAILURE), "what it was");

    private static final Map<Integer, String> BY_THE_CATALOG = new TreeMap<>(Map.of(
            400, "the request is not one of the protocol",
            404, "there is no such namespace, table or view",
            406, "the catalog behind cannot do that",
            409, "it is there already, or somebody else's commit was first",
            422, "the request contradicts itself",
            500, "nobody knows what became of it",
            503, "the catalog does not answer, or too many requests wait for it; nothing was changed"));

    private static final List<Integer> BY_THE_DOOR = List.of(401, 403, 413, 429);

    private final IcebergRest rest;

    IcebergApi(IcebergRest rest) {
        this.rest = rest;
    }

    void collect(Map<String, Shape> shapes) {
        ERROR.collect(shapes);
    }

    /** By path and, in lower case, method. */
    Map<String, Map<String, Object>> paths() {
        Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
        add(paths, "GET", "/v1/config");
        for (Endpoint endpoint : rest.endpoints()) {
            add(paths, endpoint.httpMethod(), endpoint.path().replace("/{prefix}", ""));
        }
        return paths;
    }

    private static void add(Map<String, Map<String, Object>> paths, String method, String path) {
        paths.computeIfAbsent(IcebergRoutes.ROOT + path, each -> new LinkedHashMap<>())
                .put(method.toLowerCase(Locale.ROOT), operation(method, path));
    }

    private static Map<String, Object> operation(String method, String path) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("operationId", "iceberg-" + method.toLowerCase(Locale.ROOT) + path.replaceAll("[/{}]+", "-"));
        operation.put("summary", "as Iceberg's REST specification has it; where the configuration serves the catalog");
        operation.put("tags", List.of(TAG));
        List<Object> parameters = new ArrayList<>();
        Matcher names = PARAMETER.matcher(path);
        while (names.find()) {
            parameters.add(OpenApi.parameter(names.group(1), "path", true));
        }
        if (!parameters.isEmpty()) {
            operation.put("parameters", parameters);
        }
        if (method.equals("POST")) {
            operation.put("requestBody", Map.of("required", true, "content", OpenApi.content(JSON, object())));
        }
        operation.put("responses", responses(method, path));
        operation.put("security", List.of(Map.of("token", List.of())));
        return operation;
    }

    private static Map<String, Object> responses(String method, String path) {
        Map<String, Object> responses = new LinkedHashMap<>();
        if (isDoneSilently(method, path)) {
            responses.put("204", Map.of("description", "done, or there"));
        } else {
            responses.put("200", Map.of("description", "as specified", "content", OpenApi.content(JSON, object())));
        }
        BY_THE_CATALOG.forEach((status, why) -> responses.put(
                status.toString(), refusal(method, why, JSON, Type.of(ERROR).schema())));
        BY_THE_DOOR.forEach(status -> responses.put(
                status.toString(),
                refusal(
                        method,
                        OpenApi.refusal(status),
                        Problem.CONTENT_TYPE,
                        Type.of(Problem.SHAPE).schema())));
        return responses;
    }

    private static Map<String, Object> refusal(String method, String why, String type, Map<String, Object> schema) {
        return method.equals("HEAD")
                ? Map.of("description", why)
                : Map.of("description", why, "content", OpenApi.content(type, schema));
    }

    private static boolean isDoneSilently(String method, String path) {
        return method.equals("HEAD")
                || method.equals("DELETE")
                || path.endsWith("/rename")
                || path.endsWith("/metrics")
                || path.endsWith("/commit");
    }

    private static Map<String, Object> object() {
        return Type.OBJECT.schema();
    }
}
