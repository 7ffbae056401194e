package io.firn.deploy.quickstart;

import io.firn.catalog.FirnException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.Exit;

/** A Kafka broker (KRaft, one node) in this JVM, on free ports of the loopback address. Its data outlives it. */
final class EmbeddedBroker implements AutoCloseable {
    private static final String CLUSTER_ID = "Zmlybi1xdWlja3N0YXJ0MQ";
    private static final int LOWEST_PORT = 15_000;

    /** Linux's default. */
    private static final int LOWEST_OUTGOING_PORT = 32_768;

    private final KafkaRaftServer server;
    private final int port;

    private EmbeddedBroker(KafkaRaftServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /** @param directory formatted where it is new; else its data is taken up */
    static EmbeddedBroker start(Path directory) {
        tellHowItEnds(directory);
        try {
            Files.createDirectories(directory);
            int port = freePort();
            Properties properties = properties(directory, port, freePort());
            Path file = directory.resolve("server.properties");
            try (var out = Files.newOutputStream(file)) {
                properties.store(out, null);
            }
            format(file);
            KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties, false), Time.SYSTEM);
            server.startup();
            return new EmbeddedBroker(server, port);
        } catch (IOException failed) {
            throw Folder.unusable(directory, failed);
        } catch (KafkaException failed) {
            throw FirnException.external(
                    "quickstart-broker",
                    "the embedded broker does not start: " + failed.getMessage(),
                    directory.toString(),
                    "run it again: every start takes free ports; else name another folder with --dir",
                    failed);
        }
    }

    /** A broker that can no longer write its log ends the process, and by itself says so in its own log alone. */
    private static void tellHowItEnds(Path directory) {
        Exit.setHaltProcedure((code, message) -> {
            System.err.println("firn: the embedded broker gave up" + (message == null ? "" : ": " + message));
            System.err.println("  where: " + directory);
            System.err.println("  do: see whether the disk is full; the same command goes on from here");
            Runtime.getRuntime().halt(1);
        });
    }

    private static void format(Path file) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int code = StorageTool.execute(
                new String[] {"format", "-t", CLUSTER_ID, "-c", file.toString(), "--ignore-formatted"},
                new PrintStream(output, true, StandardCharsets.UTF_8));
        if (code != 0) {
            throw FirnException.internal(
                    "quickstart-broker",
                    "the broker's folder cannot be formatted: " + output.toString(StandardCharsets.UTF_8),
                    file.toString());
        }
    }

    private static Properties properties(Path directory, int port, int controllerPort) {
        Properties properties = new Properties();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", "1");
        properties.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        properties.put("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        properties.put("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port);
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.put("log.dirs", directory.resolve("data").toString());
        properties.put("auto.create.topics.enable", "false");
        properties.put("offsets.topic.replication.factor", "1");
        properties.put("offsets.topic.num.partitions", "1");
        properties.put("transaction.state.log.replication.factor", "1");
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("group.initial.rebalance.delay.ms", "0");
        properties.put("broker.session.timeout.ms", "2000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("log.retention.ms", "-1");
        return properties;
    }

    /** Below the ports that systems give to outgoing connections: one of those could take it before the broker does. */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST_PORT, LOWEST_OUTGOING_PORT);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException taken) {
                continue;
            }
        }
    }

    String bootstrap() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }
}
