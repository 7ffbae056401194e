package io.firn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CatalogsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"s3", "s3a", "gs", "abfs", "abfss", "oss", "wasbs", "s3n", "cosn"})
    void aHadoopCatalogOnAnObjectStoreIsRefusedWithWhatToUseInstead(String scheme) {
        for (Map<String, String> kind :
                List.of(Map.of("type", "hadoop"), Map.of("catalog-impl", "org.apache.iceberg.hadoop.HadoopCatalog"))) {
            Map<String, String> properties = new HashMap<>(kind);
            properties.put("warehouse", scheme + "://lake/warehouse");

            FirnException e = refused(properties);
            assertThat(e.code()).isEqualTo("catalog-not-atomic");
            assertThat(e.kind()).isEqualTo(FirnException.Kind.USER);
            assertThat(e).hasMessageContaining(scheme + "://lake/warehouse").hasMessageContaining("type: jdbc");
        }
    }

    @Test
    void aHadoopCatalogOnFilesOpens() throws IOException {
        Catalog catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", folder.toString()));
        assertThat(catalog.name()).isEqualTo("firn");
        ((Closeable) catalog).close();
    }

    @Test
    void theNameCanBeChosen() throws IOException {
        Catalog catalog = Catalogs.open(
                Map.of("type", "jdbc", "uri", "jdbc:sqlite::memory:", "warehouse", folder.toString(), "name", "lake"));
        assertThat(catalog.name()).isEqualTo("lake");
        ((Closeable) catalog).close();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aLocalDiskThatIsFullIsAnIoExceptionWithTheFileAndTheReason() throws IOException {
        Path full = Files.createSymbolicLink(folder.resolve("full"), Path.of("/dev/full"));
        Catalog catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", folder.toString()));
        Table table = catalog.createTable(
                TableIdentifier.of("shop", "orders"),
                new Schema(Types.NestedField.required(1, "id", Types.LongType.get())));

        PositionOutputStream out =
                table.io().newOutputFile(full.toUri().toString()).createOrOverwrite();
        assertThatThrownBy(() -> out.write(new byte[1 << 20]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(full.toString())
                .hasMessageContaining("No space left on device");
        assertThatThrownBy(out::close).isInstanceOf(IOException.class);
        ((Closeable) catalog).close();
    }

    @Test
    void aMissingOrUnknownTypeIsSaidWithThoseThereAre() {
        assertThat(refused(Map.of())).hasMessageContaining("type is missing").hasMessageContaining("jdbc");
        assertThat(refused(Map.of("type", "rst"))).hasMessageContaining("'rst'").hasMessageContaining("rest");
        assertThat(refused(Map.of("type", "rest", "catalog-impl", "x.Y"))).hasMessageContaining("both");
        assertThat(refused(Map.of("catalog-impl", "no.such.Catalog")).code()).isEqualTo("catalog-config");
    }

    @Test
    void aJdbcCatalogNeedsAUriAndAWarehouse() {
        assertThat(refused(Map.of("type", "jdbc"))).hasMessageContaining("uri");
        assertThat(refused(Map.of("type", "jdbc", "uri", "jdbc:sqlite::memory:")))
                .hasMessageContaining("warehouse");
    }

    @Test
    void anUnreachableCatalogIsAnExternalFailureWithoutSecrets() {
        int port = ClosedPort.number();
        FirnException rest = refused(Map.of(
                "type",
                "rest",
                "uri",
                "http://127.0.0.1:" + port,
                "token",
                "geheim-token",
                "rest.client.max-retries",
                "1"));
        assertThat(rest.kind()).isEqualTo(FirnException.Kind.EXTERNAL);
        assertThat(rest.code()).isEqualTo("catalog-unreachable");
        assertThat(rest).hasMessageContaining("http://127.0.0.1:" + port);

        FirnException jdbc = refused(Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:postgresql://127.0.0.1:" + port + "/lake?user=u&password=geheim",
                "warehouse",
                folder.toString()));
        assertThat(jdbc.code()).isEqualTo("catalog-unreachable");
        assertThat(jdbc.getMessage()).doesNotContain("geheim");
    }

    @Test
    void aCatalogThatNeverAnswersIsGivenUpAfterItsTimeOut() throws IOException {
        try (ServerSocket silent = new ServerSocket(0)) {
            FirnException rest = refused(Map.of(
                    "type",
                    "rest",
                    "uri",
                    "http://127.0.0.1:" + silent.getLocalPort(),
                    "rest.client.socket-timeout-ms",
                    "200"));
            assertThat(rest.code()).isEqualTo("catalog-unreachable");
        }
    }

    @Test
    void timeOutsAreSetWhereClientsWouldWaitForEverAndTheUserSaysNothing() {
        Map<String, String> rest = new HashMap<>(Map.of("rest.client.socket-timeout-ms", "5"));
        CatalogTimeouts.complete("rest", rest);
        assertThat(rest)
                .containsEntry("rest.client.socket-timeout-ms", "5")
                .containsEntry("rest.client.connection-timeout-ms", "10000");

        Map<String, String> postgres =
                new HashMap<>(Map.of("uri", "jdbc:postgresql://db/lake?socketTimeout=7", "jdbc.connectTimeout", "3"));
        CatalogTimeouts.complete("jdbc", postgres);
        assertThat(postgres)
                .containsEntry("jdbc.connectTimeout", "3")
                .containsEntry("jdbc.tcpKeepAlive", "true")
                .doesNotContainKey("jdbc.socketTimeout");

        Map<String, String> sqlite = new HashMap<>(Map.of("uri", "jdbc:sqlite:file:/x"));
        CatalogTimeouts.complete("jdbc", sqlite);
        assertThat(sqlite).hasSize(1);
    }

    @Test
    void aSqliteFolderThatIsNotThereIsSaid() {
        assertThatThrownBy(() -> Catalogs.open(Map.of(
                        "type",
                        "jdbc",
                        "uri",
                        "jdbc:sqlite:file:" + folder.resolve("no/where.db"),
                        "warehouse",
                        folder.toString())))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("no/where.db");
    }

    /** Several processes are started by one deployment, and the first thing each does is to open the catalog. */
    @Test
    void aNewDatabaseIsOpenedBySeveralAtOnce() throws Exception {
        int many = 8;
        ExecutorService openers = Executors.newFixedThreadPool(many);
        try {
            for (int round = 0; round < 5; round++) {
                Map<String, String> properties = Map.of(
                        "type",
                        "jdbc",
                        "uri",
                        "jdbc:sqlite:file:" + folder.resolve("new-" + round + ".db"),
                        "warehouse",
                        folder.toString(),
                        "jdbc.schema-version",
                        "V1");
                Callable<Catalog> open = () -> Catalogs.open(properties);
                for (Future<Catalog> opened : openers.invokeAll(Collections.nCopies(many, open))) {
                    ((Closeable) opened.get()).close();
                }
            }
        } finally {
            openers.shutdown();
        }
    }

    private static FirnException refused(Map<String, String> properties) {
        FirnException failure = catchThrowableOfType(FirnException.class, () -> Catalogs.open(properties));
        assertThat(failure).isNotNull();
        return failure;
    }
}
