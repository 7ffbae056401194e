package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.cli.FirnCommand;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two pipelines of one process: one fails, by a record and by its table, and the other does not notice. */
@ExtendWith(SharedBroker.class)
class IsolatedPipelinesIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int EXPANDED_BYTES = 100 << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static BrokerProcess broker;

    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final int port = OsProcess.freePort();
    private final StopRequest stop = new StopRequest();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void createTopics(BrokerProcess shared) {
        broker = shared;
        for (String topic : new String[] {
            "isolated_bad",
            "isolated_good",
            "isolated_misfit",
            "isolated_fit",
            "isolated_wide",
            "isolated_narrow",
            "isolated_class",
            "isolated_plain"
        }) {
            broker.createTopic(topic, 1, Map.of());
        }
    }

    private Path config(String schema, String badTopic, String goodTopic) throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder yaml =
                new StringBuilder("kafka: {bootstrap.servers: \"" + broker.bootstrap() + "\"}\ncatalog:\n");
        new TreeMap<>(Lake.sqlite(folder)).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("http: {listen: \"127.0.0.1:" + port + "\"}\npipelines:\n");
        yaml.append("  bad: {topics: [" + badTopic + "], table: shop.bad, schema: \"" + schema
                + "\", commit: {interval: 200ms}}\n");
        yaml.append("  good: {topics: [" + goodTopic
                + "], table: shop.good, schema: id long, commit: {interval: 200ms}}\n");
        return Files.writeString(folder.resolve("firn.yaml"), yaml);
    }

    private CompletableFuture<Integer> run(Path config, String... options) {
        String[] arguments = new String[3 + options.length];
        arguments[0] = "run";
        arguments[1] = "--config";
        arguments[2] = config.toString();
        System.arraycopy(options, 0, arguments, 3, options.length);
        Assembly assembly = new Assembly(Clock.systemUTC(), new SplittableRandom(1)::split, name -> null);
        return CompletableFuture.supplyAsync(() -> FirnCommand.run(
                assembly, stop, new PrintWriter(new StringWriter()), new PrintWriter(err, true), arguments));
    }

    private static void produce(String topic, String... values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, value.getBytes(StandardCharsets.UTF_8)))
                        .get();
            }
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                BodyHandlers.ofString());
    }

    private JsonNode pipeline(String name) throws Exception {
        return JSON.readTree(get("/v1/pipelines/" + name).body());
    }

    private void awaitState(String pipeline, String state) {
        Eventually.holds(
                pipeline + " is " + state,
                SOON,
                () -> pipeline(pipeline).path("state").asText().equals(state),
                err::toString);
    }

    private void awaitOffset(String pipeline, String table, long next) throws Exception {
        try (Lake lake = Lake.of("local", Lake.sqlite(folder))) {
            Eventually.holds(
                    table + " is at " + next,
                    SOON,
                    () -> ((LedgerState.Present) LedgerReader.read(lake.table(table)))
                            .ledger().partitions(pipeline).values().stream().anyMatch(entry -> entry.next() == next),
                    err::toString);
        }
    }

    @Test
    void badRecordStopsItsPipelineAloneUntilItIsRestartedAndTheProcessEndsWhenAllHaveFailed() throws Exception {
        produce("isolated_bad", "{\"id\": 1}", "{\"id\": \"not a number\"}");
        produce("isolated_good", "{\"id\": 1}");
        CompletableFuture<Integer> exit = run(config("id long", "isolated_bad", "isolated_good"));

        awaitState("bad", "failed");
        assertThat(pipeline("bad").path("failure").path("code").asText()).isEqualTo("bad-record");
        assertThat(pipeline("bad").path("failure").path("where").asText()).contains("isolated_bad", "-1, byte");
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        HttpResponse<String> ready = get("/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("pipeline bad is failed: record cannot become a row");
        assertThat(get("/metrics").body())
                .contains("firn_pipeline_up{pipeline=\"bad\"} 0.0", "firn_pipeline_up{pipeline=\"good\"} 1.0");

        produce("isolated_good", "{\"id\": 2}", "{\"id\": 3}");
        awaitOffset("good", "shop.good", 3);

        Eventually.holds(
                "its lag is still measured",
                SOON,
                () -> pipeline("bad").path("lag").asLong(-1) == 1,
                err::toString);

        String failedAt = pipeline("bad").path("failure").path("at").asText();
        // Nobody has repaired anything: it comes to the same record and fails by it again.
        HttpResponse<String> restarted = http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/pipelines/bad/restart"))
                        .POST(BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
        assertThat(restarted.statusCode()).isEqualTo(200);
        Eventually.holds("it fails again", SOON, () -> {
            JsonNode again = pipeline("bad").path("failure").path("at");
            return !again.isMissingNode() && !again.asText().equals(failedAt);
        });
        assertThat(pipeline("good").path("state").asText()).isEqualTo("running");
        assertThat(exit).isNotDone();

        produce("isolated_good", "not JSON");
        assertThat(exit.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as(err.toString())
                .isEqualTo(1);
        assertThat(err.toString()).contains("firn: record cannot become a row");
    }

    /** A batch of some KB that inflates to more than the heap of the process. */
    @Test
    void recordThatExpandsBeyondTheHeapStopsItsPipelineAlone() throws Exception {
        produce("isolated_wide", "{\"id\": 1}");
        produce("isolated_narrow", "{\"id\": 1}");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrap(),
                        "compression.type",
                        "zstd",
                        "max.request.size",
                        2 * EXPANDED_BYTES,
                        "buffer.memory",
                        2L * EXPANDED_BYTES),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("isolated_wide", new byte[EXPANDED_BYTES]))
                    .get();
        }
        Path config = config("id long", "isolated_wide", "isolated_narrow");
        try (FirnProcess service = FirnProcess.of("isolated-heap", config, OsProcess.logs("isolated"), "-Xmx80m")) {
            service.start();
            awaitState("bad", "failed");
            assertThat(pipeline("bad").path("failure").path("code").asText()).isEqualTo("record-too-large");
            assertThat(pipeline("bad").path("failure").path("where").asText())
                    .isEqualTo("topic isolated_wide, partition 0, offset 1");
            awaitOffset("bad", "shop.bad", 1);
            produce("isolated_narrow", "{\"id\": 2}");
            awaitOffset("good", "shop.good", 2);
            assertThat(service.isAlive()).as(service.tail()).isTrue();
        }
    }

    @Test
    void tablePropertyThatNamesAClassStopsItsPipelineAlone() throws Exception {
        CompletableFuture<Integer> exit = run(config("id long", "isolated_class", "isolated_plain"));
        produce("isolated_class", "{\"id\": 1}");
        awaitOffset("bad", "shop.bad", 1);
        try (Lake lake = Lake.of("local", Lake.sqlite(folder))) {
            lake.table("shop.bad")
                    .updateProperties()
                    .set("write.location-provider.impl", "com.example.Planted")
                    .commit();
        }
        produce("isolated_class", "{\"id\": 2}");
        awaitState("bad", "failed");
        assertThat(pipeline("bad").path("failure").path("code").asText()).isEqualTo("table-class-refused");
        assertThat(pipeline("bad").path("failure").path("what").asText()).contains("write.location-provider.impl");
        produce("isolated_plain", "{\"id\": 1}");
        awaitOffset("good", "shop.good", 1);
        assertThat(stop.request()).isTrue();
        assertThat(exit.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as("stopped while a pipeline was failed")
                .isEqualTo(1);
    }

    @Test
    void schemaThatDoesNotFitItsTableStopsItsPipelineAlone() throws Exception {
        CompletableFuture<Integer> first = run(config("id long", "isolated_misfit", "isolated_fit"));
        awaitState("bad", "running");
        produce("isolated_misfit", "{\"id\": 1}");
        awaitOffset("bad", "shop.bad", 1);
        assertThat(stop.request()).isTrue();
        assertThat(first.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as(err.toString())
                .isZero();

        IsolatedPipelinesIT again = new IsolatedPipelinesIT();
        again.folder = folder;
        Path misfit = again.config("id string not null, other int", "isolated_misfit", "isolated_fit");
        CompletableFuture<Integer> second = again.run(misfit);
        again.awaitState("bad", "failed");
        again.awaitState("good", "running");
        assertThat(again.stop.request()).isTrue();
        assertThat(second.get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as("stopped while a pipeline was failed")
                .isEqualTo(1);

        IsolatedPipelinesIT fast = new IsolatedPipelinesIT();
        fast.folder = folder;
        assertThat(fast.run(misfit, "--fail-fast").get(SOON.toSeconds(), TimeUnit.SECONDS))
                .as(fast.err.toString())
                .isEqualTo(2);
    }
}
