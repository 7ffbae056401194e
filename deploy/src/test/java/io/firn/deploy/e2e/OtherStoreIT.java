package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.HalfUploads;
import io.firn.catalog.HalfUploads.Effect;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.RegisteredTables;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.CephServer;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.KeyedRig;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.io.SupportsBulkOperations;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * An S3 server of another make, Ceph's: it ignores conditional requests and knows no checksums that nobody asked for.
 * {@code -Dfirn.ceph=true} asks for it;
 * skipped where Debian's packages for it are not installed.
 */
@ExtendWith(SharedBroker.class)
@EnabledIfSystemProperty(named = "firn.ceph", matches = "true")
final class OtherStoreIT {
    private static final String CHECKSUMS = "aws.requestChecksumCalculation";
    private static final int PARTITIONS = 3;
    private static final int KILLS = 2;

    /** Long enough that the last commit has settled. */
    private static final Duration LATER = Duration.ofMinutes(20);

    private static final Duration SOON = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("other-store");

    private static CephServer ceph;

    @TempDir
    private static Path servers;

    @TempDir
    private Path directory;

    @BeforeAll
    static void startServer() {
        String missing = CephServer.missing().orElse("");
        if (!missing.isEmpty()) {
            System.out.println("[other store] skipped: " + missing);
        }
        Assumptions.assumeTrue(missing.isEmpty(), missing);
        System.setProperty(CHECKSUMS, "when_required");
        ceph = CephServer.start(servers.resolve("ceph"), LOGS, "lake");
    }

    @AfterAll
    static void stopServer() {
        System.clearProperty(CHECKSUMS);
        if (ceph != null) {
            ceph.close();
        }
    }

    @Test
    void every_record_is_there_once_after_kills_and_what_nobody_references_is_listed_and_removed_in_bulk(
            BrokerProcess broker) throws Exception {
        broker.createTopic("ceph", PARTITIONS, Map.of());
        Stage stage = new Stage(broker, Lake.of("Ceph's store, SQLite catalog", properties()), directory, LOGS, "ceph");
        Path config = stage.config("firn", "partition-by: [day(placed_at)]", "maintenance: {interval: 2s}");
        long records;
        try (TopicProducer producer = TopicProducer.steady(
                        broker.bootstrap(), stage.topic(), PARTITIONS, 200, TopicProducer.FEW_DAYS);
                FirnProcess service = stage.service("ceph", config).with(CephServer.ENVIRONMENT)) {
            for (int kill = 0; kill < KILLS; kill++) {
                service.start();
                long before = rows(stage);
                Eventually.holds("it commits", SOON, () -> rows(stage) > before, service::tail);
                service.kill9();
                leaveAnOrphan(stage);
            }
            service.start();
            producer.close();
            records = producer.acknowledged();
            stage.awaitDrained(service);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();

        Table table = stage.lake().table(stage.table());
        List<String> orphans = stage.verifier().unreferencedFiles();
        assertThat(orphans).hasSizeGreaterThanOrEqualTo(KILLS);
        assertThat(orphanJob(table).reason()).isEqualTo("there is no orphan of that age");
        // Nobody's clock can be set back in this store: what the job does with old ones is done for it.
        ((SupportsBulkOperations) table.io()).deleteFiles(orphans);
        assertThat(stage.verifier().unreferencedFiles()).isEmpty();
        assertThat(HalfUploads.find(table.io(), table.location(), Instant.now().plusSeconds(60), Effect.ABORT))
                .hasValue(0);
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(records);
    }

    @Test
    void a_keyed_table_is_the_fold_of_what_was_staged() throws Exception {
        Catalog catalog = Catalogs.open(properties());
        try {
            KeyedRig keyed = new KeyedRig(catalog, "shop.keyed", 3, true, new Random(7));
            for (int round = 0; round < 3; round++) {
                keyed.stage(30);
                keyed.merge();
            }
            assertThat(keyed.rows()).isEqualTo(keyed.latest());
        } finally {
            ((AutoCloseable) catalog).close();
        }
    }

    /** Before a commit: what is younger than the last one may be somebody's work. */
    private static void leaveAnOrphan(Stage stage) throws IOException {
        Table table = stage.lake().table(stage.table());
        String name = "/data/orphan %s +ä.parquet".formatted(UUID.randomUUID());
        try (OutputStream object =
                table.io().newOutputFile(table.location() + name).create()) {
            object.write(new byte[100]);
        }
    }

    private Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>(Lake.sqlite(directory));
        properties.putAll(ceph.catalogProperties());
        properties.put("warehouse", "s3://lake/warehouse");
        return properties;
    }

    private static long rows(Stage stage) {
        return stage.verifier().head().ledger().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private JobResult orphanJob(Table table) throws IOException {
        OrphanJob job = new OrphanJob(
                new JobContext(
                        table,
                        Clock.offset(Clock.systemUTC(), LATER),
                        new Random(1),
                        JobProgress.NONE,
                        Files.createDirectories(directory.resolve("scratch"))),
                OrphanSettings.DEFAULTS,
                new DeletionGuard(
                        "shop.orders", RegisteredTables.NONE, Optional.empty(), List.of(), Clock.systemUTC()));
        JobTurn turn = job.turn();
        while (!(turn instanceof JobTurn.Ended)) {
            turn = job.turn();
        }
        return ((JobTurn.Ended) turn).result();
    }
}
