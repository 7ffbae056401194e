package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.Assembly;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.ingest.PipelineStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A catalog that takes every call and never answers. */
class HungCatalogTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** More than the server has threads. */
    private static final int REQUESTS = 300;

    private static final Map<String, String> BODIES = Map.of(
            "/v1/tables/{table}/compactions", "{\"job\":\"expire\"}",
            "/v1/audits", "{\"pipeline\":\"orders\"}",
            "/v1/backfills", "{\"pipeline\":\"orders\",\"mode\":\"replace\"}",
            "/v1/backfills/plan", "{\"pipeline\":\"orders\",\"mode\":\"replace\"}");

    @TempDir
    private static Path folder;

    private final CountDownLatch answering = new CountDownLatch(1);
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpService service = HttpService.start(
            new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), Optional.empty(), 10_000, true),
            new Hung(answering, file()),
            Clock.systemUTC(),
            HttpLimits.defaults().answeringWithin(Duration.ofMillis(200)));

    @AfterEach
    void stop() {
        answering.countDown();
        service.close();
    }

    @Test
    void takesNoThreadFromProbesMetricsStatusAndPage() {
        List<CompletableFuture<HttpResponse<String>>> hung = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
            String path = i % 2 == 0 ? "/iceberg/v1/namespaces" : "/v1/tables/shop.orders/ledger";
            hung.add(client.sendAsync(get(path), BodyHandlers.ofString()));
        }
        for (String path : List.of("/health/live", "/health/ready", "/metrics", "/v1/status", "/v1/tables", "/")) {
            assertThat(within(client.sendAsync(get(path), BodyHandlers.ofString()))
                            .statusCode())
                    .as(path)
                    .isEqualTo(200);
        }
        for (CompletableFuture<HttpResponse<String>> each : hung) {
            assertThat(within(each).statusCode()).isEqualTo(503);
        }
    }

    /** A route whose handler asks another system without being marked as such does not answer here. */
    @Test
    void holdsUpNoRoute() throws Exception {
        String description = within(client.sendAsync(get("/openapi.json"), BodyHandlers.ofString()))
                .body();
        for (Map.Entry<String, JsonNode> path :
                new ObjectMapper().readTree(description).path("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                String method = operation.getKey().toUpperCase(Locale.ROOT);
                String concrete = path.getKey()
                        .replace("{table}", "shop.orders")
                        .replace("{name}", "orders")
                        .replaceAll("\\{[a-z]+}", "x");
                HttpRequest request = HttpRequest.newBuilder(URI.create(url(concrete)))
                        .method(method, BodyPublishers.ofString(BODIES.getOrDefault(path.getKey(), "")))
                        .build();
                assertThat(within(client.sendAsync(request, BodyHandlers.ofString()))
                                .statusCode())
                        .as("%s %s", method, concrete)
                        .isNotZero();
            }
        }
    }

    @Test
    void isNamedWithTheAgeOfWhatIsKnown() throws Exception {
        HttpResponse<String> answer = client.send(get("/v1/tables/shop.orders/ledger"), BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body())
                .contains("no-answer-in-time", "has not answered for 200 ms", "GET /v1/tables/shop.orders/ledger")
                .contains("no table was read yet");
    }

    @Test
    void leavesTheOutcomeOfAnEnginesChangeUnknown() throws Exception {
        HttpRequest change = HttpRequest.newBuilder(URI.create(url("/iceberg/v1/namespaces")))
                .POST(BodyPublishers.ofString("{\"namespace\":[\"shop\"],\"properties\":{}}"))
                .build();
        HttpResponse<String> answer = client.send(change, BodyHandlers.ofString());
        // Iceberg's clients repeat what gets 503 as if nothing had happened.
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("\"error\"", "may still take effect");
    }

    private static Path file() {
        try {
            return Files.writeString(
                    folder.resolve("firn.yaml"),
                    "kafka: {bootstrap.servers: '" + ClosedPort.address() + "'}\n"
                            + "catalog: {type: jdbc, uri: 'jdbc:sqlite::memory:', warehouse: /nowhere}\n"
                            + "pipelines: {orders: {topics: [orders], table: shop.orders, schema: id long}}\n");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static HttpResponse<String> within(CompletableFuture<HttpResponse<String>> answer) {
        return answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private HttpRequest get(String path) {
        return HttpRequest.newBuilder(URI.create(url(path))).build();
    }

    private String url(String path) {
        return "http://127.0.0.1:" + service.port() + path;
    }

    private record Hung(CountDownLatch answering, Path file) implements Running {
        @Override
        public Table table(String name) {
            throw await();
        }

        @Override
        public Optional<IcebergRest> iceberg() {
            return Optional.of(new IcebergRest(
                    catalog(), Map.of(), LocationPolicy.of(Optional.empty(), List.of()), Clock.systemUTC()));
        }

        @Override
        public List<Route> routes() {
            Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
            Configuration configuration = assembly.configuration(file);
            Catalog catalog = catalog();
            ServiceJobs jobs =
                    new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock());
            List<Route> routes = new ArrayList<>(JobRoutes.of(jobs));
            routes.addAll(BackfillRoutes.of(assembly.backfills(configuration, catalog, PipelineStates.none())
                    .desk()));
            return routes;
        }

        private Catalog catalog() {
            return (Catalog) Proxy.newProxyInstance(
                    HungCatalogTest.class.getClassLoader(),
                    Stream.of(Catalog.class, SupportsNamespaces.class).toArray(Class<?>[]::new),
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("name")) {
                            return "hung";
                        }
                        throw await();
                    });
        }

        private IllegalStateException await() {
            try {
                answering.await();
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
            }
            return new IllegalStateException("the catalog never answered");
        }

        @Override
        public List<PipelineStatus> pipelines() {
            return List.of();
        }

        @Override
        public void pause(String pipeline) {
            throw HttpService.unknown(pipeline, List.of());
        }

        @Override
        public void resume(String pipeline) {
            throw HttpService.unknown(pipeline, List.of());
        }

        @Override
        public void restart(String pipeline) {
            throw HttpService.unknown(pipeline, List.of());
        }
    }
}
