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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kafka, catalog and store go away and come back; the same process goes on by itself. What no waiting mends ends it,
 * and SIGTERM does in any case. Nothing is lost or doubled.
 */
@Order(1)
class OutagesIT {
    private static final int PARTITIONS = 4;
    private static final Duration RECOVERY = Eventually.PATIENCE;
    private static final Duration OUTAGE = Duration.ofSeconds(5);

    /** {@code -Dfirn.outage.seconds=180} asks for the long form. */
    private static final Duration AWAY = Duration.ofSeconds(Integer.getInteger("firn.outage.seconds", 5));

    private static final int BEFORE = 40;
    private static final int MAX_COMPONENTS = 4;

    private static final Path LOGS = OsProcess.logs("outages");

    private static final Duration SHOWN = Duration.ofSeconds(30);
    private static final int MAX_LOG_LINES = 60;

    private static BrokerProcess broker;
    private static S3ProxyProcess s3;
    private static RestCatalogServer rest;
    private static Lake lake;

    @TempDir
    Path directory;

    @BeforeAll
    static void startServers(@TempDir Path servers) {
        broker = BrokerProcess.start(servers.resolve("kafka"), LOGS);
        s3 = S3ProxyProcess.start(servers.resolve("s3"), LOGS, "lake");
        rest = RestCatalogServer.start(backing(servers));
        lake = Lake.of("S3 store, REST catalog", Lake.restProperties(rest, s3));
    }

    @AfterAll
    static void stopServers() throws Exception {
        for (AutoCloseable server : Stream.of(rest, s3, broker)
                .filter(Objects::nonNull)
                .map(AutoCloseable.class::cast)
                .toList()) {
            server.close();
        }
    }

