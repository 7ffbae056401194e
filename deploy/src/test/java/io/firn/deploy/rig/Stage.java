package io.firn.deploy.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One topic, one table, and Firn between them: what nearly every end-to-end test is about.
 *
 * @param directory for configuration files
 * @param topic also the name of the pipeline; the table is {@code shop.<topic>}
 */
public record Stage(BrokerProcess broker, Lake lake, Path directory, Path logs, String topic) {
    /** Short, so that a test sees many commits. */
    public static final String QUICK_COMMITS = "commit: {interval: 1s}";

    private static final Duration DRAIN_TIME = Eventually.PATIENCE;

    /** The table's full name. */
    public String table() {
        return "shop." + topic;
    }

    public TableVerifier verifier() {
        return new TableVerifier(lake, table(), broker.bootstrap(), topic, topic);
    }

    /** Writes a configuration: orders as JSON, a commit a second, and these lines of the pipeline besides. */
    public Path config(String name, String... lines) {
        return config(name, Map.of(this, List.of(lines)));
    }

    /** As {@link #config(String, String...)}, with Kafka client properties besides. */
    public Path configWithKafka(String name, Map<String, String> kafka) {
        return config(name, Map.of(this, List.of()), kafka);
    }

    /** Writes one configuration for several topics of the same broker and lake, each with lines of its own. */
    public static Path config(String name, Map<Stage, List<String>> stages) {
        return config(name, stages, Map.of());
    }

    private static Path config(String name, Map<Stage, List<String>> stages, Map<String, String> more) {
        Stage any = stages.keySet().iterator().next();
        Map<String, List<String>> pipelines = new TreeMap<>();
        stages.forEach((stage, lines) -> pipelines.put(stage.topic, stage.pipeline(lines)));
        Map<String, String> kafka = new TreeMap<>(Map.of(
                "bootstrap.servers", any.broker.bootstrap(),
                "metadata.max.age.ms", "1000",
                "reconnect.backoff.max.ms", "500"));
        kafka.putAll(more);
        return FirnProcess.config(any.directory.resolve(name + ".yaml"), kafka, any.lake.properties(), pipelines);
    }

    /** As {@link #config(String, String...)}, for a process that reaches everything by networks of its own. */
    public Path config(String name, Network network, List<String> lines) {
        return FirnProcess.config(
                directory.resolve(name + ".yaml"),
                network.kafkaProperties(),
                network.catalogProperties(),
                topic,
                pipeline(lines));
    }

    private List<String> pipeline(List<String> given) {
        List<String> pipeline =
                new ArrayList<>(List.of("topics: [" + topic + "]", "format: json", "table: " + table()));
        if (given.stream().noneMatch(line -> line.startsWith("schema:"))) {
            pipeline.add("schema: \"" + TopicProducer.SCHEMA + "\"");
        }
        if (given.stream().noneMatch(line -> line.startsWith("commit:"))) {
            pipeline.add(QUICK_COMMITS);
        }
        pipeline.addAll(given);
        return pipeline;
    }

    /** A service process that is not started yet. */
    public FirnProcess service(String name, Path config) {
        return FirnProcess.of(name, config, logs, "-Xmx256m");
    }

    /** Waits until the table holds everything that the topic does. */
    public void awaitDrained(FirnProcess service) {
        TableVerifier verifier = verifier();
        Eventually.holds(
                "the table holds everything",
                DRAIN_TIME,
                verifier::isDrained,
                () -> verifier.progress() + "\n" + service.tail());
    }

    /** Runs the service until the table holds everything, and ends it in order. */
    public void ingest(Path config) {
        try (FirnProcess service = service(topic, config).start()) {
            awaitDrained(service);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
    }

    /**
     * {@code firn audit} as a process of its own, run to its end; it does not mind what Kafka no longer holds.
     *
     * @param more arguments of the command
     */
    public OsProcess audit(Path config, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("audit", topic, "--allow-unverifiable", "--config", config.toString()));
        arguments.addAll(List.of(more));
        return FirnProcess.command("audit-" + topic, logs, arguments.toArray(String[]::new));
    }
}
