package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.Tables;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.SplittableRandom;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as people meet it when something is wrong. No broker is there: port 1 answers nobody. */
class CommandLineTest {
    private static final String NOWHERE = ClosedPort.address();

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void makeWarehouse() throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
    }

    private int firn(String... arguments) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private String config(String catalog, String pipeline) throws IOException {
        return Files.writeString(
                        folder.resolve("firn.yaml"),
                        "kafka: {bootstrap.servers: '" + NOWHERE
                                + "', default.api.timeout.ms: 1000, request.timeout.ms: 500}\nhttp: {listen: '127.0.0.1:0'}\ncatalog: "
                                + catalog
                                + "\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n" + pipeline)
                .toString();
    }

    private String sqlite() {
        StringBuilder yaml = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> yaml.append(key + ": '" + value + "', "));
        return yaml.append("}").toString();
    }

    /** A table of two columns, made by someone else. */
    private Table foreignTable() {
        Catalog catalog = Catalogs.open(Lake.sqlite(folder));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        return catalog.createTable(
                Tables.identifier("shop.orders"),
                new Schema(
                        Types.NestedField.optional(1, "id", Types.LongType.get()),
                        Types.NestedField.optional(2, "name", Types.StringType.get())));
    }

    @Test
    void no_command_is_wrong_usage() {
        assertThat(firn()).isEqualTo(2);
        assertThat(err.toString()).isEqualToNormalizingNewlines("""
                firn: no command is given
                  where: firn
                  do: see firn --help
                """);
    }

    @Test
    void version_and_help_exit_with_0() {
        assertThat(firn("--version")).isZero();
        assertThat(firn("--help")).isZero();
        assertThat(out.toString()).contains("firn 0.1.0", "quickstart", "audit", "Exit codes");
    }

    @Test
    void a_missing_file_is_named() {
        assertThat(firn("run", "--config", "/nowhere/firn.yaml")).isEqualTo(2);
        assertThat(err.toString())
                .contains("firn: the configuration file does not exist", "where: /nowhere/firn.yaml", "do: ");
    }

    @Test
    void an_unknown_key_names_the_nearest() throws IOException {
        assertThat(firn("check", "--config", config(sqlite(), "    shema: x\n")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("unknown key shema", "firn.yaml:8:5", "did you mean schema?");
    }

    @Test
    void a_broker_out_of_reach_is_told_with_its_address_and_key() throws IOException {
        assertThat(firn("check", "--config", config(sqlite(), "    schema: id long\n")))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("no Kafka broker answers at " + NOWHERE, "kafka.bootstrap.servers")
                .doesNotContain("\tat ");
    }

    @Test
    void broken_yaml_is_told_with_its_line() throws IOException {
        String file = config(sqlite(), "    schema: [id\n    workers: 2\n");
        assertThat(firn("check", "--config", file)).isEqualTo(2);
        assertThat(err.toString()).contains("firn: not YAML", file + ":9:", "do: check indentation");
    }

    @Test
    void a_hadoop_catalog_on_an_object_store_is_refused() throws IOException {
        String file = config("{type: hadoop, warehouse: 's3://lake/warehouse'}", "    schema: id long\n");
        assertThat(firn("run", "--config", file)).isEqualTo(2);
        assertThat(err.toString()).contains("loses commits", "do: keep the warehouse and use type: jdbc");
    }

    @Test
    void a_table_with_rows_and_no_ledger_is_refused() throws IOException {
        Table table = foreignTable();
        table.newFastAppend()
                .appendFile(DataFiles.builder(PartitionSpec.unpartitioned())
                        .withPath(table.location() + "/data/a.parquet")
                        .withFileSizeInBytes(100)
                        .withRecordCount(1)
                        .build())
                .commit();

        assertThat(firn("run", "--config", config(sqlite(), ""))).isEqualTo(2);
        assertThat(err.toString()).contains("rows but no ledger", "shop.orders", "adopt: true");
    }

    @Test
    void a_schema_that_does_not_fit_the_table_is_told_by_column() throws IOException {
        foreignTable();
        assertThat(firn("check", "--config", config(sqlite(), "    schema: 'id string, name string'\n")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("does not fit the table", "id", "pipelines.orders.schema");
    }

    @Test
    void the_ledger_of_a_table_that_is_not_there_is_wrong_usage() throws IOException {
        assertThat(firn("ledger", "shop.none", "--config", config(sqlite(), "")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("the table does not exist", "shop.none");
    }

    @Test
    void an_audit_of_no_such_pipeline_names_those_there_are() throws IOException {
        assertThat(firn("audit", "order", "--config", config(sqlite(), ""))).isEqualTo(2);
        assertThat(err.toString()).contains("there is no pipeline order", "did you mean orders?", "[orders]");
    }

    @Test
    void a_stack_trace_is_shown_with_debug_alone() {
        firn("run", "--config", "/nowhere/firn.yaml");
        assertThat(err.toString()).doesNotContain("\tat ");
        firn("run", "--debug", "--config", "/nowhere/firn.yaml");
        assertThat(err.toString()).contains("\tat ");
    }
}
