package io.firn.deploy.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** What Iceberg's sink is told and needs, whichever form of Kafka Connect runs it. */
final class IcebergSink {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private IcebergSink() {}

    static void createControlTopic(Run run, String name) throws IOException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", run.bootstrap()))) {
            admin.createTopics(List.of(new NewTopic(control(name), 1, (short) 1)))
                    .all()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the topic " + control(name) + " was created", interrupted);
        } catch (ExecutionException | TimeoutException failed) {
            throw new IOException("cannot create the topic " + control(name) + " at " + run.bootstrap(), failed);
        }
    }

    private static String control(String name) {
        return "control-" + name;
    }

    /**
     * As a connector has them.
     *
     * @param name of the connector; its control topic's is made of it
     * @param consumers properties of its consumers, of records and of the control topic, besides its own
     * @param others properties of the connector besides its own
     */
    static Map<String, String> settings(
            Run run, String name, int tasks, Map<String, String> consumers, Map<String, String> others) {
        Map<String, String> settings = new TreeMap<>(Map.of(
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
        settings.put("iceberg.catalog", "firn");
        run.lake().properties().forEach((key, value) -> settings.put("iceberg.catalog." + key, value));
        consumers.forEach((key, value) -> {
            settings.put("consumer.override." + key, value);
            settings.put("iceberg.kafka." + key, value);
        });
        settings.putAll(others);
        return settings;
    }

    /** As a file of properties has them. */
    static String lines(Map<String, String> properties) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(properties)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        return text.toString();
    }
}
