package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FakeClock;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Under the consumer protocol Kafka's client counts its heartbeats by the machine's clock: one that is set back by minutes keeps them away for as
 * long, while the client reads on. Kafka gives its partitions to somebody else, and the two fence each other at every
 * commit until one of them finds out.
 */
@ExtendWith(SharedBroker.class)
@Order(7)
class StaleMemberIT {
    private static final int PARTITIONS = 6;

    /** Within the minute by which Iceberg lets snapshots of several clocks be out of order. */
    private static final Duration AHEAD = Duration.ofSeconds(55);

    private static final Duration RECOVERY = Eventually.PATIENCE;
    private static final Duration A_FEW_COMMITS = Duration.ofSeconds(3);
    private static final Duration PEACE = Duration.ofSeconds(8);
    private static final Path LOGS = OsProcess.logs("stale-member");

    @TempDir
    private Path directory;

    @Test
    void a_member_that_kafka_gave_up_and_whose_client_does_not_notice_joins_again(BrokerProcess broker)
            throws Exception {
        Assumptions.assumeTrue(
                FakeClock.missing().isEmpty(), () -> FakeClock.missing().orElse(""));
        broker.createTopic("stale", PARTITIONS, Map.of());
        FakeClock clock = new FakeClock(directory.resolve("clock"));
        clock.set(AHEAD);
        try (Lake lake = Lake.local(directory)) {
            Stage stage = new Stage(broker, lake, directory, LOGS, "stale");
            Path config = stage.configWithKafka("firn", Map.of("group.protocol", "consumer"));
            TableVerifier verifier = stage.verifier();
            try (TopicProducer producer =
                            TopicProducer.steady(broker.bootstrap(), "stale", PARTITIONS, 200, TopicProducer.FEW_DAYS);
                    FirnProcess right = stage.service("stale-right", config).start();
                    FirnProcess late = stage.service("stale-late", config)
                            .with(clock.environment())
                            .start()) {
                Eventually.holds(
                        "it reads", RECOVERY, () -> late.outputSinceStart().contains(": reading, "), late::tail);
                Eventually.pause(A_FEW_COMMITS);
                clock.set(Duration.ZERO);
                Eventually.holds(
                        "it joins again",
                        RECOVERY,
                        () -> late.outputSinceStart().contains("joining it again"),
                        late::tail);
                int before = assignments(late);
                Eventually.holds("it has partitions", RECOVERY, () -> assignments(late) > before, late::tail);
                Eventually.pause(PEACE);
                int conflicts = conflicts(right) + conflicts(late);
                Eventually.pause(PEACE);
                assertThat(conflicts(right) + conflicts(late))
                        .as("conflicts: %s %s", right.tail(), late.tail())
                        .isEqualTo(conflicts);
                producer.close();
                Eventually.holds("the table holds everything", RECOVERY, verifier::isDrained, late::tail);
                TableVerifier.Report report = verifier.verify();
                assertThat(report.isExact()).as("%s", report).isTrue();
                assertThat(report.rows()).isEqualTo(producer.acknowledged());
                assertThat(late.terminate()).as(late.tail()).isZero();
                assertThat(right.terminate()).as(right.tail()).isZero();
            }
        }
    }

    private static int assignments(FirnProcess process) {
        return process.outputSinceStart().split(": assigned \\[", -1).length;
    }

    private static int conflicts(FirnProcess process) {
        return process.outputSinceStart().split("the table has moved on", -1).length;
    }
}
