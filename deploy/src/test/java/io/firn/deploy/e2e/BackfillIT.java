package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TopicProducer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Backfills by a service that is killed, beside live ingestion, while others read. {@code
 * -Dfirn.backfill.records=1000000 -Dfirn.backfill.kills=3 -Dfirn.backfill.rate=5000} is the long form.
 */
@ExtendWith(SharedBroker.class)
@Order(4)
class BackfillIT {
    private static final int RECORDS = Integer.getInteger("firn.backfill.records", 4_000);
    private static final int PARTITIONS = 3;
    private static final int KILLS = Integer.getInteger("firn.backfill.kills", 1);
    /** Records a second that come in meanwhile. */
    private static final int RATE = Integer.getInteger("firn.backfill.rate", 100);

    private static final Duration LONG = Duration.ofMinutes(30);
    private static final Path LOGS = OsProcess.logs("backfill");

    private static BrokerProcess broker;

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private Lake lake;

    @BeforeAll
    static void useBroker(BrokerProcess shared) {
        broker = shared;
    }

    @BeforeEach
    void openLake() {
        lake = Lake.local(directory);
    }

    @Test
    void replaced_killed_and_run_again_beside_ingestion_no_reader_sees_a_row_missing_or_twice() throws Exception {
        Stage stage = stage("replaced");
        Path config = stage.config("firn");
        ingest(stage, config);
        FirnProcess service = stage.service("replaced", config);
        try (TopicProducer live = TopicProducer.steady(broker.bootstrap(), "replaced", PARTITIONS, RATE, 3);
                Reader reader = new Reader(stage)) {
            service.start();
            JsonNode backfill =
                    post(service, "{\"pipeline\":\"replaced\",\"mode\":\"replace\",\"chunk\":" + RECORDS / 8 + "}");
            String id = backfill.path("id").asText();
            for (int kill = 1; kill <= KILLS; kill++) {
                long before = backfill(service, id).path("chunks").asLong();
                awaitChunks(service, id, before + 1);
                service.kill9();
                service.start();
            }
            awaitEnd(service, id);
            JsonNode done = backfill(service, id);
            assertThat(done.path("state").asText()).as(done.toString()).isEqualTo("done");
            assertThat(done.path("replaced").asLong())
                    .isEqualTo(done.path("total").asLong());
            assertThat(done.path("added").asLong()).isZero();
            System.out.println("[backfill] " + done);

            String again = post(service, "{\"pipeline\":\"replaced\",\"mode\":\"replace\"}")
                    .path("id")
                    .asText();
            awaitEnd(service, again);
            JsonNode second = backfill(service, again);
            assertThat(second.path("added").asLong()).as(second.toString()).isZero();
            System.out.println("[backfill] again " + second);
            awaitMeasured(service, again, second.path("total").asLong());
            assertThat(live.acknowledged()).isPositive();
            reader.finish();
            assertThat(reader.wrong).isEmpty();
            assertThat(reader.looked).isGreaterThan(5);
            System.out.println("[backfill] reads " + reader.looked);
        }
        stage.awaitDrained(service);
        assertThat(service.terminate()).as(service.tail()).isZero();
        assertThat(stage.verifier().verify().isExact()).isTrue();
        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
    }