    @Test
    void the_service_recovers_by_itself_from_a_broker_a_catalog_and_a_store_that_were_away() throws Exception {
        Stage stage = stage("outages", lake);
        TableVerifier verifier = stage.verifier();
        long records;
        try (TopicProducer producer = producer(stage);
                FirnProcess service = loggingAsInstalled(stage).start()) {
            awaitProgress(verifier, service, Map.of());

            say("the REST catalog is away");
            Map<Integer, Long> before = verifier.ledger();
            rest.away();
            awaitShown(service);
            Eventually.pause(OUTAGE);
            rest.back();
            awaitProgress(verifier, service, before);

            say("the S3 server is away");
            before = verifier.ledger();
            s3.kill9();
            awaitShown(service);
            Eventually.pause(OUTAGE);
            s3.restart();
            awaitProgress(verifier, service, before);

            say("the broker is away");
            before = verifier.ledger();
            broker.kill9();
            awaitShown(service);
            Eventually.pause(OUTAGE);
            broker.restart();
            awaitProgress(verifier, service, before);

            Eventually.holds(
                    "nothing is shown any more", RECOVERY, () -> ready(service).contains("green"), service::tail);
            producer.close();
            records = producer.acknowledged();
            Eventually.holds("the table holds everything", RECOVERY, verifier::isDrained, service::tail);
            say(service.outputSinceStart().lines().count() + " lines of log");
            assertThat(service.outputSinceStart()).as("stack traces").doesNotContain("\tat ");
            assertThat(service.outputSinceStart().lines().count())
                    .as("lines: a few for each outage and minute")
                    .isLessThan(MAX_LOG_LINES);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        assertExact(verifier, records);
    }

    @Test
    void aStoreThatIsAwayWhileOneRecordWaitsIsShownAndTheRecordIsCommittedOnce() throws Exception {
        try (S3ProxyProcess way = s3.beside(directory.resolve("s3"))) {
            Stage stage = stage("waiting", lakeBy(way));
            TopicProducer.orders(broker.bootstrap(), stage.topic(), PARTITIONS, BEFORE);
            try (FirnProcess service = loggingAsInstalled(stage).start()) {
                stage.awaitDrained(service);
                Eventually.holds("all is well", RECOVERY, () -> ready(service).contains("green"), service::tail);
                Eventually.holds(
                        "the table is read",
                        RECOVERY,
                        () -> get(service, "/v1/tables").contains("readAt"),
                        service::tail);
                int before = service.outputSinceStart().length();
                Instant begun = Instant.now();
                way.kill9();
                TopicProducer.orders(broker.bootstrap(), stage.topic(), PARTITIONS, 1);
                awaitShown(service);
                awaitTrouble(service, stage);
                while (Duration.between(begun, Instant.now()).compareTo(AWAY) < 0) {
                    assertThat(ready(service)).as(service.tail()).contains("\"status\":\"red\"");
                    assertThat(get(service, "/v1/tables")).contains("readAt");
                    Eventually.pause(Duration.ofSeconds(1));
                }
                assertOneLineForEachMinute(service.outputSinceStart().substring(before), begun);
                way.restart();
                stage.awaitDrained(service);
                Eventually.holds(
                        "nothing is shown any more",
                        RECOVERY,
                        () -> ready(service).contains("green"),
                        service::tail);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            assertExact(stage.verifier(), BEFORE + 1);
        }
    }

    /** What the page reads names the component, the reason and the time since when. */
    private static void awaitTrouble(FirnProcess service, Stage stage) throws Exception {
        Eventually.holds(
                "trouble in metrics and status",
                SHOWN,
                () -> get(service, "/metrics").contains("firn_pipeline_trouble{pipeline=\"" + stage.topic() + "\"} 1.0")
                        && get(service, "/v1/pipelines").contains("\"since\":"),
                service::tail);
        say(ready(service));
    }

    /** Every component that the outage concerns may log one line for each minute of it. */
    private static void assertOneLineForEachMinute(String log, Instant begun) {
        long minutes = Duration.between(begun, Instant.now()).toMinutes() + 1;
        List<String> lines = log.lines().toList();
        say(lines.size() + " lines in " + AWAY.toSeconds() + " s of outage:\n" + String.join("\n", lines));
        assertThat(lines).as("lines of log in %s minutes", minutes).hasSizeLessThanOrEqualTo((int)
                (minutes * MAX_COMPONENTS));
    }

    @Test
    void a_service_that_is_stopped_while_the_store_is_away_ends_in_time_and_says_that_it_could_not_commit()
            throws Exception {
        try (S3ProxyProcess way = s3.beside(directory.resolve("s3"))) {
            Stage stage = stage("stopped", lakeBy(way));
            TableVerifier verifier = stage.verifier();
            long records;
            try (TopicProducer producer = producer(stage);
                    FirnProcess service = service(stage).start()) {
                awaitProgress(verifier, service, Map.of());
                way.kill9();
                Eventually.pause(Duration.ofSeconds(2));
                long asked = System.nanoTime();
                // The service ends itself after 29 s; how late its JVM is gone on a busy machine is not its affair.
                assertThat(service.terminate()).as(service.tail()).isEqualTo(1);
                say("stopped " + (System.nanoTime() - asked) / 1_000_000 + " ms after SIGTERM, the store being away");
                assertThat(service.outputSinceStart())
                        .containsAnyOf("Stopped before everything was committed", "did not stop within");
                producer.close();
                records = producer.acknowledged();
            }
            way.restart();
            stage.ingest(stage.config("firn"));
            assertExact(verifier, records);
        }
    }

    @Test
    void a_store_that_refuses_access_for_a_moment_is_shown_and_does_not_end_the_pipeline() throws Exception {
        try (S3ProxyProcess way = s3.beside(directory.resolve("s3"))) {
            Stage stage = stage("refused", lakeBy(way));
            TableVerifier verifier = stage.verifier();
            long records;
            try (TopicProducer producer = producer(stage);
                    FirnProcess service = service(stage).start()) {
                awaitProgress(verifier, service, Map.of());
                way.kill9();
                way.restartWithOtherSecret();
                Eventually.holds(
                        "the refusal is shown",
                        RECOVERY,
                        () -> ready(service).contains("S3 refuses access"),
                        service::tail);
                Map<Integer, Long> before = verifier.ledger();
                way.kill9();
                way.restart();
                awaitProgress(verifier, service, before);
                producer.close();
                records = producer.acknowledged();
                Eventually.holds("the table holds everything", RECOVERY, verifier::isDrained, service::tail);
                assertThat(service.outputSinceStart()).doesNotContain(S3ProxyProcess.SECRET_KEY);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            assertExact(verifier, records);
        }
    }

    /** Longer than one refusal may be a proxy's. */
    @Test
    @EnabledIfSystemProperty(named = "firn.refusal", matches = "true", disabledReason = "-Dfirn.refusal=true")
    void aStoreThatRefusesAccessForLongEndsThePipelineWithTheFileThatItIsAbout() throws Exception {
        try (S3ProxyProcess way = s3.beside(directory.resolve("s3"))) {
            Stage stage = stage("withdrawn", lakeBy(way));
            TopicProducer.orders(broker.bootstrap(), stage.topic(), PARTITIONS, BEFORE);
            try (FirnProcess service = service(stage).start()) {
                stage.awaitDrained(service);
                way.kill9();
                way.restartWithOtherSecret();
                Instant begun = Instant.now();
                TopicProducer.orders(broker.bootstrap(), stage.topic(), PARTITIONS, 1);
                awaitShown(service);
                Eventually.holds(
                        "the refusal is shown with the file",
                        RECOVERY,
                        () -> ready(service).contains("S3 refuses access")
                                && ready(service).contains("s3://lake/warehouse/shop/withdrawn"),
                        () -> service.tail());
                // It is the only pipeline: with it the service ends, and 2 is for a person to look.
                assertThat(service.process().awaitExit(RECOVERY))
                        .as(service.tail())
                        .isTrue();
                Duration lasted = Duration.between(begun, Instant.now());
                say("failed after " + lasted.toSeconds() + " s: " + service.tail());
                assertThat(lasted).isGreaterThan(Duration.ofSeconds(85));
                assertThat(service.process().exitCode()).as(service.tail()).isEqualTo(2);
                assertThat(service.outputSinceStart())
                        .contains("S3 refuses access", "s3://lake/warehouse/shop/withdrawn")
                        .doesNotContain(S3ProxyProcess.SECRET_KEY);
            }
            way.kill9();
            way.restart();
            stage.ingest(stage.config("firn"));
            assertExact(stage.verifier(), BEFORE + 1);
        }
    }

    /** Ten seconds on a quiet machine; the bound is for a busy one. */
    private static void awaitShown(FirnProcess service) {
        Instant begun = Instant.now();
        Eventually.holds("the outage is shown", SHOWN, () -> !ready(service).contains("green"), service::tail);
        say("shown after " + Duration.between(begun, Instant.now()).toMillis() + " ms");
    }

    private static String ready(FirnProcess service) throws Exception {
        return get(service, "/health/ready");
    }

    private static String get(FirnProcess service, String path) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(service.url(path))).build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** The catalog's own way to the store goes on. */
    private static Lake lakeBy(S3ProxyProcess way) {
        return Lake.of("S3 store, REST catalog", Lake.restProperties(rest, way));
    }

    private Stage stage(String topic, Lake lake) {
        broker.createTopic(topic, PARTITIONS, Map.of());
        return new Stage(broker, lake, directory, LOGS, topic);
    }

    private static FirnProcess service(Stage stage) {
        return stage.service(stage.topic(), stage.config("firn", "workers: 2"));
    }

    /** With the service's own logging configuration, which counts lines; the rig's shows everything. */
    private static FirnProcess loggingAsInstalled(Stage stage) {
        return FirnProcess.of(
                stage.topic(),
                stage.config("firn", "workers: 2"),
                LOGS,
                "-Xmx256m",
                "-Dlogback.configurationFile="
                        + Path.of("src/main/resources/logback.xml").toAbsolutePath());
    }

    private static TopicProducer producer(Stage stage) {
        return TopicProducer.steady(broker.bootstrap(), stage.topic(), PARTITIONS, 200, TopicProducer.FEW_DAYS);
    }

    private static void assertExact(TableVerifier verifier, long records) {
        TableVerifier.Report report = verifier.verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(records);
        say("rows " + report.rows() + ", files that no snapshot references "
                + verifier.unreferencedFiles().size());
    }

    private static Map<String, String> backing(Path directory) {
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
