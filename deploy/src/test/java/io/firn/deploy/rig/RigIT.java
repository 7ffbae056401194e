package io.firn.deploy.rig;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** The rig against itself: the parts start, and the verifier finds what it must find. */
@Order(6)
class RigIT {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.optional(1, "_source_topic", Types.StringType.get()),
            Types.NestedField.optional(2, "_source_partition", Types.IntegerType.get()),
            Types.NestedField.optional(3, "_source_offset", Types.LongType.get()));

    @TempDir
    Path directory;

    @Test
    void the_verifier_finds_missing_doubled_and_unknown_rows_and_lag() throws Exception {
        Path logs = OsProcess.logs("rig");
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), logs);
                Lake lake = Lake.local(directory)) {
            broker.createTopic("orders", 2, Map.of());
            TopicProducer.orders(broker.bootstrap(), "orders", 2, 20);
            broker.kill9();
            broker.restart();
            Table table = create(lake);
            TableVerifier verifier = new TableVerifier(lake, "shop.orders", broker.bootstrap(), "p", "orders");

            append(table, 0, List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), "{\"0\":10,\"1\":0}");
            append(table, 1, List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), "{\"0\":10,\"1\":10}");
            assertThat(verifier.verify().isExact()).as("%s", verifier.verify()).isTrue();
            assertThat(verifier.isDrained()).isTrue();
            assertThat(verifier.unreferencedFiles()).isEmpty();

            append(table, 1, List.of(3, 10), "{\"0\":9,\"1\":10}");
            table.newDelete()
                    .deleteFromRowFilter(org.apache.iceberg.expressions.Expressions.equal("_source_partition", 0))
                    .set("firn.offsets", "{\"p\":{\"orders\":{\"next\":{\"0\":9,\"1\":10}}}}")
                    .commit();
            TableVerifier.Report report = verifier.verify();
            assertThat(report.isExact()).isFalse();
            assertThat(report.doubled()).containsExactly("1:3");
            assertThat(report.beyond()).containsExactly("1:10");
            assertThat(report.missing()).hasSize(9).contains("0:0", "0:8");
            assertThat(report.lag()).isEqualTo(1);
        }
    }

    @Test
    void tables_can_be_written_and_read_over_s3_and_rest() throws Exception {
        try (Lake lake = Lake.s3AndRest(directory, OsProcess.logs("rig"))) {
            append(create(lake), 0, List.of(0, 1), "{\"0\":2}");
            assertThat(lake.table("shop.orders").currentSnapshot().summary()).containsEntry("total-records", "2");
        }
    }

    @Test
    void tables_can_be_kept_in_postgresql() throws Exception {
        Assumptions.assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        try (Lake lake = Lake.postgres(directory)) {
            append(create(lake), 0, List.of(0, 1, 2), "{\"0\":3}");
            assertThat(lake.table("shop.orders").currentSnapshot().summary()).containsEntry("total-records", "3");
        }
    }

    @Test
    void tables_can_be_kept_in_postgresql_in_a_container() throws Exception {
        assumeDocker();
        try (GenericContainer<?> postgres = new GenericContainer<>(DockerImageName.parse("postgres:18"))) {
            postgres.withEnv("POSTGRES_PASSWORD", "postgres")
                    .withExposedPorts(5432)
                    .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2))
                    .start();
            Map<String, String> properties = Map.of(
                    "type", "jdbc",
                    "uri", "jdbc:postgresql://" + postgres.getHost() + ":" + postgres.getMappedPort(5432) + "/postgres",
                    "jdbc.user", "postgres",
                    "jdbc.password", "postgres",
                    "jdbc.schema-version", "V1",
                    "warehouse", directory.resolve("warehouse").toString());
            try (Lake lake = Lake.of("local folder, PostgreSQL container", properties)) {
                append(create(lake), 0, List.of(0, 1, 2), "{\"0\":3}");
                assertThat(lake.table("shop.orders").currentSnapshot().summary())
                        .containsEntry("total-records", "3");
            }
        }
    }

    /** Skips where containers cannot be started, and says so in the build's output. */
    private static void assumeDocker() {
        boolean docker = DockerClientFactory.instance().isDockerAvailable();
        if (!docker) {
            System.out.println("[rig] no Docker here: the tests with containers are skipped");
        }
        Assumptions.assumeTrue(docker, "no Docker here");
    }

    private static Table create(Lake lake) {
        Catalog catalog =
                CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new org.apache.hadoop.conf.Configuration());
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        return catalog.createTable(
                TableIdentifier.parse("shop.orders"),
                SCHEMA,
                PartitionSpec.builderFor(SCHEMA).identity("_source_partition").build());
    }

    private static void append(Table table, int partition, List<Integer> offsets, String next) throws Exception {
        GenericRecord row = GenericRecord.create(SCHEMA);
        org.apache.iceberg.PartitionKey key = new org.apache.iceberg.PartitionKey(table.spec(), SCHEMA);
        Record sample = row.copy(Map.of("_source_partition", partition));
        key.partition(sample);
        DataWriter<Record> writer = Parquet.writeData(table.io()
                        .newOutputFile(table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet")))
                .schema(SCHEMA)
                .withSpec(table.spec())
                .withPartition(key)
                .createWriterFunc(GenericParquetWriter::create)
                .build();
        try (writer) {
            for (int offset : offsets) {
                writer.write(row.copy(Map.of(
                        "_source_topic", "orders", "_source_partition", partition, "_source_offset", (long) offset)));
            }
        }
        DataFile file = writer.toDataFile();
        table.newAppend()
                .appendFile(file)
                .set("firn.offsets", "{\"p\":{\"orders\":{\"next\":" + next + "}}}")
                .commit();
    }
}
