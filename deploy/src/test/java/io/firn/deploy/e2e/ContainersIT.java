package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.NestedOrders;
import io.firn.deploy.rig.OsProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * Kafka, MinIO, PostgreSQL and Trino as people run them, in containers; skipped where there is no Docker. The same
 * scenario without Docker is {@link EnginesIT}'s.
 */
final class ContainersIT {
    private static final Path LOGS = OsProcess.logs("containers");
    private static final int SENT = 1_000;

    @TempDir
    private Path directory;

    @BeforeEach
    void needsDocker() {
        boolean docker = DockerClientFactory.instance().isDockerAvailable();
        if (!docker) {
            System.out.println("[containers] no Docker here: the test of Kafka, MinIO and Trino in them is skipped");
        }
        Assumptions.assumeTrue(docker, "no Docker here");
    }

    @Test
    void trino_reads_what_firn_brought_from_kafka_to_minio() throws Exception {
        int kafkaPort = OsProcess.freePort();
        try (Network network = Network.newNetwork();
                GenericContainer<?> kafka = kafka(kafkaPort);
                GenericContainer<?> minio = minio(network);
                GenericContainer<?> postgres = postgres(network);
                GenericContainer<?> trino = trino(network)) {
            kafka.start();
            minio.start();
            // A folder is a bucket.
            assertThat(minio.execInContainer("mkdir", "/data/lake").getExitCode())
                    .isZero();
            postgres.start();
            String bootstrap = "127.0.0.1:" + kafkaPort;
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                admin.createTopics(List.of(new NewTopic("orders", 4, (short) 1)))
                        .all()
                        .get();
            }
            NestedOrders.send(bootstrap, "orders", 4, 0, SENT);
            Path config = FirnProcess.config(
                    directory.resolve("firn.yaml"),
                    Map.of("bootstrap.servers", bootstrap),
                    catalog(minio, postgres),
                    "orders",
                    List.of(
                            "topics: [orders]",
                            "table: shop.orders",
                            "schema: \"order_id string not null, amount decimal(10,2)\"",
                            "commit: {interval: 1s}"));
            try (FirnProcess service =
                    FirnProcess.of("containers", config, LOGS, "-Xmx256m").start()) {
                trino.start();
                Eventually.holds(
                        "Trino counts all orders",
                        Duration.ofMinutes(3),
                        () -> trino.execInContainer("trino", "--execute", "select count(*) from lake.shop.orders")
                                .getStdout()
                                .contains("\"" + SENT + "\""),
                        service::tail);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            OsProcess audit = FirnProcess.command("audit", LOGS, "audit", "orders", "--config", config.toString());
            assertThat(audit.exitCode()).as(audit.tail()).isZero();
        }
    }

    private static Map<String, String> catalog(GenericContainer<?> minio, GenericContainer<?> postgres) {
        Map<String, String> properties = new TreeMap<>(Map.of(
                "type", "jdbc",
                "uri", "jdbc:postgresql://" + postgres.getHost() + ":" + postgres.getMappedPort(5432) + "/postgres",
                "jdbc.user", "postgres",
                "jdbc.password", "postgres",
                "jdbc.schema-version", "V1",
                "warehouse", "s3://lake/warehouse"));
        properties.putAll(Map.of(
                "io-impl", "org.apache.iceberg.aws.s3.S3FileIO",
                "s3.endpoint", "http://" + minio.getHost() + ":" + minio.getMappedPort(9000),
                "s3.path-style-access", "true",
                "s3.access-key-id", "firn-rig",
                "s3.secret-access-key", "firn-rig-secret",
                "client.region", "us-east-1"));
        return properties;
    }

    private static GenericContainer<?> kafka(int port) {
        GenericContainer<?> kafka = new GenericContainer<>(DockerImageName.parse("apache/kafka:4.1.0"));
        kafka.setPortBindings(List.of("127.0.0.1:" + port + ":9092"));
        return kafka.withEnv("KAFKA_NODE_ID", "1")
                .withEnv("KAFKA_PROCESS_ROLES", "broker,controller")
                .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
                .withEnv("KAFKA_LISTENERS", "PLAINTEXT://:9092,CONTROLLER://:9093")
                .withEnv("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://127.0.0.1:" + port)
                .withEnv("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
                .withEnv("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT")
                .withEnv("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
                .waitingFor(Wait.forLogMessage(".*Kafka Server started.*", 1));
    }

    private static GenericContainer<?> minio(Network network) {
        return new GenericContainer<>(DockerImageName.parse("minio/minio:RELEASE.2025-04-22T22-12-26Z"))
                .withNetwork(network)
                .withNetworkAliases("minio")
                .withEnv("MINIO_ROOT_USER", "firn-rig")
                .withEnv("MINIO_ROOT_PASSWORD", "firn-rig-secret")
                .withExposedPorts(9000)
                .withCommand("server", "/data")
                .waitingFor(Wait.forHttp("/minio/health/ready").forPort(9000));
    }

    private static GenericContainer<?> postgres(Network network) {
        return new GenericContainer<>(DockerImageName.parse("postgres:18"))
                .withNetwork(network)
                .withNetworkAliases("postgres")
                .withEnv("POSTGRES_PASSWORD", "postgres")
                .withExposedPorts(5432)
                .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2));
    }

    private GenericContainer<?> trino(Network network) throws java.io.IOException {
        Path file = java.nio.file.Files.writeString(directory.resolve("lake.properties"), """
                connector.name=iceberg
                iceberg.catalog.type=jdbc
                iceberg.jdbc-catalog.catalog-name=firn
                iceberg.jdbc-catalog.driver-class=org.postgresql.Driver
                iceberg.jdbc-catalog.connection-url=jdbc:postgresql://postgres:5432/postgres
                iceberg.jdbc-catalog.connection-user=postgres
                iceberg.jdbc-catalog.connection-password=postgres
                iceberg.jdbc-catalog.default-warehouse-dir=s3://lake/warehouse
                fs.s3.enabled=true
                s3.endpoint=http://minio:9000
                s3.region=us-east-1
                s3.path-style-access=true
                s3.aws-access-key=firn-rig
                s3.aws-secret-key=firn-rig-secret
                """);
        return new GenericContainer<>(DockerImageName.parse("trinodb/trino:476"))
                .withNetwork(network)
                .withExposedPorts(8080)
                .withCopyFileToContainer(MountableFile.forHostPath(file, 0644), "/etc/trino/catalog/lake.properties")
                .waitingFor(Wait.forLogMessage(".*SERVER STARTED.*", 1).withStartupTimeout(Duration.ofMinutes(3)));
    }
}
