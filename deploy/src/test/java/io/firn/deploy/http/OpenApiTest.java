package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.Catalogs;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.Assembly;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.JobBoard;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.rig.Lake;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
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
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the interface says of itself, held against what it does. */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "geheim";
    private static final Map<String, String> BODIES = Map.of(
            "/v1/tables/{table}/compactions", "{\"job\":\"expire\"}",
            "/v1/audits", "{\"pipeline\":\"orders\"}",
            "/v1/backfills", "{\"pipeline\":\"orders\",\"mode\":\"replace\"}",
            "/v1/backfills/plan", "{\"pipeline\":\"orders\",\"mode\":\"replace\"}");

    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private Optional<ServiceJobs> jobs = Optional.empty();
    private Optional<HttpService> service = Optional.empty();
    private Optional<Backfills> backfills = Optional.empty();
    private String backfill = "";

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        Path file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '" + ClosedPort.address()
                        + "', default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                        + "catalog: " + lake
                        + "}\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n"
                        + "    schema: id long\n");
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        Configuration configuration = assembly.configuration(file);
        Catalog catalog = Catalogs.open(configuration.catalog());
        Table table = new Tables(catalog)
                .openOrCreate(Assembly.request(
                        Objects.requireNonNull(configuration.pipelines().get("orders"))));
        ServiceJobs made =
                new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock());
        jobs = Optional.of(made);
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.routes = Stream.of(
                        JobRoutes.of(made),
                        BackfillRoutes.of(assembly.backfills(configuration, catalog, PipelineStates.none())
                                .desk()))
                .flatMap(List::stream)
                .toList();
        orders.tables = made.tables();
        orders.iceberg = Optional.of(
                new IcebergRest(catalog, Map.of(), LocationPolicy.of(Optional.empty(), List.of()), assembly.clock()));
        orders.table = Optional.of(table);
        Backfills accepting = new Backfills(table, new SplittableRandom(2), assembly.clock());
        backfills = Optional.of(accepting);
        backfill = accepting
                .accept(new BackfillTask(
                        "orders",
                        "orders",
                        "topic-id",
                        BackfillMode.REPLACE,
                        new TreeMap<>(Map.of(0, new OffsetRange(5, 9))),
                        100,
                        List.of("offsets below 5 are not held any more"),
                        "a test",
                        assembly.clock().instant()))
                .id();
        // Every wrong token counts as many requests.
        HttpConfig config =
                new HttpConfig("127.0.0.1:0", Map.of("me", SECRET), Map.of(), Optional.empty(), 10_000, false);
        service = Optional.of(HttpService.start(config, orders, assembly.clock()));
    }

    @AfterEach
    void stop() {
        service.ifPresent(HttpService::close);
        jobs.ifPresent(ServiceJobs::close);
    }

    @Test
    void a_parser_of_others_finds_nothing_wrong_with_the_description() throws Exception {
        ParseOptions options = new ParseOptions();
        options.setResolve(true);
        SwaggerParseResult parsed =
                new OpenAPIV3Parser().readContents(get("/openapi.json").body(), null, options);
        assertThat(parsed.getMessages()).isEmpty();
        assertThat(parsed.getOpenAPI().getPaths())
                .containsKeys("/iceberg/v1/config", "/iceberg/v1/namespaces/{namespace}/tables/{table}")
                .containsKeys("/v1/status", "/v1/pipelines/{name}/pause", "/v1/audits/{id}", "/metrics", "/");
    }

    @Test
    void every_path_answers_with_the_status_type_and_shape_that_are_described() throws Exception {
        JsonNode document = JSON.readTree(get("/openapi.json").body());
        String compaction = begun("/v1/tables/shop.orders/compactions", "{\"job\":\"expire\"}");
        String audit = begun("/v1/audits", "{\"pipeline\":\"orders\"}");
        List<String> asked = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : own(document)) {
            String concrete = path.getKey()
                    .replace("{name}", "orders")
                    .replace("{table}", "shop.orders")
                    .replace("/compactions/{id}", "/compactions/" + compaction)
                    .replace("/audits/{id}", "/audits/" + audit)
                    .replace("/backfills/{id}", "/backfills/" + backfill);
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                String method = operation.getKey().toUpperCase(Locale.ROOT);
                if (method.equals("DELETE") && concrete.contains("/compactions/")) {
                    // The other one is over by now.
                    concrete = "/v1/compactions/" + held();
                }
                HttpResponse<String> answer = ask(method, concrete, BODIES.getOrDefault(path.getKey(), ""), SECRET);
                asked.add(method + " " + concrete);
                Described.check(document, operation.getValue(), answer, method + " " + concrete);
            }
        }
        assertThat(asked)
                .hasSizeGreaterThan(15)
                .contains(
                        "GET /v1/tables",
                        "POST /v1/audits",
                        "POST /v1/backfills",
                        "POST /v1/backfills/plan",
                        "GET /v1/backfills/" + backfill,
                        "DELETE /v1/backfills/" + backfill,
                        "POST /v1/backfills/" + backfill + "/publish")
                .anyMatch(each -> each.startsWith("DELETE /v1/compactions/"));
    }

    /** A compaction that is there to be cancelled. */
    private String held() {
        return jobs.orElseThrow()
                .compactions()
                .submit(
                        "rewrite",
                        "shop.orders",
                        "a test",
                        run -> {
                            while (!run.isEnding()) {
                                run.await(Duration.ofMinutes(1));
                            }
                            return new JobRecord.Outcome(true, "{}", "");
                        },
                        over -> {})
                .id();
    }

    @Test
    void what_is_over_is_refused_in_the_shape_that_is_described() throws Exception {
        JsonNode document = JSON.readTree(get("/openapi.json").body());
        for (String path : List.of("/v1/backfills/{id}", "/v1/compactions/{id}")) {
            String id = path.contains("backfills") ? failedBackfill() : cancelledCompaction();
            HttpResponse<String> over = ask("DELETE", path.replace("{id}", id), "", SECRET);
            assertThat(over.statusCode()).as(over.body()).isEqualTo(409);
            Described.check(document, document.path("paths").path(path).path("delete"), over, path);
        }
    }

    private String cancelledCompaction() {
        JobBoard compactions = jobs.orElseThrow().compactions();
        held();
        String waiting = held();
        compactions.cancel(waiting, "a test");
        return waiting;
    }

    private String failedBackfill() {
        backfills.orElseThrow().fail(backfill, "a record cannot be read");
        return backfill;
    }

    @Test
    void every_refusal_has_the_shape_that_is_described() throws Exception {
        JsonNode document = JSON.readTree(get("/openapi.json").body());
        for (Map.Entry<String, JsonNode> path : own(document)) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                String method = operation.getKey().toUpperCase(Locale.ROOT);
                String concrete = path.getKey().replaceAll("\\{[a-z]+}", "nowhere");
                if (operation.getValue().has("security")) {
                    HttpResponse<String> stranger = ask(method, concrete, "", "falsch");
                    assertThat(stranger.statusCode()).as(concrete).isEqualTo(401);
                    Described.check(document, operation.getValue(), stranger, concrete);
                }
                if (path.getKey().contains("{")) {
                    HttpResponse<String> nothing =
                            ask(method, concrete, BODIES.getOrDefault(path.getKey(), ""), SECRET);
                    assertThat(nothing.statusCode()).as(concrete).isEqualTo(404);
                    Described.check(document, operation.getValue(), nothing, concrete);
                }
            }
        }
    }

    private static List<Map.Entry<String, JsonNode>> own(JsonNode document) {
        return document.path("paths").properties().stream()
                .filter(path -> !path.getKey().startsWith("/iceberg"))
                .toList();
    }

    private String begun(String path, String body) throws Exception {
        HttpResponse<String> answer = ask("POST", path, body, SECRET);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        return JSON.readTree(answer.body()).path("id").asText();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return ask("GET", path, "", SECRET);
    }

    private HttpResponse<String> ask(String method, String path, String body, String token) throws Exception {
        int port = service.orElseThrow().port();
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .header("Authorization", "Bearer " + token)
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
