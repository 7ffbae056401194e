package io.firn.deploy.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Kafka Connect, standalone, with Iceberg's sink; as many tasks as Firn has workers, one. */
final class ConnectContender extends PeerContender {
    private final Map<String, String> consumers;

    ConnectContender() {
        this(Map.of());
    }

    /** @param consumers properties of its consumers, of records and of the control topic, besides its own */
    ConnectContender(Map<String, String> consumers) {
        super("connect", "connect");
        this.consumers = consumers;
    }

    @Override
    List<String> opens() {
        return List.of();
    }

    @Override
    public void before(Run run) throws IOException {
        super.before(run);
        createControlTopic(run, run.directory().getFileName().toString());
    }

    @Override
    List<String> main(Run run) throws IOException {
        Path worker = run.directory().resolve("worker.properties");
        Files.writeString(
                worker,
                lines(Map.of(
                        "bootstrap.servers", run.bootstrap(),
                        "key.converter", "org.apache.kafka.connect.converters.ByteArrayConverter",
                        "value.converter", "org.apache.kafka.connect.json.JsonConverter",
                        "value.converter.schemas.enable", "false",
                        "offset.storage.file.filename",
                                run.directory().resolve("offsets").toString(),
                        "offset.flush.interval.ms", "10000",
                        "listeners", "http://127.0.0.1:0",
                        "connector.client.config.override.policy", "All")));
        Path connector = run.directory().resolve("connector.properties");
        Files.writeString(
                connector, lines(sink(run, run.directory().getFileName().toString(), 1, consumers)));
        return List.of("org.apache.kafka.connect.cli.ConnectStandalone", worker.toString(), connector.toString());
    }

    static void createControlTopic(Run run, String name) throws IOException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", run.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(control(name), 1, (short) 1)))
                    .all()
                    .get();
        } catch (Exception failed) {
            throw new IOException("cannot create the sink's control topic", failed);
        }
    }

    private static String control(String name) {
        return "control-" + name;
    }

    /**
     * The sink's own settings.
     *
     * @param name of the connector; its control topic's is made of it
     * @param consumers properties of its consumers, of records and of the control topic, besides its own
     */
    static Map<String, String> sink(Run run, String name, int tasks, Map<String, String> consumers) {
        Map<String, String> sink = new TreeMap<>(Map.of(
                "name",
                name,
                "connector.class",
                "org.apache.iceberg.connect.IcebergSinkConnector",
                "tasks.max",
                Integer.toString(tasks),
                "topics",
                run.topic(),
                "consumer.override.auto.offset.reset",
                "earliest",
                "iceberg.tables",
                Run.NAMESPACE + "." + Run.TABLE,
                "iceberg.control.topic",
                control(name),
                "iceberg.control.commit.interval-ms",
                Integer.toString(run.commitSeconds() * 1000),
                "iceberg.control.commit.timeout-ms",
                "30000"));
        // Iceberg's SQL catalogs keep the tables of each name apart.
        sink.put("iceberg.catalog", "firn");
        run.lake().properties().forEach((key, value) -> sink.put("iceberg.catalog." + key, value));
        consumers.forEach((key, value) -> {
            sink.put("consumer.override." + key, value);
            sink.put("iceberg.kafka." + key, value);
        });
        return sink;
    }

    static String lines(Map<String, String> properties) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(properties)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        return text.toString();
    }
}
