package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.Catalogs;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.Tables;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.plan.JobKind;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.cli.FirnCommand;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.JobBoard;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.maintain.JobRun;
import io.firn.deploy.maintain.Results;
import io.firn.deploy.maintain.Scratch;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
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
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
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
    private Configuration configuration;
    private ServiceJobs jobs;
    private HttpService service;

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
        configuration = assembly.configuration(file);
        catalog = Catalogs.open(configuration.catalog());
        new Tables(catalog)
                .openOrCreate(Assembly.request(
                        Objects.requireNonNull(configuration.pipelines().get("orders"))));
        jobs = new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock());
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
                "/v1/tables/shop.orders/compactions | {\"job\":\"rewrite\",\"acceptMissing\":\"x\"} | 400 | body-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":\"merge\",\"acceptMissing\":[\"orders-0\"]}"
                        + " | 400 | span-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":\"merge\",\"acceptMissing\":[\"orders-0:70-70\"]}"
                        + " | 400 | span-invalid",
                "/v1/tables/shop.orders/compactions | {\"job\":\"rewrite\",\"acceptMissing\":[\"orders-0:50-70\"]}"
                        + " | 400 | job-invalid",
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
    void a_compaction_that_waits_is_cancelled_at_once_and_one_under_way_at_its_next_step() throws Exception {
        String first = hold();
        String second = id(post("/v1/tables/shop.orders/compactions", "{\"job\":\"rewrite\"}"));

        HttpResponse<String> waited = delete("/v1/compactions/" + second);
        assertThat(waited.statusCode()).isEqualTo(202);
        assertThat(waited.body())
                .contains("\"state\":\"cancelled\"", "\"cancelledBy\":\"somebody on this machine from 127.0.0.1\"")
                .doesNotContain("begunAt");
        HttpResponse<String> ending = delete("/v1/compactions/" + first);
        assertThat(ending.statusCode()).isEqualTo(202);
        assertThat(awaitEnd("/v1/compactions/" + first).path("state").asText()).isEqualTo("cancelled");

        String third = id(post("/v1/tables/shop.orders/compactions", "{\"job\":\"expire\"}"));
        assertThat(awaitEnd("/v1/compactions/" + third).path("state").asText())
                .as("the board goes on")
                .isEqualTo("done");
    }

    @Test
    void what_is_over_or_unknown_cannot_be_cancelled() throws Exception {
        String id = id(post("/v1/tables/shop.orders/compactions", "{\"job\":\"expire\"}"));
        awaitEnd("/v1/compactions/" + id);
        HttpResponse<String> over = delete("/v1/compactions/" + id);
        assertThat(over.statusCode()).isEqualTo(409);
        assertThat(over.body()).contains("\"code\":\"job-over\"", "it is over already: done");
        HttpResponse<String> unknown = delete("/v1/compactions/none");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).contains("\"code\":\"compaction-unknown\"");
    }

    @Test
    void a_rewrite_that_is_cancelled_after_it_copied_leaves_nothing_behind() throws Exception {
        Table table = catalog.loadTable(Tables.identifier("shop.orders"));
        for (int file = 0; file < 6; file++) {
            table.newAppend().appendFile(file(table, file)).commit();
        }
        Set<Path> before = files(table);
        AtomicInteger copied = new AtomicInteger();
        JobRecord job =
                jobs.compactions().submit("rewrite", "shop.orders", "a test", run -> rewrite(run, copied), end -> {});

        JsonNode ended = awaitEnd("/v1/compactions/" + job.id());
        assertThat(ended.path("state").asText()).isEqualTo("cancelled");
        assertThat(ended.path("result").path("end").asText()).isEqualTo("stopped");
        assertThat(copied).hasValue(before.size() + 1);
        assertThat(files(table)).isEqualTo(before);
        table.refresh();
        assertThat(table.currentSnapshot().summary()).containsEntry("total-data-files", "6");
    }

    /** Cancels itself by HTTP when one group of files is copied and not committed. */
    private JobRecord.Outcome rewrite(JobBoard.Run run, AtomicInteger copied) throws InterruptedException {
        try (Scratch scratch = Scratch.create()) {
            Job job = assembly.jobs(configuration, catalog)
                    .job(
                            JobKind.REWRITE,
                            jobs.tables().get(0),
                            Budget.UNLIMITED,
                            OrphanSettings.Effect.REMOVE,
                            JobProgress.NONE,
                            scratch.folder());
            AtomicInteger turns = new AtomicInteger();
            JobResult result = JobRun.toItsEnd(
                    job,
                    () -> {
                        if (turns.getAndIncrement() == 2) {
                            copied.set(files(catalog.loadTable(Tables.identifier("shop.orders")))
                                    .size());
                            jobs.compactions().all().forEach(each -> deleteUnchecked("/v1/compactions/" + each.id()));
                        }
                        return run.isEnding();
                    },
                    (millis, reason) -> {});
            return new JobRecord.Outcome(true, Results.json(result), "");
        }
    }

    private static DataFile file(Table table, long id) throws IOException {
        DataWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .build()
                .newDataWriter(
                        OutputFileFactory.builderFor(table, 0, id).build().newOutputFile(), table.spec(), null);
        try (writer) {
            Record row = GenericRecord.create(table.schema());
            row.setField("id", id);
            writer.write(row);
        }
        return writer.toDataFile();
    }

    private static Set<Path> files(Table table) {
        try (Stream<Path> all = Files.walk(Path.of(URI.create(table.location()).getPath(), "data"))) {
            return all.filter(path -> path.toString().endsWith(".parquet")).collect(Collectors.toSet());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** A job under way that ends when it is told to. */
    private String hold() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        JobRecord held = jobs.compactions()
                .submit(
                        "rewrite",
                        "shop.orders",
                        "a test",
                        run -> {
                            begun.countDown();
                            while (!run.isEnding()) {
                                run.await(Duration.ofMinutes(1));
                            }
                            return new JobRecord.Outcome(true, "{\"job\":\"rewrite\",\"end\":\"stopped\"}", "");
                        },
                        end -> {});
        assertThat(begun.await(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        return held.id();
    }

    @Test
    void the_command_line_cancels_a_compaction_and_waits_for_its_end() throws Exception {
        String id = hold();
        assertThat(firn("compact", "--cancel", id)).isZero();
        assertThat(out.toString()).contains("rewrite of shop.orders: cancelled; 0 files");
        assertThat(firn("compact", "--cancel", hold(), "--json")).isZero();
        assertThat(out.toString()).contains("\"state\":\"cancelled\"");
        assertThat(firn("compact", "--cancel", id)).isEqualTo(2);
        assertThat(err.toString()).contains("firn: it is over already: cancelled", "where: rewrite " + id);
        assertThat(firn("compact", "--cancel", "none")).isEqualTo(2);
        assertThat(err.toString()).contains("this process knows of no such compaction", "where: compaction none");
        assertThat(firn("compact", "shop.orders", "--cancel", id)).isEqualTo(2);
        assertThat(err.toString()).contains("--cancel stands alone");
        assertThat(firn("compact", "shop.orders")).isEqualTo(2);
        assertThat(err.toString()).contains("TABLE and --job=JOB, or --cancel=ID");
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
            // Within the rate that one address has.
            Eventually.pause(Duration.ofMillis(20));
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

    private HttpResponse<String> delete(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).DELETE().build(), BodyHandlers.ofString());
    }

    private void deleteUnchecked(String path) {
        try {
            delete(path);
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static String id(HttpResponse<String> begun) throws Exception {
        return JSON.readTree(begun.body()).path("id").asText();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + service.port() + path);
    }
}
