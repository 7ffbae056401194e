package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.http.HandlerType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The description of the interface, made of the same routes that answer: it cannot say anything else. */
final class OpenApi {
    private static final Pattern PARAMETER = Pattern.compile("\\{([^}]+)}");
    private static final String JSON = "application/json";

    private static final Map<Integer, String> REFUSALS = new TreeMap<>(Map.of(
            400, "the request is not one that is served",
            401, "missing or invalid bearer token",
            403, "the token's role may not do this, or a page of another site asks",
            404, "there is no such thing",
            409, "not now, because of something that is going on, or not any more, because it is over",
            413, "the body is too large",
            422, "the idempotency key came with another request before",
            429, "the caller or its address sends more requests than allowed, or too much is waiting",
            500, "the service met what it did not expect",
            503, "a system that it needs does not answer, or other requests take all the memory for bodies"));

    private OpenApi() {}

    /** The document, for all that is registered. */
    static String document(List<Route> routes, Optional<IcebergApi> iceberg, String version) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.0.3");
        document.put(
                "info",
                Map.of(
                        "title",
                        "Firn",
                        "version",
                        version,
                        "description",
                        "What a running service does, and a few things to ask of it. Errors are problem documents"
                                + " (RFC 9457). A POST with an Idempotency-Key takes effect once."));
        document.put("servers", List.of(Map.of("url", "/")));
        Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
        Map<String, Shape> shapes = new TreeMap<>();
        Problem.SHAPE.collect(shapes);
        for (Route route : routes) {
            route.takes().ifPresent(shape -> shape.collect(shapes));
            route.answers().shape().ifPresent(shape -> shape.collect(shapes));
            paths.computeIfAbsent(route.path(), path -> new LinkedHashMap<>())
                    .put(route.method().name().toLowerCase(Locale.ROOT), operation(route));
        }
        iceberg.ifPresent(api -> {
            api.collect(shapes);
            paths.putAll(api.paths());
        });
        document.put("paths", paths);
        Map<String, Object> schemas = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> schemas.put(name, shape.schema()));
        document.put(
                "components",
                Map.of(
                        "schemas",
                        schemas,
                        "securitySchemes",
                        Map.of("token", Map.of("type", "http", "scheme", "bearer"))));
        try {
            return new ObjectMapper().writeValueAsString(document);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("maps and texts can be written", impossible);
        }
    }

    private static Map<String, Object> operation(Route route) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("operationId", route.operation());
        operation.put("summary", route.summary());
        List<Object> parameters = new ArrayList<>();
        Matcher names = PARAMETER.matcher(route.path());
        while (names.find()) {
            parameters.add(parameter(names.group(1), "path", true));
        }
        if (route.method().equals(HandlerType.POST)) {
            parameters.add(parameter("Idempotency-Key", "header", false));
        }
        if (!parameters.isEmpty()) {
            operation.put("parameters", parameters);
        }
        route.takes()
                .ifPresent(shape -> operation.put(
                        "requestBody",
                        Map.of(
                                "required",
                                true,
                                "content",
                                content(JSON, Shape.Type.of(shape).schema()))));
        operation.put("responses", responses(route));
        if (!route.isOpen()) {
            operation.put("security", List.of(Map.of("token", List.of())));
        }
        return operation;
    }

    static Map<String, Object> parameter(String name, String in, boolean required) {
        return Map.of("name", name, "in", in, "required", required, "schema", Map.of("type", "string"));
    }

    private static Map<String, Object> responses(Route route) {
        Map<String, Object> responses = new LinkedHashMap<>();
        Map<String, Object> schema = route.answers()
                .shape()
                .map(shape -> Shape.Type.of(shape).schema())
                .orElse(Map.of());
        responses.put(
                Integer.toString(route.status()),
                Map.of(
                        "description",
                        route.summary(),
                        "content",
                        content(route.answers().mediaType(), schema)));
        Map<String, Object> problem =
                content(Problem.CONTENT_TYPE, Shape.Type.of(Problem.SHAPE).schema());
        for (int status : refusals(route)) {
            responses.put(
                    Integer.toString(status),
                    status == route.unwell()
                            ? Map.of("description", route.summary(), "content", content(JSON, schema))
                            : Map.of("description", refusal(status), "content", problem));
        }
        return responses;
    }

    static String refusal(int status) {
        return REFUSALS.getOrDefault(status, "refused");
    }

    private static Set<Integer> refusals(Route route) {
        Set<Integer> refusals = new TreeSet<>(List.of(400, 413, 429, 500));
        if (!route.isOpen()) {
            refusals.addAll(List.of(401, 403, 503));
        }
        if (route.unwell() > 0) {
            refusals.add(route.unwell());
        }
        if (route.path().indexOf('{') >= 0) {
            refusals.add(404);
        }
        if (route.isChange()) {
            refusals.addAll(List.of(409, 413, 422));
        }
        return refusals;
    }

    static Map<String, Object> content(String mediaType, Map<String, Object> schema) {
        return Map.of(mediaType, schema.isEmpty() ? Map.of() : Map.of("schema", schema));
    }
}