    @Test
    void missing_repairs_what_another_engine_deleted_and_a_branch_is_published_by_the_command_line() throws Exception {
        Stage stage = stage("repaired");
        Path config = stage.config("firn");
        ingest(stage, config);
        Table table = lake.table(stage.table());
        try (CloseableIterable<FileScanTask> files = table.newScan().planFiles()) {
            table.newDelete().deleteFile(files.iterator().next().file()).commit();
        }
        long left = stage.verifier().verify().rows();
        assertThat(left).isLessThan(RECORDS);
        try (FirnProcess service = stage.service("repaired", config).start()) {
            String url = service.url("");
            OsProcess started = FirnProcess.command(
                    "backfill-start",
                    LOGS,
                    "backfill",
                    "start",
                    "repaired",
                    "--mode",
                    "missing",
                    "--all",
                    "--url",
                    url,
                    "--json");
            assertThat(started.exitCode()).as(started.tail()).isZero();
            String id = new ObjectMapper()
                    .readTree(started.output().substring(started.output().indexOf('{')))
                    .path("id")
                    .asText();
            awaitEnd(service, id);
            JsonNode done = backfill(service, id);
            assertThat(done.path("added").asLong()).as(done.toString()).isEqualTo(RECORDS - left);
            assertThat(done.path("replaced").asLong()).isZero();
            onABranch(service, table, stage);
            audited(url);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        assertThat(stage.verifier().verify().isExact()).isTrue();
        assertThat(stage.audit(config).exitCode()).isZero();
    }

    /** Readers of main see nothing of it until it is published. */
    private void onABranch(FirnProcess service, Table table, Stage stage) {
        String id = post(
                        service,
                        "{\"pipeline\":\"repaired\",\"mode\":\"replace\",\"branch\":\"again\",\"chunk\":" + RECORDS / 3
                                + "}")
                .path("id")
                .asText();
        awaitEnd(service, id);
        assertThat(backfill(service, id).path("state").asText()).isEqualTo("ready");
        table.refresh();
        assertThat(table.snapshot("again").summary()).containsEntry("firn.backfill", id);
        assertThat(table.currentSnapshot().summary()).doesNotContainEntry("firn.backfill", id);
        assertThat(stage.verifier().verify().isExact()).isTrue();
        assertThat(FirnProcess.command("backfill-publish", LOGS, "backfill", "publish", id, "--url", service.url(""))
                        .exitCode())
                .isZero();
        Eventually.holds(
                "it is published",
                LONG,
                () -> backfill(service, id).path("state").asText().equals("done"));
        JsonNode published = backfill(service, id);
        assertThat(published.path("replaced").asLong()).as(published.toString()).isEqualTo(RECORDS);
        table.refresh();
        assertThat(table.refs()).containsOnlyKeys("main");
    }

    /** By the service, for a script. */
    private static void audited(String url) throws IOException {
        OsProcess audit = FirnProcess.command("backfill-audit", LOGS, "audit", "repaired", "--json", "--url", url);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
        JsonNode report = new ObjectMapper()
                .readTree(audit.output().substring(audit.output().indexOf('{')));
        assertThat(report.path("clean").asBoolean()).as(audit.tail()).isTrue();
        assertThat(report.path("effectiveRows").asLong()).isEqualTo(RECORDS);
    }

    private Stage stage(String topic) {
        broker.createTopic(topic, PARTITIONS, Map.of());
        TopicProducer.orders(broker.bootstrap(), topic, PARTITIONS, RECORDS);
        return new Stage(broker, lake, directory, LOGS, topic);
    }

    private static void ingest(Stage stage, Path config) {
        try (FirnProcess service = stage.service(stage.topic(), config).start()) {
            Eventually.holds("the table holds everything", LONG, stage.verifier()::isDrained, service::tail);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
    }

    private void awaitChunks(FirnProcess service, String id, long chunks) {
        Eventually.holds("chunk " + chunks, LONG, () -> {
            JsonNode backfill = backfill(service, id);
            return !backfill.path("state").asText().equals("running")
                    || backfill.path("chunks").asLong() >= chunks;
        });
    }

    private void awaitEnd(FirnProcess service, String id) {
        Eventually.holds(
                "the backfill ends",
                LONG,
                () -> !backfill(service, id).path("state").asText().equals("running"),
                () -> service.tail());
    }

    /** What Prometheus gets is what the thread that did it saw. */
    private void awaitMeasured(FirnProcess service, String id, long total) {
        String labels = "{backfill=\"" + id + "\",pipeline=\"replaced\",";
        Eventually.holds("the backfill's end is measured", Eventually.PATIENCE, () -> {
            String metrics = text(HttpRequest.newBuilder(URI.create(service.url("/metrics"))));
            return metrics.lines()
                            .anyMatch(line -> line.startsWith("firn_backfill_state" + labels + "state=\"done\"")
                                    && line.endsWith(" 1.0"))
                    && metrics.lines()
                            .anyMatch(line -> line.startsWith("firn_backfill_records_done" + labels)
                                    && Double.parseDouble(line.substring(line.lastIndexOf(' '))) == total);
        });
    }

    private JsonNode backfill(FirnProcess service, String id) {
        return send(HttpRequest.newBuilder(URI.create(service.url("/v1/backfills/" + id))));
    }

    private JsonNode post(FirnProcess service, String body) {
        return send(HttpRequest.newBuilder(URI.create(service.url("/v1/backfills")))
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private JsonNode send(HttpRequest.Builder request) {
        try {
            return new ObjectMapper().readTree(text(request));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private String text(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
            return answer.body();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    /** Reads whatever snapshot is the newest, over and over: below the ledger every offset has to be there once. */
    private static final class Reader implements AutoCloseable {
        private final Stage stage;
        private final CountDownLatch stopping = new CountDownLatch(1);
        private final Thread thread = new Thread(this::run, "reader");
        private final List<String> wrong = new ArrayList<>();
        private int looked;

        Reader(Stage stage) {
            this.stage = stage;
            thread.start();
        }

        private void run() {
            try {
                while (!stopping.await(50, TimeUnit.MILLISECONDS) && wrong.isEmpty()) {
                    look();
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } catch (IOException failed) {
                wrong.add(failed.toString());
            }
        }

        private void look() throws IOException {
            Table table = stage.lake().table(stage.table());
            Snapshot head = table.currentSnapshot();
            JsonNode next = new ObjectMapper()
                    .readTree(head.summary().get("firn.offsets"))
                    .path(stage.topic())
                    .path(stage.topic())
                    .path("next");
            Map<Integer, BitSet> seen = new HashMap<>();
            try (CloseableIterable<Record> rows = IcebergGenerics.read(table)
                    .useSnapshot(head.snapshotId())
                    .select("_source_partition", "_source_offset")
                    .build()) {
                for (Record row : rows) {
                    int offset = Math.toIntExact((Long) row.getField("_source_offset"));
                    BitSet offsets = seen.computeIfAbsent(
                            (Integer) row.getField("_source_partition"), partition -> new BitSet());
                    if (offsets.get(offset)) {
                        wrong.add("snapshot " + head.snapshotId() + ": " + offset + " is there twice");
                    }
                    offsets.set(offset);
                }
            }
            for (int partition = 0; partition < PARTITIONS; partition++) {
                int end = next.path(Integer.toString(partition)).asInt();
                int there = seen.getOrDefault(partition, new BitSet()).cardinality();
                if (there != end) {
                    wrong.add("snapshot " + head.snapshotId() + ", partition " + partition + ": " + there
                            + " rows, ledger " + end);
                }
            }
            looked++;
        }

        void finish() throws InterruptedException {
            stopping.countDown();
            thread.join();
        }

        @Override
        public void close() throws InterruptedException {
            finish();
        }
    }
}
