package io.firn.ingest.rig;

import io.firn.catalog.FreePorts;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Time;

/** A Kafka broker (KRaft, one node) inside the test's JVM, on a loopback port of its own. */
public final class EmbeddedBroker implements AutoCloseable {
    /** The lock of a test class that has a broker: Kafka keeps its metrics in statics of the JVM. */
    public static final String LOCK = "broker";

    private final int port = FreePorts.take();
    private final KafkaRaftServer server;

    /** @param directory for its data; must be empty */
    public EmbeddedBroker(Path directory) {
        Properties properties = new Properties();
        int controller = FreePorts.take();
        properties.putAll(Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", "1"),
                Map.entry("controller.quorum.voters", "1@127.0.0.1:" + controller),
                Map.entry("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller),
                Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
                Map.entry("log.dirs", directory.resolve("data").toString()),
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "1"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("transaction.state.log.num.partitions", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                Map.entry("group.consumer.min.heartbeat.interval.ms", "200"),
                Map.entry("group.consumer.heartbeat.interval.ms", "200"),
                Map.entry("log.cleaner.backoff.ms", "100"),
                Map.entry("log.retention.check.interval.ms", "500"),
                Map.entry("log.segment.delete.delay.ms", "100")));
        format(directory, properties);
        server = new KafkaRaftServer(KafkaConfig.fromProps(properties), Time.SYSTEM);
        server.startup();
    }

    private static void format(Path directory, Properties properties) {
        Path file = directory.resolve("server.properties");
        try {
            Files.createDirectories(directory);
            try (OutputStream out = Files.newOutputStream(file)) {
                properties.store(out, null);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        int code = StorageTool.execute(
                new String[] {"format", "-t", "Zmlybi1yaWctY2x1c3Rlcg", "-c", file.toString()}, nowhere);
        if (code != 0) {
            throw new AssertionError("storage was not formatted: " + code);
        }
    }

    public String bootstrap() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Client properties that reach this broker. */
    public Map<String, Object> client() {
        return Map.of("bootstrap.servers", bootstrap());
    }

    public Admin admin() {
        return Admin.create(client());
    }

    /** A producer of strings with these properties besides. */
    public KafkaProducer<String, String> producer(Map<String, Object> properties) {
        Properties all = new Properties();
        all.putAll(client());
        // Where the leader of a new topic is late, the broker could take the second before the first, and then refuses
        // that one for good.
        all.put("max.in.flight.requests.per.connection", "1");
        all.putAll(properties);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    /** Waits until the broker has them all: a record that was refused must not pass for one that is on its way. */
    @SafeVarargs
    public static void await(Future<RecordMetadata>... sent) {
        await(List.of(sent));
    }

    public static void await(List<Future<RecordMetadata>> sent) {
        try {
            for (Future<RecordMetadata> each : sent) {
                each.get();
            }
        } catch (InterruptedException | ExecutionException failure) {
            throw new AssertionError(failure);
        }
    }

    public void createTopic(String topic, int partitions, Map<String, String> settings) {
        try (Admin admin = admin()) {
            admin.createTopics(List.of(
                            new NewTopic(topic, Optional.of(partitions), Optional.of((short) 1)).configs(settings)))
                    .all()
                    .get();
        } catch (InterruptedException | ExecutionException failure) {
            throw new AssertionError("cannot create topic " + topic, failure);
        }
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
