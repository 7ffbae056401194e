package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.config.CertificateRoles;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.config.Tokens;
import io.javalin.http.HandlerType;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every route that a running service describes, asked by every role and by callers without one. */
class RolesTest {
    private static final String OPERATOR = "operators-secret-0001";
    private static final String WRITER = "writers-secret-00002";
    private static final String READER = "readers-secret-00003";
    private static final Set<String> OPEN = Set.of("/", "/page.css", "/page.js", "/health/live", "/health/ready");

    /** Bodies that no route takes: a caller who may ask is told so, and nothing is done. */
    private static final String NO_REQUEST = "[]";

    /** What a caller proves: at most one of the two is there. */
    private record Proof(String token, String certificate) {}

    private static final Map<String, Proof> CALLERS = new LinkedHashMap<>();

    static {
        CALLERS.put("none", new Proof("", ""));
        CALLERS.put("wrong", new Proof("guessed-secret-00004", ""));
        CALLERS.put("reader", new Proof(READER, ""));
        CALLERS.put("writer", new Proof(WRITER, ""));
        CALLERS.put("operator", new Proof(OPERATOR, ""));
        CALLERS.put("reader by certificate", new Proof("", "reader"));
        CALLERS.put("writer by certificate", new Proof("", "writer"));
        CALLERS.put("operator by certificate", new Proof("", "operator"));
        CALLERS.put("unnamed certificate", new Proof("", "unnamed"));
        CALLERS.put("revoked certificate", new Proof("", "revoked"));
    }

    /** By the name of their certificate. */
    private static final Map<String, HttpClient> CLIENTS = new HashMap<>();

    private static final InMemoryCatalog CATALOG = new InMemoryCatalog();
    private static ServedOrders described;
    private static HttpService service;

    /** The routes of a whole service, answered by handlers that only note that they were reached. */
    @BeforeAll
    static void start(@TempDir java.nio.file.Path folder) throws Exception {
        CATALOG.initialize("test", Map.of());
        described = new ServedOrders(folder);
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.routes = described.routes().stream().map(RolesTest::reached).toList();
        orders.iceberg = Optional.of(
                new IcebergRest(CATALOG, Map.of(), LocationPolicy.of(Optional.empty(), List.of()), Clock.systemUTC()));
        TestAuthority authority = new TestAuthority(Files.createDirectory(folder.resolve("tls")));
        authority.issue("reader", "CN=reader,O=Firn");
        authority.issue("writer", "CN=writer,O=Firn", "san=dns:trino.firn");
        authority.issue("operator", "CN=operator,O=Firn");
        authority.issue("revoked", "CN=operator,O=Firn");
        authority.issue("unnamed", "CN=operator,O=Firn,C=DE", "san=dns:trino.firn.example");
        for (Proof proof : CALLERS.values()) {
            CLIENTS.put(proof.certificate(), authority.client(proof.certificate()));
        }
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0",
                new Tokens(Map.of("op", OPERATOR), Map.of("trino", WRITER), Map.of("grafana", READER)),
                Optional.of(authority.tls(
                        Optional.of(authority.revoke("ca.crl", "-1H", "revoked")),
                        new CertificateRoles(
                                TestAuthority.names("CN=operator,O=Firn"),
                                TestAuthority.names("DNS:trino.firn"),
                                TestAuthority.names("CN=reader,O=Firn")))),
                1_000_000,
                true,
                List.of());
        service = HttpService.start(config, orders, Clock.systemUTC());
    }

    private static Route reached(Route route) {
        return new Route(
                route.method(),
                route.path(),
                route.operation(),
                route.summary(),
                Optional.empty(),
                route.status(),
                route.answers(),
                route.unwell(),
                route.isOpen(),
                route.asks(),
                call -> "{}");
    }

    @AfterAll
    static void stop() throws Exception {
        service.close();
        described.close();
        CATALOG.close();
    }

    @Test
    void everyRoleReachesWhatItMayAndNothingElse() throws Exception {
        List<String> wrong = new ArrayList<>();
        int asked = 0;
        for (Map.Entry<String, List<String>> path : paths().entrySet()) {
            for (String method : path.getValue()) {
                for (Map.Entry<String, Proof> role : CALLERS.entrySet()) {
                    int status = status(method, path.getKey().replaceAll("\\{[^}]+}", "x"), role.getValue());
                    int expected = refusal(role.getKey(), method, path.getKey());
                    boolean isRefused = status == 401 || status == 403;
                    if (expected == 0 ? isRefused : status != expected) {
                        wrong.add(role.getKey() + " " + method + " " + path.getKey() + ": " + status);
                    }
                    asked++;
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(asked).as("routes, methods and roles").isGreaterThan(1_200);
    }

    /** Every path of the description, with its methods, and with methods that it does not have. */
    private static Map<String, List<String>> paths() throws Exception {
        JsonNode described = new ObjectMapper()
                .readTree(send("GET", "/openapi.json", new Proof(READER, "")).body());
        Map<String, List<String>> paths = new LinkedHashMap<>();
        described.path("paths").fieldNames().forEachRemaining(path -> paths.put(path, METHODS));
        assertThat(paths).containsKeys("/v1/status", "/v1/backfills/{id}", "/iceberg/v1/transactions/commit");
        Stream.of("/iceberg", "/iceberg/", "/icebergs", "/v1", "/nowhere", "/page.js/x")
                .forEach(path -> paths.put(path, METHODS));
        return paths;
    }

    private static final List<String> METHODS =
            List.of(HandlerType.GET.name(), "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS");

    /** What the threat model says, written down once more: 0 where the request is let through. */
    private static int refusal(String role, String method, String path) {
        boolean reads = method.equals("GET") || method.equals("HEAD");
        if (reads && OPEN.contains(path) || path.startsWith("/health/") && OPEN.contains(path)) {
            return 0;
        }
        if (role.equals("none") || role.equals("wrong")) {
            return 401;
        }
        if (role.equals("unnamed certificate") || role.equals("revoked certificate")) {
            return 403;
        }
        boolean ofCatalog = path.startsWith("/iceberg/");
        boolean isReport =
                method.equals("POST") && path.equals("/iceberg/v1/namespaces/{namespace}/tables/{table}/metrics");
        boolean may =
                switch (role) {
                    case "reader", "reader by certificate" -> reads || isReport;
                    case "writer", "writer by certificate" -> ofCatalog;
                    default -> true;
                };
        return may ? 0 : 403;
    }

    private static int status(String method, String path, Proof proof) throws Exception {
        return send(method, path, proof).statusCode();
    }

    private static HttpResponse<String> send(String method, String path, Proof proof) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + service.port() + path))
                .method(
                        method,
                        List.of("POST", "PUT", "PATCH").contains(method)
                                ? BodyPublishers.ofString(NO_REQUEST)
                                : BodyPublishers.noBody());
        if (!proof.token().isEmpty()) {
            request.header("Authorization", "Bearer " + proof.token());
        }
        return Objects.requireNonNull(CLIENTS.get(proof.certificate())).send(request.build(), BodyHandlers.ofString());
    }
}
