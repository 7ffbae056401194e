package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.cli.FirnCommand;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.rig.Lake;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs on a real table of a real catalog. No broker is there: port 1 answers nobody, so an audit fails. */
class JobRoutesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private final Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Catalog catalog;
    private ServiceJobs jobs;
    private HttpService service;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        Path file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '127.0.0.1:1', default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                        + "catalog: " + lake
                        + "}\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n"
                        + "    schema: id long\n");
        Configuration configuration = assembly.configuration(file);
        catalog = Catalogs.open(configuration.catalog());
        new Tables(catalog)
                .openOrCreate(Assembly.request(java.util.Objects.requireNonNull(
                        Objects.requireNonNull(configuration.pipelines().get("orders")))));
        jobs = new ServiceJobs(configuration, catalog, assembly.jobs(catalog), assembly.clock());
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.routes = JobRoutes.of(jobs);
        service = HttpService.start(
                new HttpConfig("127.0.0.1:0", Optional.empty()),
                orders,
                Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));
    }

    @AfterEach
    void stop() {
        service.close();
        jobs.close();
    }

    @Test
    void a_compaction_is_begun_run_and_listed() throws Exception {
        HttpResponse<String> begun = post("/v1/tables/shop.orders/compactions", "{\"job\":\"rewrite\"}");
        assertThat(begun.statusCode()).isEqualTo(202);
        JsonNode job = awaitEnd(
                "/v1/compactions/" + JSON.readTree(begun.body()).path("id").asText());
        assertThat(job.path("state").asText()).isEqualTo("done");
        assertThat(job.path("table").asText()).isEqualTo("shop.orders");
        assertThat(job.path("by").asText()).isEqualTo("somebody on this machine from 127.0.0.1");
        assertThat(job.path("result").path("end").asText()).isEqualTo("nothing");
        assertThat(get("/v1/compactions").body()).contains(job.path("id").asText());
    }

    @Test
    void an_audit_that_cannot_be_made_says_why() throws Exception {
        HttpResponse<String> begun = post("/v1/audits", "{\"pipeline\":\"orders\"}");
        assertThat(begun.statusCode()).isEqualTo(202);
        JsonNode audit =
                awaitEnd("/v1/audits/" + JSON.readTree(begun.body()).path("id").asText());
        assertThat(audit.path("state").asText()).isIn("failed", "done");
        assertThat(get("/v1/audits").body()).contains("\"pipeline\":\"orders\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/tables/shop.none/compactions   | {\"job\":\"rewrite\"}         | 404 | table-unknown",
                "/v1/tables/shop.orders/compactions | {\"job\":\"merge\"}           | 400 | job-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":\"tidy\"}            | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":7}                   | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | {}                            | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | []                            | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":\"rewrite\",\"x\":1} | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\"                      | 400 | body-invalid",
                "/v1/audits                         | {\"pipeline\":\"nowhere\"}    | 404 | pipeline-unknown",
            })
    void what_cannot_be_begun_is_refused_with_a_problem_document(String path, String body, int status, String code)
            throws Exception {
        HttpResponse<String> refused = post(path, body);
        assertThat(refused.statusCode()).isEqualTo(status);
        JsonNode problem = JSON.readTree(refused.body());
        assertThat(problem.path("code").asText()).isEqualTo(code);
        assertThat(problem.path("where").asText()).isNotEmpty();
        assertThat(problem.path("action").asText()).isNotEmpty();
    }

    @Test
    void a_job_that_nobody_knows_is_not_found() throws Exception {
        assertThat(get("/v1/compactions/none").statusCode()).isEqualTo(404);
        assertThat(get("/v1/audits/none").body()).contains("\"code\":\"audit-unknown\"");
    }

    @Test
    void the_command_line_waits_for_a_compaction_and_tells_its_result() {
        assertThat(firn("compact", "shop.orders", "--job", "expire")).isZero();
        assertThat(out.toString()).contains("expire of shop.orders: nothing; 0 files, 0 bytes, 0 rows became 0 files");
        assertThat(firn("compact", "shop.orders", "--job", "rewrite", "--json")).isZero();
        assertThat(out.toString()).contains("{\"job\":\"rewrite\",\"end\":\"nothing\"");
    }

    @Test
    void the_command_line_tells_what_the_service_does_not_do() {
        assertThat(firn("compact", "shop.order", "--job", "expire")).isEqualTo(2);
        assertThat(err.toString()).contains("firn: no pipeline writes a table of that name", "where: table shop.order");
        assertThat(firn("compact", "shop.orders", "--job", "expire", "--dry-run"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--dry-run needs --config");
        assertThat(firn("audit", "order")).isEqualTo(2);
        assertThat(err.toString()).contains("there is no pipeline order", "did you mean orders?");
    }

    private int firn(String... arguments) {
        String[] all = new String[arguments.length + 2];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "--url";
        all[arguments.length + 1] = "http://127.0.0.1:" + service.port();
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), all);
    }

    private JsonNode awaitEnd(String path) throws Exception {
        JsonNode job = JSON.readTree(get(path).body());
        while (!job.has("endedAt")) {
            Thread.onSpinWait();
            job = JSON.readTree(get(path).body());
        }
        return job;
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(uri(path))
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + service.port() + path);
    }
}
