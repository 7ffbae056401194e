package io.firn.deploy.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Kafka Connect, standalone, with Iceberg's sink; as many tasks as Firn has workers, one. */
final class ConnectContender extends PeerContender {
    private final Map<String, String> consumers;
    private final Map<String, String> sink;

    ConnectContender() {
        this(Map.of(), Map.of());
    }

    /**
     * @param consumers properties of its consumers, of records and of the control topic, besides its own
     * @param sink properties of the connector besides its own
     */
    ConnectContender(Map<String, String> consumers, Map<String, String> sink) {
        super("connect", "connect");
        this.consumers = consumers;
        this.sink = sink;
    }

    @Override
    public void before(Run run) throws IOException {
        super.before(run);
        IcebergSink.createControlTopic(run, name(run));
    }

    @Override
    List<String> main(Run run) throws IOException {
        Path worker = run.directory().resolve("worker.properties");
        Files.writeString(
                worker,
                IcebergSink.lines(Map.of(
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
        Files.writeString(connector, IcebergSink.lines(IcebergSink.settings(run, name(run), 1, consumers, sink)));
        return List.of("org.apache.kafka.connect.cli.ConnectStandalone", worker.toString(), connector.toString());
    }

    /** Runs may share a topic. */
    private static String name(Run run) {
        return run.directory().getFileName().toString();
    }
}
