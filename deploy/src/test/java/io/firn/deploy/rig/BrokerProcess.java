package io.firn.deploy.rig;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka broker (KRaft, one node) as a process. Its port and data stay the same over {@link #kill9} and
 * {@link #restart}. Dead group members are found after six seconds, so that a fault costs a test no minute.
 */
public final class BrokerProcess implements AutoCloseable {
    /** How long a member of a group may be silent before its partitions go to others. */
    public static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

    /** For clients of the classic protocol, which say themselves how long that is. */
    public static final String SESSION_MILLIS = Long.toString(SESSION_TIMEOUT.toMillis());

    /** How many clients can each have a network of their own, by {@link #bootstrap(int)}, where nobody says. */
    private static final int WAYS = 2;

    /** Who may come in by {@link #authenticated}. */
    public static final String USER = "rig";

    public static final String PASSWORD = "rig-broker-password";

    private static final String PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

    private static final String CLUSTER_ID = "Zmlybi1yaWctY2x1c3Rlcg";

    private final Path directory;
    private final Path logs;
    private final int port;
    private final int saslPort;
    private final List<Integer> networkPorts = new ArrayList<>();
    private final List<TcpProxy> networks = new ArrayList<>();
    private @Nullable OsProcess process;

    /** How soon a broker's groups act. */
    public enum Groups {
        /** As tests want them: see {@link #SESSION_TIMEOUT}. */
        QUICK("""
                group.initial.rebalance.delay.ms=0
                group.min.session.timeout.ms=1000
                group.consumer.min.session.timeout.ms=1000
                group.consumer.session.timeout.ms=%d
                group.consumer.min.heartbeat.interval.ms=200
                group.consumer.heartbeat.interval.ms=1000
                """.formatted(SESSION_TIMEOUT.toMillis())),
        /** As Kafka has them. */
        KAFKA_DEFAULTS("");

        private final String properties;

        Groups(String properties) {
            this.properties = properties;
        }
    }

    private BrokerProcess(Path directory, Path logs, int ways) {
        this.directory = directory;
        this.logs = logs;
        this.port = OsProcess.freePort();
        this.saslPort = OsProcess.freePort();
        for (int way = 0; way < ways; way++) {
            int behind = OsProcess.freePort();
            networkPorts.add(behind);
            networks.add(TcpProxy.before("kafka-" + way, behind));
        }
    }

    /**
     * Formats the storage, starts the broker and waits until it answers.
     *
     * @param directory for data; must be empty or absent
     */
    public static BrokerProcess start(Path directory, Path logs) {
        return start(directory, logs, WAYS);
    }

    /** As the other, for measurements that depend on the broker's settings of groups. */
    public static BrokerProcess start(Path directory, Path logs, Groups groups) {
        return start(directory, logs, WAYS, groups);
    }

    /**
     * As above.
     *
     * @param ways how many clients can each have a network of their own, by {@link #bootstrap(int)}
     */
    public static BrokerProcess start(Path directory, Path logs, int ways) {
        return start(directory, logs, ways, Groups.QUICK);
    }

    private static BrokerProcess start(Path directory, Path logs, int ways, Groups groups) {
        BrokerProcess broker = new BrokerProcess(directory, logs, ways);
        broker.writeProperties(OsProcess.freePort(), groups);
        broker.format();
        broker.restart();
        return broker;
    }

    /** In this JVM: another one would take seconds to start. */
    private void format() {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int code = StorageTool.execute(
                new String[] {"format", "-t", CLUSTER_ID, "-c", properties()},
                new PrintStream(output, true, StandardCharsets.UTF_8));
        if (code != 0) {
            throw new AssertionError("format failed: " + output.toString(StandardCharsets.UTF_8));
        }
    }

    private void writeProperties(int controllerPort, Groups groups) {
        try {
            Files.createDirectories(directory);
            Files.writeString(Path.of(properties()), """
                    process.roles=broker,controller
                    node.id=1
                    controller.quorum.voters=1@127.0.0.1:%2$d
                    listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d,SASL_PLAINTEXT://127.0.0.1:%5$d%9$s
                    advertised.listeners=PLAINTEXT://127.0.0.1:%1$d,SASL_PLAINTEXT://127.0.0.1:%5$d%10$s
                    sasl.enabled.mechanisms=PLAIN
                    listener.name.sasl_plaintext.plain.sasl.jaas.config=%6$s user_%7$s="%8$s";
                    %12$s
                    controller.listener.names=CONTROLLER
                    listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT%11$s
                    log.dirs=%3$s
                    num.partitions=1
                    auto.create.topics.enable=false
                    authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
                    super.users=User:ANONYMOUS
                    allow.everyone.if.no.acl.found=true
                    offsets.topic.replication.factor=1
                    offsets.topic.num.partitions=2
                    transaction.state.log.replication.factor=1
                    transaction.state.log.min.isr=1
                    transaction.state.log.num.partitions=2
                    share.coordinator.state.topic.replication.factor=1
                    share.coordinator.state.topic.min.isr=1
                    broker.session.timeout.ms=2000
                    broker.heartbeat.interval.ms=500
                    log.cleaner.backoff.ms=200
                    log.retention.check.interval.ms=1000
                    log.segment.delete.delay.ms=100
                    %4$s""".formatted(
                            port,
                            controllerPort,
                            directory.resolve("data"),
                            groups.properties,
                            saslPort,
                            PLAIN_LOGIN,
                            USER,
                            PASSWORD,
                            everyWay(way -> ",NETWORK" + way + "://127.0.0.1:" + networkPorts.get(way)),
                            everyWay(way -> ",NETWORK" + way + "://127.0.0.1:"
                                    + networks.get(way).port()),
                            everyWay(way -> ",NETWORK" + way + ":SASL_PLAINTEXT"),
                            everyWay(way -> "listener.name.network" + way + ".plain.sasl.jaas.config=" + PLAIN_LOGIN
                                    + " user_" + USER + "=\"" + PASSWORD + "\";\n")));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private String everyWay(IntFunction<String> text) {
        return IntStream.range(0, networks.size()).mapToObj(text).collect(Collectors.joining());
    }

    private String properties() {
        return directory.resolve("server.properties").toString();
    }

    private List<String> command(String main, String... arguments) {
        List<String> command = new ArrayList<>(OsProcess.java(
                logs,
                System.getProperty("java.class.path"),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto"));
        command.add(main);
        command.addAll(List.of(arguments));
        return command;
    }

    /** As clients know it, {@code host:port}. */
    public String bootstrap() {
        return "127.0.0.1:" + port;
    }

    /** Client properties by {@link #bootstrap(int)}: the listener asks for a password. */
    public Map<String, String> login() {
        Map<String, String> properties = new HashMap<>(authenticated(PASSWORD));
        properties.remove("bootstrap.servers");
        return properties;
    }

    /** Where a client connects whose every connection to this broker goes by {@link #network}. */
    public String bootstrap(int way) {
        return "127.0.0.1:" + network(way).port();
    }

    /** The network between the broker and who came by {@link #bootstrap(int)}. */
    public TcpProxy network(int way) {
        return networks.get(way);
    }

    /** Client properties for the listener that asks for a password (SASL, PLAIN). */
    public Map<String, String> authenticated(String password) {
        return Map.of(
                "bootstrap.servers",
                "127.0.0.1:" + saslPort,
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                PLAIN_LOGIN + " username='" + USER + "' password='" + password + "';");
    }

    /** Starts a stopped or killed broker on the same port and data, and waits until it answers. */
    public void restart() {
        OsProcess started =
                OsProcess.start("kafka", logs.resolve("kafka.log"), Map.of(), command("kafka.Kafka", properties()));
        process = started;
        Eventually.holds(
                "the broker answers",
                Eventually.PATIENCE,
                () -> {
                    if (!started.isAlive()) {
                        throw new AssertionError("the broker ended: " + started.tail());
                    }
                    try (Admin admin = admin()) {
                        return !admin.describeCluster()
                                .nodes()
                                .get(3, TimeUnit.SECONDS)
                                .isEmpty();
                    }
                },
                started::tail);
    }

    /** An orderly stop. */
    public void stop() {
        OsProcess running = process;
        if (running != null) {
            running.signal("TERM");
            running.awaitExit(Duration.ofSeconds(30));
            running.close();
            process = null;
        }
    }

    public void kill9() {
        OsProcess running = process;
        if (running != null) {
            running.close();
            process = null;
        }
    }

    /** A client for administration; the caller closes it. */
    public Admin admin() {
        return Admin.create(Map.of(
                "bootstrap.servers",
                bootstrap(),
                "default.api.timeout.ms",
                Long.toString(Eventually.PATIENCE.toMillis()),
                "request.timeout.ms",
                "10000",
                "reconnect.backoff.max.ms",
                "500"));
    }

    /** From now on {@link #USER} may do only what is allowed here; who comes without a password may do all. */
    public void allowUser(ResourceType type, String prefix, AclOperation... operations) {
        ResourcePattern resource = new ResourcePattern(type, prefix, PatternType.PREFIXED);
        // An entry for somebody else makes the authorizer look at entries at all.
        List<AclBinding> entries = new ArrayList<>(List.of(entry(resource, "User:nobody", AclOperation.READ)));
        for (AclOperation operation : operations) {
            entries.add(entry(resource, "User:" + USER, operation));
        }
        try (Admin admin = admin()) {
            admin.createAcls(entries).all().get(20, TimeUnit.SECONDS);
            Eventually.holds(
                    "the entries for " + prefix + " are there",
                    Duration.ofSeconds(20),
                    () -> admin.describeAcls(new AclBindingFilter(resource.toFilter(), AccessControlEntryFilter.ANY))
                                    .values()
                                    .get(5, TimeUnit.SECONDS)
                                    .size()
                            == entries.size());
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new AssertionError("cannot allow " + prefix, failed);
        }
    }

    /** Takes the right to read a topic from {@link #USER}. */
    public void withdrawRead(String topic) {
        try (Admin admin = admin()) {
            admin.createAcls(List.of(denied(topic))).all().get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new AssertionError("cannot deny " + topic, failed);
        }
    }

    /** Gives it back. */
    public void giveReadBack(String topic) {
        try (Admin admin = admin()) {
            admin.deleteAcls(List.of(denied(topic).toFilter()))
                    .all()
                    .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new AssertionError("cannot allow " + topic, failed);
        }
    }

    private static AclBinding denied(String topic) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                new AccessControlEntry("User:" + USER, "*", AclOperation.READ, AclPermissionType.DENY));
    }

    private static AclBinding entry(ResourcePattern resource, String principal, AclOperation operation) {
        return new AclBinding(resource, new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
    }

    /** Creates a topic of one replica. */
    public void createTopic(String topic, int partitions, Map<String, String> settings) {
        try (Admin admin = admin()) {
            NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.of((short) 1)).configs(settings);
            admin.createTopics(List.of(wanted)).all().get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            Eventually.holds(
                    "topic " + topic + " is there",
                    Eventually.PATIENCE,
                    () ->
                            admin
                                    .describeTopics(List.of(topic))
                                    .allTopicNames()
                                    .get(5, TimeUnit.SECONDS)
                                    .values()
                                    .stream()
                                    .allMatch(found -> found.partitions().size() == partitions));
        } catch (InterruptedException | ExecutionException | TimeoutException failed) {
            throw new AssertionError("cannot create topic " + topic, failed);
        }
    }

    @Override
    public void close() {
        kill9();
        networks.forEach(TcpProxy::close);
    }
}
