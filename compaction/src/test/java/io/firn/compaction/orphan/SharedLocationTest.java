package io.firn.compaction.orphan;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever shares a location with a table, by accident or on purpose, loses nothing to the table's clean-up. */
final class SharedLocationTest {
    private static final OrphanSettings SETTINGS = OrphanSettings.DEFAULTS.withSafetyAge(Duration.ofHours(6));

    @TempDir
    Path dir;

    private TestLake lake;
    private Table table;

    @BeforeEach
    void tableWithRows() {
        lake = new TestLake(dir);
        table = lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
        lake.ingest("orders", TestFiles.data(table, Orders.rows(0, 10, 1)));
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void aRenamedTableKeepsItsFilesWhenAnotherTableIsCreatedInItsLocation() throws IOException {
        lake.catalog().renameTable(TableIdentifier.of("shop", "orders"), TableIdentifier.of("shop", "orders_2025"));
        lake.restart();
        Table fresh = lake.catalog()
                .buildTable(TableIdentifier.of("shop", "orders"), Orders.SCHEMA)
                .withLocation(table.location())
                .create();
        lake.ingest("orders", TestFiles.data(fresh, Orders.rows(100, 10, 2)));

        assertNothingIsDeletedOf("orders");
        assertNothingIsDeletedOf("orders_2025");
        assertThat(TestLake.rows(lake.open("orders_2025"))).hasSize(10);
    }

    @Test
    void aTableThatNobodyRegistersAnyMoreKeepsItsFiles() throws IOException {
        lake.catalog().dropTable(TableIdentifier.of("shop", "orders"), false);
        lake.restart();
        Table fresh = lake.catalog()
                .buildTable(TableIdentifier.of("shop", "orders"), Orders.SCHEMA)
                .withLocation(table.location())
                .create();
        lake.ingest("orders", TestFiles.data(fresh, Orders.rows(100, 10, 2)));

        assertNothingIsDeletedOf("orders");
    }

    @Test
    void aDataPathWithDotsLeadsNowhere() throws IOException {
        Path other = old("warehouse/shop/customers/data/rows.parquet");
        table.updateProperties()
                .set("write.data.path", table.location() + "/data/../../customers/data")
                .commit();
        assertNothingIsDeletedOf("orders");
        assertThat(other).exists();
    }

    @Test
    void aLocationThatWasSetToASharedDirectoryStopsTheJob() throws IOException {
        assertNothingIsDeletedOf("orders");
        old("shared/data/rows.parquet");
        old("warehouse/landing/data/rows.parquet");
        table.updateLocation()
                .setLocation(dir.resolve("shared").toUri().toString())
                .commit();
        lake.ingest("orders", TestFiles.data(table, Orders.rows(100, 10, 2)));
        assertNothingIsDeletedOf("orders");

        table.updateLocation()
                .setLocation(dir.resolve("warehouse/landing").toUri().toString())
                .commit();
        assertNothingIsDeletedOf("orders");
    }

    @Test
    void aSymbolicLinkBelowTheDataDirectoryIsNotFollowed() throws IOException {
        old("elsewhere/rows.parquet");
        Path data = Path.of(URI.create(table.location()).getPath()).resolve("data");
        Files.createSymbolicLink(data.resolve("link"), dir.resolve("elsewhere"));
        assertNothingIsDeletedOf("orders");
    }

    @Test
    void aDataPathThatAnotherTableUsesTooIsLeftAlone() throws IOException {
        Table other = lake.create("customers", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of());
        other.updateProperties()
                .set("write.data.path", table.location() + "/data/customers")
                .commit();
        lake.restart();
        lake.ingest("customers", TestFiles.data(other, Orders.rows(0, 10, 1)));
        assertNothingIsDeletedOf("orders");
        assertThat(TestLake.rows(lake.open("customers"))).hasSize(10);
    }

    @Test
    void aMetadataPathThatAnotherTableUsesTooIsLeftAlone() throws IOException {
        Table other = lake.create("customers", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of());
        other.updateProperties()
                .set("write.metadata.path", table.location() + "/metadata")
                .commit();
        lake.restart();
        lake.ingest("customers", TestFiles.data(other, Orders.rows(0, 10, 1)));
        assertNothingIsDeletedOf("orders");
        assertThat(TestLake.rows(lake.open("customers"))).hasSize(10);
    }

    @Test
    void aBackupOfATableInASubDirectoryStays() throws IOException {
        Path root = Path.of(URI.create(table.location()).getPath());
        Path backup = Files.createDirectories(root.resolve("data/backup/metadata"));
        try (Stream<Path> files = Files.list(root.resolve("metadata"))) {
            for (Path file : files.toList()) {
                Files.copy(file, backup.resolve(file.getFileName()));
            }
        }
        assertNothingIsDeletedOf("orders");
    }

    @Test
    void aTableInsideOfAnotherOneAndTheOneAroundItAreLeftAlone() throws IOException {
        Table inner = lake.catalog()
                .buildTable(TableIdentifier.of("other", "inner"), Orders.SCHEMA)
                .withLocation(table.location() + "/data/inner")
                .create();
        TestFiles.data(inner, Orders.rows(0, 10, 1));
        lake.catalog().dropTable(TableIdentifier.of("other", "inner"), false);
        assertNothingIsDeletedOf("orders");
    }

    @Test
    void aTableRegisteredUnderTwoNamesIsLeftAlone() throws IOException {
        String metadata = ((org.apache.iceberg.HasTableOperations) lake.open("orders"))
                .operations()
                .current()
                .metadataFileLocation();
        lake.catalog().registerTable(TableIdentifier.of("shop", "twin"), metadata);
        lake.ingest("orders", TestFiles.data(table, Orders.rows(100, 10, 2)));
        lake.open("twin")
                .newAppend()
                .appendFile(TestFiles.data(lake.open("twin"), Orders.rows(200, 10, 3)))
                .commit();
        assertNothingIsDeletedOf("orders");
        assertThat(TestLake.rows(lake.open("twin"))).hasSize(20);
    }

    @Test
    void theObjectStorageLayoutIsCleanedLikeAnyOther() throws IOException {
        table.updateProperties().set("write.object-storage.enabled", "true").commit();
        lake.ingest("orders", TestFiles.data(table, Orders.rows(100, 10, 2)));
        Path orphan =
                Path.of(URI.create(TestFiles.data(table, Orders.rows(300, 1, 1)).location())
                        .getPath());
        makeAllOld();
        TestLake.run(new OrphanJob(lake.later(table, Duration.ofDays(2)), SETTINGS, lake.guard("orders")));
        assertThat(orphan).doesNotExist();
        assertThat(TestLake.rows(table)).hasSize(20);
    }

    private void assertNothingIsDeletedOf(String name) throws IOException {
        makeAllOld();
        Map<Path, Long> before = files();
        try {
            TestLake.run(new OrphanJob(lake.later(lake.open(name), Duration.ofDays(2)), SETTINGS, lake.guard(name)));
        } catch (FirnException refused) {
            assertThat(refused.code()).isEqualTo("deletion-refused");
        }
        assertThat(files()).containsAllEntriesOf(before);
    }

    private Map<Path, Long> files() throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            Map<Path, Long> files = new TreeMap<>();
            all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().contains("catalog.db"))
                    .forEach(file -> files.put(file, file.toFile().length()));
            return files;
        }
    }

    private Path old(String name) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "rows");
        return file;
    }

    private void makeAllOld() throws IOException {
        for (Path file : files().keySet()) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(3))));
        }
    }
}
