package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three replicas share a topic by its consumer group and are restarted one after the other, as a deployment rolls out:
 * the new one is up before the old one goes. {@code -Dfirn.rolling.rounds=N} says how often;
 * the build does not, since the chaos test restarts its two processes as well.
 */
@ExtendWith(SharedBroker.class)
final class RollingRestartsIT {
    private static final int REPLICAS = 3;
    private static final int PARTITIONS = 6;
    private static final int ROUNDS = Integer.getInteger("firn.rolling.rounds", 0);
    private static final Duration RECOVERY = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("rolling");

    @TempDir
    private Path directory;

    @Test
    void a_rollout_of_three_replicas_loses_and_doubles_nothing(BrokerProcess broker) throws Exception {
        Assumptions.assumeTrue(ROUNDS > 0, "-Dfirn.rolling.rounds=N asks for it");
        broker.createTopic("rolling", PARTITIONS, Map.of());
        try (Lake lake = Lake.local(directory)) {
            Stage stage = new Stage(broker, lake, directory, LOGS, "rolling");
            Path config = stage.config("firn");
            FirnProcess[] fleet = new FirnProcess[REPLICAS];
            try (TopicProducer producer =
                    TopicProducer.steady(broker.bootstrap(), "rolling", PARTITIONS, 200, TopicProducer.FEW_DAYS)) {
                for (int i = 0; i < REPLICAS; i++) {
                    fleet[i] = stage.service("rolling-" + i, config).start();
                }
                for (FirnProcess replica : fleet) {
                    replica.awaitJoined();
                }
                for (int n = 0; n < ROUNDS * REPLICAS; n++) {
                    int next = n % REPLICAS;
                    FirnProcess fresh =
                            stage.service("rolling-" + (n + REPLICAS), config).start();
                    FirnProcess old = fleet[next];
                    fleet[next] = fresh;
                    fresh.awaitJoined();
                    assertThat(old.terminate()).as(old.tail()).isZero();
                    awaitProgress(stage.verifier(), fleet);
                }
                producer.close();
                Eventually.holds("the table holds everything", RECOVERY, stage.verifier()::isDrained);
                assertExact(stage, config, producer.acknowledged());
                for (FirnProcess replica : fleet) {
                    assertThat(replica.terminate()).as(replica.tail()).isZero();
                }
            } finally {
                for (FirnProcess replica : fleet) {
                    if (replica != null) {
                        replica.close();
                    }
                }
            }
        }
    }

    private static void assertExact(Stage stage, Path config, long records) {
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(records);
        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
    }

    private static void awaitProgress(TableVerifier verifier, FirnProcess[] fleet) {
        Map<Integer, Long> before = verifier.ledger();
        Eventually.holds(
                "every partition moves on",
                RECOVERY,
                () -> {
                    Map<Integer, Long> now = verifier.ledger();
                    return now.size() == PARTITIONS
                            && now.entrySet().stream()
                                    .allMatch(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L));
                },
                () -> verifier.progress()
                        + List.of(fleet).stream().map(FirnProcess::tail).toList());
    }
}
