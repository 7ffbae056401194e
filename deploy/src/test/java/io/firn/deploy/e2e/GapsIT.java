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
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What Kafka no longer holds is told, and nothing goes on in silence. */
@ExtendWith(SharedBroker.class)
@Order(3)
class GapsIT {
    private static final Duration SOON = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("gaps");

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
    void offsets_lost_to_retention_stop_the_pipeline_or_are_recorded() throws Exception {
        Stage stage = stage("retention");
        write("retention", 30);
        stage.ingest(stage.config("firn"));
        write("retention", 100);
        try (Admin admin = broker.admin()) {
            admin.deleteRecords(Map.of(new TopicPartition("retention", 0), RecordsToDelete.beforeOffset(80)))
                    .all()
                    .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        String told = runUntilItStops(stage);
        assertThat(told).contains("retention").contains("30").contains("80").contains("on-gap");

        stage.ingest(stage.config("firn", "on-gap: record"));
        assertThat(stage.verifier().verify().rows()).isEqualTo(30 + 50);
        assertThat(lake.table(stage.table()).snapshots())
                .extracting(snapshot -> snapshot.summary().getOrDefault("firn.gaps", ""))
                .anySatisfy(gaps ->
                        assertThat(gaps).contains("retention").contains("30").contains("80"));
        assertThat(stage.audit(stage.config("firn")).exitCode()).isZero();
    }

    @Test
    void a_topic_that_was_deleted_and_created_again_is_another_source() throws Exception {
        Stage stage = stage("again");
        write("again", 30);
        stage.ingest(stage.config("firn"));
        try (Admin admin = broker.admin()) {
            admin.deleteTopics(List.of("again")).all().get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            Eventually.holds(
                    "the topic is gone",
                    SOON,
                    () -> !admin.listTopics().names().get(5, TimeUnit.SECONDS).contains("again"));
        }
        broker.createTopic("again", 1, Map.of());
        write("again", 45);

        String told = runUntilItStops(stage);
        assertThat(told).contains("again").contains("on-gap");

        stage.ingest(stage.config("firn", "on-gap: record"));
        assertThat(stage.verifier().verify().rows()).isEqualTo(30 + 45);
        OsProcess audit = stage.audit(stage.config("firn"));
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
        assertThat(audit.output())
                .contains("of an earlier topic of this name", "No differences: 75 rows", "not verifiable");
        OsProcess strict = FirnProcess.command(
                "audit-strict",
                LOGS,
                "audit",
                "again",
                "--config",
                stage.config("firn").toString());
        assertThat(strict.exitCode()).as("not verifiable is not clean").isEqualTo(4);
    }

    @Test
    void a_topic_that_is_created_again_while_running_leaves_no_row_of_the_new_one_in_the_old_ledger() throws Exception {
        Stage stage = stage("swapped");
        write("swapped", 30);
        try (FirnProcess service =
                stage.service("swapped", stage.config("firn")).start()) {
            stage.awaitDrained(service);
            try (Admin admin = broker.admin()) {
                admin.deleteTopics(List.of("swapped")).all().get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
                Eventually.holds("the topic is gone", SOON, () -> !admin.listTopics()
                        .names()
                        .get(5, TimeUnit.SECONDS)
                        .contains("swapped"));
            }
            broker.createTopic("swapped", 1, Map.of());
            write("swapped", 45);
            Eventually.holds(
                    "the pipeline stops",
                    SOON,
                    () -> !service.isAlive() || service.outputSinceStart().contains("on-gap"),
                    service::tail);
        }
        assertThat(stage.verifier().ledger()).isEqualTo(Map.of(0, 30L));
        assertThat(stage.verifier().verify().rows()).isEqualTo(30);
    }

    private Stage stage(String topic) {
        broker.createTopic(topic, 1, Map.of());
        System.out.println("[gaps] " + topic);
        return new Stage(broker, lake, directory, LOGS, topic);
    }

    private static void write(String topic, int count) {
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(0, count);
        }
    }

    /** @return what it said */
    private static String runUntilItStops(Stage stage) {
        try (FirnProcess service =
                stage.service(stage.topic() + "-stops", stage.config("firn")).start()) {
            assertThat(service.process().awaitExit(SOON)).as(service.tail()).isTrue();
            assertThat(service.process().exitCode()).as(service.tail()).isNotZero();
            return service.outputSinceStart();
        }
    }
}
