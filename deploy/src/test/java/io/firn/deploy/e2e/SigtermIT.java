package io.firn.deploy.e2e;

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
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Stopping the service: what it had consumed is in the table, and it says that it ended well. */
@ExtendWith(SharedBroker.class)
class SigtermIT {
    private static final int PARTITIONS = 4;
    private static final Path LOGS = OsProcess.logs("sigterm");

    @TempDir
    Path directory;

    @Test
    void sigterm_in_the_middle_of_a_stream_commits_what_is_buffered_and_exits_0(BrokerProcess broker) throws Exception {
        try (Lake lake = Lake.local(directory)) {
            broker.createTopic("sigterm", PARTITIONS, Map.of());
            Stage stage = new Stage(broker, lake, directory, LOGS, "sigterm");
            TableVerifier verifier = stage.verifier();
            Path config = stage.config("firn", "workers: 2", "commit: {interval: 1h}");
            long certainlyConsumed;
            try (TopicProducer producer = TopicProducer.steady(
                            broker.bootstrap(), "sigterm", PARTITIONS, 2000, TopicProducer.FEW_DAYS);
                    FirnProcess service = stage.service("firn", config).start()) {
                Eventually.holds(
                        "the start positions are written down",
                        Duration.ofSeconds(60),
                        () -> verifier.ledger().size() == PARTITIONS,
                        service::tail);
                Eventually.pause(Duration.ofSeconds(1));
                certainlyConsumed = producer.acknowledged();
                Eventually.pause(Duration.ofSeconds(6));

                assertThat(service.terminate()).as(service.tail()).isZero();
            }

            TableVerifier.Report report = verifier.verify();
            assertThat(report.missing()).isEmpty();
            assertThat(report.doubled()).isEmpty();
            assertThat(report.beyond()).isEmpty();
            assertThat(report.rows()).isGreaterThanOrEqualTo(certainlyConsumed).isEqualTo(report.records());
            assertThat(verifier.unreferencedFiles()).isEmpty();
        }
    }
}
