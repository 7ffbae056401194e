package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.RestCatalogServer;
import io.firn.deploy.rig.S3ProxyProcess;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kafka, catalog and store go away and come back; the same process goes on by itself and nothing is lost or doubled. */
class OutagesIT {
    private static final int PARTITIONS = 4;
    private static final Duration RECOVERY = Duration.ofSeconds(120);
    private static final Duration OUTAGE = Duration.ofSeconds(5);
    private static final Path LOGS = OsProcess.logs("outages");

    @TempDir
    Path directory;

    @Test
    void the_service_recovers_by_itself_from_a_broker_a_catalog_and_a_store_that_were_away() throws Exception {
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), LOGS);
                S3ProxyProcess s3 = S3ProxyProcess.start(directory.resolve("s3"), LOGS, "lake");
                RestCatalogServer rest = RestCatalogServer.start(backing(s3))) {
            Lake lake = Lake.of("S3 store, REST catalog", Lake.restProperties(rest, s3));
            broker.createTopic("outages", PARTITIONS, Map.of());
            Stage stage = new Stage(broker, lake, directory, LOGS, "outages");
            TableVerifier verifier = stage.verifier();
            long records;
            try (TopicProducer producer = TopicProducer.steady(
                            broker.bootstrap(), "outages", PARTITIONS, 200, TopicProducer.FEW_DAYS);
                    FirnProcess service = stage.service("outages", stage.config("firn", "workers: 2"))
                            .start()) {
                awaitProgress(verifier, service, Map.of());

                say("the REST catalog is away");
                Map<Integer, Long> before = verifier.ledger();
                rest.away();
                Eventually.pause(OUTAGE);
                rest.back();
                awaitProgress(verifier, service, before);

                say("the S3 server is away");
                before = verifier.ledger();
                s3.kill9();
                Eventually.pause(OUTAGE);
                s3.restart();
                awaitProgress(verifier, service, before);

                say("the broker is away");
                before = verifier.ledger();
                broker.kill9();
                Eventually.pause(OUTAGE);
                broker.restart();
                awaitProgress(verifier, service, before);

                producer.close();
                records = producer.acknowledged();
                Eventually.holds("the table holds everything", RECOVERY, verifier::isDrained, service::tail);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            TableVerifier.Report report = verifier.verify();
            assertThat(report.isExact()).as("%s", report).isTrue();
            assertThat(report.rows()).isEqualTo(records);
            say("rows " + report.rows() + ", files that no snapshot references "
                    + verifier.unreferencedFiles().size());
        }
    }

    private Map<String, String> backing(S3ProxyProcess s3) {
        Map<String, String> properties = new HashMap<>(Lake.sqlite(directory));
        properties.putAll(s3.catalogProperties());
        properties.put("warehouse", "s3://lake/warehouse");
        return properties;
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
        System.out.println("[outages] " + text);
    }
}
