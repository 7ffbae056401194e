package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Topics as they really are: transactions, compaction, new partitions, nothing at all, records without a value. */
@ExtendWith(SharedBroker.class)
class KafkaShapesIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Path LOGS = OsProcess.logs("shapes");

    @TempDir
    Path directory;

    private static BrokerProcess broker;
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
    void committed_transactions_are_rows_and_aborted_ones_are_not() {
        Stage stage = stage("transactions", 2, Map.of());
        try (OrderWriter writer = OrderWriter.transactional(broker.bootstrap(), "transactions")) {
            writer.begin().orders(0, 50).orders(1, 5).commit();
            writer.begin().orders(0, 30).abort();
            writer.begin().orders(0, 20).commit();
            writer.begin().orders(1, 10).abort();
        }
        runUntilDrained(stage, stage.config("firn"));
        assertThat(stage.verifier().verify().rows()).isEqualTo(75);
        assertThat(stage.audit(stage.config("firn")).exitCode()).isZero();
    }

    @Test
    void offsets_that_compaction_removed_are_no_gap() throws Exception {
        Stage stage = stage(
                "compacted",
                1,
                Map.of(
                        "cleanup.policy", "compact",
                        "segment.ms", "200",
                        "min.cleanable.dirty.ratio", "0.01",
                        "min.compaction.lag.ms", "0",
                        "delete.retention.ms", "60000"));
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "compacted")) {
            for (int n = 0; n < 200; n++) {
                writer.keyed(0, "key-" + n % 5, false);
            }
        }
        Eventually.pause(Duration.ofMillis(300));
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), "compacted")) {
            writer.keyed(0, "last", false);
        }
        Eventually.holds("compaction has removed records", SOON, () -> stage.verifier().kafkaOffsets().values().stream()
                .allMatch(offsets -> offsets.cardinality() < 100));
        runUntilDrained(stage, stage.config("firn"));
        assertThat(stage.audit(stage.config("firn")).exitCode()).isZero();
    }

    @Test
    void partitions_added_while_running_are_read_from_their_start() throws Exception {
        Stage stage = stage("growing", 2, Map.of());
        try (FirnProcess service =
                stage.service("growing", stage.config("firn")).start()) {
            write("growing", 0, 10);
            stage.awaitDrained(service);
            try (Admin admin = broker.admin()) {
                admin.createPartitions(Map.of("growing", NewPartitions.increaseTo(5)))
                        .all()
                        .get(20, TimeUnit.SECONDS);
            }
            write("growing", 4, 7);
            write("growing", 1, 3);
            stage.awaitDrained(service);
            assertThat(service.terminate()).isZero();
        }
        assertExact(stage, 20);
    }

    @Test
    void an_empty_topic_gets_a_ledger_and_later_its_rows() {
        Stage stage = stage("empty", 3, Map.of());
        try (FirnProcess service = stage.service("empty", stage.config("firn")).start()) {
            stage.awaitDrained(service);
            assertThat(stage.verifier().ledger()).isEqualTo(Map.of(0, 0L, 1, 0L, 2, 0L));
            write("empty", 2, 9);
            stage.awaitDrained(service);
            assertThat(service.terminate()).isZero();
        }
        assertExact(stage, 9);
    }

    @Test
    void records_without_a_value_are_counted_where_a_column_is_required() {
        Stage stage = stage("nulls_counted", 1, Map.of());
        tombstones("nulls_counted");
        try (FirnProcess service =
                stage.service("nulls_counted", stage.config("firn")).start()) {
            stage.awaitDrained(service);
            assertThat(service.terminate()).isZero();
        }
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.rows()).isEqualTo(2);
        assertThat(report.missing()).hasSize(3);
        assertThat(lake.table(stage.table()).snapshots())
                .extracting(snapshot -> snapshot.summary().getOrDefault("firn.skipped", ""))
                .anySatisfy(skipped -> assertThat(skipped)
                        .contains("nulls_counted")
                        .contains("null-value")
                        .contains("3"));
        assertThat(stage.audit(stage.config("firn")).exitCode()).isZero();
    }

    @Test
    void records_without_a_value_are_rows_where_every_column_may_be_null() {
        Stage stage = stage("nulls_kept", 1, Map.of());
        tombstones("nulls_kept");
        Path config = stage.config("firn", "schema: \"order_id string, quantity int\"");
        runUntilDrained(stage, config);
        assertThat(stage.verifier().verify().rows()).isEqualTo(5);
        assertThat(stage.audit(config).exitCode()).isZero();
    }

    private void tombstones(String topic) {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.keyed(0, "a", false)
                    .keyed(0, "a", true)
                    .keyed(0, "b", true)
                    .keyed(0, "c", false)
                    .keyed(0, "c", true);
        }
    }

    private Stage stage(String topic, int partitions, Map<String, String> settings) {
        broker.createTopic(topic, partitions, settings);
        System.out.println("[shapes] " + topic);
        return new Stage(broker, lake, directory, LOGS, topic);
    }

    private static void write(String topic, int partition, int count) {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(partition, count);
        }
    }

    private static void runUntilDrained(Stage stage, Path config) {
        stage.ingest(config);
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
    }

    private static void assertExact(Stage stage, long rows) {
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(rows);
    }
}
