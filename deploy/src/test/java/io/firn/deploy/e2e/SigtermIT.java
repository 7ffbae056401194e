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
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Stopping the service: what it had consumed is in the table, and it says that it ended well. */
@ExtendWith(SharedBroker.class)
class SigtermIT {
    private static final int PARTITIONS = 4;
    /** Records that are buffered and not committed when the service is asked to stop. */
    private static final long ENOUGH = 4_000;

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
                        Eventually.PATIENCE,
                        () -> verifier.ledger().size() == PARTITIONS,
                        service::tail);
                long acknowledged = producer.acknowledged() + ENOUGH;
                Eventually.holds(
                        "records are consumed",
                        Eventually.PATIENCE,
                        () -> delivered(service) >= acknowledged,
                        service::tail);
                certainlyConsumed = acknowledged;

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

    /** Records that the service has read. */
    private static long delivered(FirnProcess service) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(service.url("/metrics"))).build();
        return (long) HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofLines())
                .body()
                .filter(line -> line.startsWith("firn_records_delivered_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }
}
