package io.firn.deploy.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Kafka Connect, distributed: so many workers, and as many tasks of Iceberg's sink among them. */
final class ConnectGroupContender extends PeerContender {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int BAD_SETTINGS = 400;
    private static final int NO_SUCH_CONNECTOR = 404;
    private static final int REBALANCING = 409;

    private final int tasks;
    private final Map<String, String> consumers;
    private final Map<String, String> sink;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /** Ports of all workers that were ever started, the newest first. */
    private final List<Integer> ports = new CopyOnWriteArrayList<>();

    /**
     * @param consumers properties of its consumers, of records and of the control topic, besides its own
     * @param sink properties of the connector besides its own
     */
    ConnectGroupContender(int tasks, Map<String, String> consumers, Map<String, String> sink) {
        super("connect", "connect");
        this.tasks = tasks;
        this.consumers = consumers;
        this.sink = sink;
    }

    @Override
    public void before(Run run) throws IOException {
        super.before(run);
        ports.clear();
        IcebergSink.createControlTopic(run, run.topic());
    }

    @Override
    List<String> main(Run run) throws IOException {
        Path worker = run.directory().resolve("worker.properties");
        int port = OsProcess.freePort();
        ports.add(0, port);
        Files.writeString(
                worker,
                IcebergSink.lines(Map.ofEntries(
                        Map.entry("bootstrap.servers", run.bootstrap()),
                        Map.entry("group.id", "workers-" + run.topic()),
                        Map.entry("session.timeout.ms", consumers.getOrDefault("session.timeout.ms", "10000")),
                        // A killed worker is back at once. By default its tasks would wait for five minutes.
                        Map.entry("scheduled.rebalance.max.delay.ms", "10000"),
                        Map.entry("config.storage.topic", "configs-" + run.topic()),
                        Map.entry("offset.storage.topic", "offsets-" + run.topic()),
                        Map.entry("status.storage.topic", "status-" + run.topic()),
                        Map.entry("config.storage.replication.factor", "1"),
                        Map.entry("offset.storage.replication.factor", "1"),
                        Map.entry("offset.storage.partitions", "1"),
                        Map.entry("status.storage.replication.factor", "1"),
                        Map.entry("status.storage.partitions", "1"),
                        Map.entry("key.converter", "org.apache.kafka.connect.converters.ByteArrayConverter"),
                        Map.entry("value.converter", "org.apache.kafka.connect.json.JsonConverter"),
                        Map.entry("value.converter.schemas.enable", "false"),
                        Map.entry("offset.flush.interval.ms", "10000"),
                        Map.entry("listeners", "http://127.0.0.1:" + port),
                        Map.entry("connector.client.config.override.policy", "All"))));
        return List.of("org.apache.kafka.connect.cli.ConnectDistributed", worker.toString());
    }

    /** Asks any worker that answers: makes the connector where there is none, restarts what failed. */
    @Override
    public int tend(Run run) throws IOException {
        String connector = "/connectors/" + run.topic();
        for (int port : ports) {
            HttpResponse<String> status;
            try {
                status = ask(port, "GET", connector + "/status", "");
            } catch (IOException gone) {
                // Killed or frozen; another worker knows as much.
                continue;
            }
            if (status.statusCode() == NO_SUCH_CONNECTOR) {
                create(port, connector, IcebergSink.settings(run, run.topic(), tasks, consumers, sink));
                return 0;
            }
            return restarted(port, connector, JSON.readTree(status.body()));
        }
        return 0;
    }

    private void create(int port, String connector, Map<String, String> settings) throws IOException {
        HttpResponse<String> answer = ask(port, "PUT", connector + "/config", JSON.writeValueAsString(settings));
        if (answer.statusCode() == BAD_SETTINGS) {
            throw new IOException("Connect refuses the settings of " + connector + ": " + answer.body());
        }
    }

    private int restarted(int port, String connector, JsonNode status) throws IOException {
        int failed = 0;
        for (JsonNode task : status.path("tasks")) {
            if (task.path("state").asText().equals("FAILED")) {
                String place = connector + "/tasks/" + task.path("id").asInt() + "/restart";
                if (ask(port, "POST", place, "").statusCode() < REBALANCING) {
                    failed++;
                    System.out.println(connector + ", task " + task.path("id") + " had failed: "
                            + task.path("trace").asText().lines().limit(3).toList());
                }
            }
        }
        return failed;
    }

    private HttpResponse<String> ask(int port, String method, String place, String body) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + place))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }
}
