package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.HalfUploads;
import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FaultyS3;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.S3ProxyProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * An object store that has bad days, in front of a real S3 server. All that Firn writes goes that way, the table's
 * metadata too. {@code -Dfirn.store.seconds=60} is the long form.
 */
@ExtendWith(SharedBroker.class)
@Order(Integer.MAX_VALUE - 1)
final class StoreFaultsIT {
    private static final int PARTITIONS = 4;
    private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("firn.store.seconds", 6));
    private static final Duration RECOVERY = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("store-faults");

    /** Fewer than it takes: what the client does not mend by itself, Firn must. */
    private static final Map<String, String> IMPATIENT =
            Map.of("s3.retry.num-retries", "1", "s3.retry.min-wait-ms", "100", "s3.retry.max-wait-ms", "400");

    private static BrokerProcess broker;
    private static S3ProxyProcess s3;
    private static FaultyS3 faulty;

    @TempDir
    private static Path servers;

    @TempDir
    private Path directory;

    @BeforeAll
    static void startServers(BrokerProcess shared) {
        broker = shared;
        s3 = S3ProxyProcess.start(servers.resolve("s3"), LOGS, "lake");
        faulty = FaultyS3.before(s3);
    }

    @AfterAll
    static void stopServers() {
        faulty.close();
        s3.close();
    }

    @Test
    void a_store_that_throttles_cuts_uploads_and_lists_late_costs_no_record_and_doubles_none() throws Exception {
        Stage stage = stage("store_faults");
        Path config = faultyConfig(stage, "workers: 2", "partition-by: [day(placed_at)]");
        TableVerifier verifier = stage.verifier();
        long records;
        try (TopicProducer producer = TopicProducer.steady(
                        broker.bootstrap(), stage.topic(), PARTITIONS, 200, TopicProducer.FEW_DAYS);
                FirnProcess service = stage.service(stage.topic(), config).start()) {
            awaitProgress(verifier, service, Map.of());

            faulty.throttle();
            Eventually.pause(AWAY);
            Eventually.holds("requests are refused", RECOVERY, () -> faulty.throttled() > 3);
            Map<Integer, Long> before = verifier.ledger();
            faulty.calm();
            awaitProgress(verifier, service, before);

            before = verifier.ledger();
            faulty.cutOneUploadIn(10);
            faulty.answerLate(Duration.ofMillis(50));
            Eventually.pause(AWAY);
            Eventually.holds("uploads are cut", RECOVERY, () -> faulty.cut() > 1, service::tail);
            awaitProgress(verifier, service, before);

            producer.close();
            records = producer.acknowledged();
            stage.awaitDrained(service);
            faulty.calm();
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        assertExact(stage, records);
        say("throttled " + faulty.throttled() + ", cut " + faulty.cut() + ", files that no snapshot references "
                + verifier.unreferencedFiles().size());

        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
        assertThat(halfUploads(stage)).isZero();
        makeAllOld();
        faulty.hideFromListings(Duration.ofDays(9));
        assertThat(collectOrphans(stage).count("orphans")).isZero();
        assertThat(faulty.listings()).isPositive();
        faulty.calm();
        collectOrphans(stage);
        assertThat(verifier.unreferencedFiles()).isEmpty();
        assertExact(stage, records);
    }

    @Test
    void a_process_that_is_killed_during_an_upload_in_parts_leaves_parts_that_the_orphan_job_removes()
            throws Exception {
        Stage stage = stage("store_parts");
        Path config = faultyConfig(stage, "schema: \"n long, text string\"", "commit: {interval: 5s}");
        long records = 40;
        sendLarge(stage.topic(), (int) records);
        try (FirnProcess service = stage.service(stage.topic(), config).start()) {
            Eventually.holds(
                    "a file goes up in parts",
                    RECOVERY,
                    () -> faulty.partUploads() > 0 && holdUploads(),
                    service::tail);
            service.kill9();
        }
        faulty.calm();
        assertThat(halfUploads(stage)).isPositive();

        stage.ingest(config);
        assertExact(stage, records);
        makeAllOld();
        assertThat(collectOrphans(stage).count("half-uploads")).isPositive();
        assertThat(halfUploads(stage)).isZero();
        assertExact(stage, records);
    }

    /** A part that is on its way is not completed any more. */
    private static boolean holdUploads() {
        faulty.answerLate(Duration.ofSeconds(30));
        return true;
    }

    private Stage stage(String topic) throws IOException {
        broker.createTopic(topic, PARTITIONS, Map.of());
        Path folder = Files.createDirectories(directory.resolve(topic));
        return new Stage(broker, lake(folder, s3.catalogProperties()), folder, LOGS, topic);
    }

    private Path faultyConfig(Stage stage, String... lines) {
        Lake way = lake(stage.directory(), faulty.catalogProperties());
        return new Stage(broker, way, stage.directory(), LOGS, stage.topic()).config("firn", lines);
    }

    private static Lake lake(Path folder, Map<String, String> store) {
        Map<String, String> properties = new HashMap<>(Lake.sqlite(folder));
        properties.putAll(store);
        properties.putAll(IMPATIENT);
        properties.put("s3.multipart.part-size-bytes", Integer.toString(5 << 20));
        properties.put("s3.multipart.threshold", "1.0");
        properties.put("warehouse", "s3://lake/warehouse");
        return Lake.of("S3 store on a bad day, SQLite catalog", properties);
    }

    private static void sendLarge(String topic, int count) {
        Random random = new Random(1);
        byte[] noise = new byte[150_000];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = 0; n < count; n++) {
                random.nextBytes(noise);
                String value =
                        "{\"n\":" + n + ",\"text\":\"" + Base64.getEncoder().encodeToString(noise) + "\"}";
                producer.send(new ProducerRecord<>(topic, 0, null, value.getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private static int halfUploads(Stage stage) {
        Table table = stage.lake().table(stage.table());
        return HalfUploads.find(table.io(), table.location(), Instant.now().plusSeconds(60), HalfUploads.Effect.COUNT)
                .orElseThrow();
    }

    /** By the way that has faults. */
    private JobResult collectOrphans(Stage stage) throws Exception {
        Catalog catalog = Catalogs.open(
                lake(stage.directory(), faulty.catalogProperties()).properties());
        try {
            OrphanJob job = new OrphanJob(
                    new JobContext(
                            catalog.loadTable(TableIdentifier.parse(stage.table())),
                            Clock.offset(Clock.systemUTC(), Duration.ofHours(12)),
                            new Random(1),
                            JobProgress.NONE,
                            Files.createDirectories(directory.resolve("scratch"))),
                    OrphanSettings.DEFAULTS.withSafetyAge(Duration.ofHours(6)),
                    DeletionGuard.of(catalog, stage.table(), Clock.systemUTC()));
            while (true) {
                JobTurn turn = job.turn();
                if (turn instanceof JobTurn.Ended) {
                    return ((JobTurn.Ended) turn).result();
                }
            }
        } finally {
            ((AutoCloseable) catalog).close();
        }
    }

    private static void makeAllOld() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        try (Stream<Path> all = Files.walk(servers.resolve("s3/store"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(file, old);
            }
        }
    }

    private static void assertExact(Stage stage, long records) {
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(records);
    }

    private static void awaitProgress(TableVerifier verifier, FirnProcess service, Map<Integer, Long> before) {
        Eventually.holds(
                "every partition moves on",
                RECOVERY,
                () -> {
                    assertThat(service.isAlive()).as("alive").isTrue();
                    Map<Integer, Long> now = verifier.ledger();
                    return now.size() == PARTITIONS
                            && now.entrySet().stream()
                                    .allMatch(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L));
                },
                service::tail);
    }

    private static void say(String text) {
        System.out.println("[store] " + text);
    }
}
