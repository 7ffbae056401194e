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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Topics as they really are: transactions, compaction, new partitions, nothing at all, records without a value. One
 * service reads them all, a pipeline each, since starting one for each would be most of the time.
 */
@ExtendWith(SharedBroker.class)
@Order(Integer.MAX_VALUE - 2)
class KafkaShapesIT {
    private static final Duration SOON = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("shapes");

    @TempDir
    static Path directory;

    private static BrokerProcess broker;
    private static Lake lake;
    private static Stage transactions;
    private static Stage compacted;
    private static Stage growing;
    private static Stage empty;
    private static Stage nullsCounted;
    private static Stage nullsKept;
    private static OsProcess audit;

    @BeforeAll
    static void runOneServiceOverAllShapes(BrokerProcess shared) throws Exception {
        broker = shared;
        lake = Lake.local(directory);
        transactions = stage("transactions", 2, Map.of());
        compacted = stage(
                "compacted",
                1,
                Map.of(
                        "cleanup.policy", "compact",
                        "segment.ms", "200",
                        "min.cleanable.dirty.ratio", "0.01",
                        "min.compaction.lag.ms", "0",
                        "delete.retention.ms", "60000"));
        growing = stage("growing", 2, Map.of());
        empty = stage("empty", 3, Map.of());
        nullsCounted = stage("nulls_counted", 1, Map.of());
        nullsKept = stage("nulls_kept", 1, Map.of());
        writeTransactions();
        writeAndCompact();
        tombstones(nullsCounted);
        tombstones(nullsKept);
        write(growing, 0, 10);

        List<Stage> all = List.of(transactions, compacted, growing, empty, nullsCounted, nullsKept);
        Map<Stage, List<String>> pipelines = new HashMap<>();
        all.forEach(stage -> pipelines.put(stage, List.of()));
        pipelines.put(nullsKept, List.of("schema: \"order_id string, quantity int\""));
        Path config = Stage.config("shapes", pipelines);
        try (FirnProcess service = growing.service("shapes", config).start()) {
            all.forEach(stage -> stage.awaitDrained(service));
            assertThat(empty.verifier().ledger()).isEqualTo(Map.of(0, 0L, 1, 0L, 2, 0L));
            try (Admin admin = broker.admin()) {
                admin.createPartitions(Map.of(growing.topic(), NewPartitions.increaseTo(5)))
                        .all()
                        .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            write(growing, 4, 7);
            write(growing, 1, 3);
            write(empty, 2, 9);
            all.forEach(stage -> stage.awaitDrained(service));
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        audit = FirnProcess.command("audit-shapes", LOGS, "audit", "--config", config.toString());
    }

    @Test
    void committed_transactions_are_rows_and_aborted_ones_are_not() {
        assertExact(transactions, 75);
    }

    @Test
    void offsets_that_compaction_removed_are_no_gap() {
        TableVerifier.Report report = compacted.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(report.records()).isBetween(6L, 100L);
    }

    @Test
    void partitions_added_while_running_are_read_from_their_start() {
        assertExact(growing, 20);
        assertThat(growing.verifier().ledger()).isEqualTo(Map.of(0, 10L, 1, 3L, 2, 0L, 3, 0L, 4, 7L));
    }

    /** That its ledger was there before its rows was seen while the service ran. */
    @Test
    void an_empty_topic_gets_a_ledger_and_later_its_rows() {
        assertExact(empty, 9);
    }

    @Test
    void records_without_a_value_are_counted_where_a_column_is_required() {
        TableVerifier.Report report = nullsCounted.verifier().verify();
        assertThat(report.rows()).isEqualTo(2);
        assertThat(report.missing()).hasSize(3);
        assertThat(lake.table(nullsCounted.table()).snapshots())
                .extracting(snapshot -> snapshot.summary().getOrDefault("firn.skipped", ""))
                .anySatisfy(skipped -> assertThat(skipped)
                        .contains("nulls_counted")
                        .contains("null-value")
                        .contains("3"));
    }

    @Test
    void records_without_a_value_are_rows_where_every_column_may_be_null() {
        assertExact(nullsKept, 5);
    }

    @Test
    void an_audit_without_a_name_finds_all_of_them_clean() {
        assertThat(audit.exitCode()).as(audit.output()).isZero();
        assertThat(audit.output())
                .contains(
                        "Audit of transactions: ",
                        "Audit of compacted: ",
                        "Audit of growing: ",
                        "Audit of empty: ",
                        "Audit of nulls_counted: ",
                        "Audit of nulls_kept: ");
    }

    private static void writeTransactions() {
        try (OrderWriter writer = OrderWriter.transactional(broker.bootstrap(), transactions.topic())) {
            writer.begin().orders(0, 50).orders(1, 5).commit();
            writer.begin().orders(0, 30).abort();
            writer.begin().orders(0, 20).commit();
            writer.begin().orders(1, 10).abort();
        }
    }

    private static void writeAndCompact() {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), compacted.topic())) {
            for (int n = 0; n < 200; n++) {
                writer.keyed(0, "key-" + n % 5, false);
            }
        }
        Eventually.pause(Duration.ofMillis(300));
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), compacted.topic())) {
            writer.keyed(0, "last", false);
        }
        Eventually.holds(
                "compaction has removed records", SOON, () -> compacted.verifier().kafkaOffsets().values().stream()
                        .allMatch(offsets -> offsets.cardinality() < 100));
    }

    private static void tombstones(Stage stage) {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), stage.topic())) {
            writer.keyed(0, "a", false)
                    .keyed(0, "a", true)
                    .keyed(0, "b", true)
                    .keyed(0, "c", false)
                    .keyed(0, "c", true);
        }
    }

    private static Stage stage(String topic, int partitions, Map<String, String> settings) {
        broker.createTopic(topic, partitions, settings);
        return new Stage(broker, lake, directory, LOGS, topic);
    }

    private static void write(Stage stage, int partition, int count) {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), stage.topic())) {
            writer.orders(partition, count);
        }
    }

    private static void assertExact(Stage stage, long rows) {
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(rows);
    }
}
