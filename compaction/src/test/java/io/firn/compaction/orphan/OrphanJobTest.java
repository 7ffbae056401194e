package io.firn.compaction.orphan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.orphan.OrphanSettings.Effect;
import io.firn.compaction.orphan.OrphanSettings.Scope;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrphanJobTest {
    private static final OrphanSettings SETTINGS = OrphanSettings.DEFAULTS.withSafetyAge(Duration.ofHours(6));
    /** Long enough that the last commit has settled. */
    private static final Duration LATER = Duration.ofMinutes(20);

    @TempDir
    Path dir;

    private TestLake lake;
    private Table table;

    @BeforeEach
    void tableWithHistory() throws IOException {
        lake = new TestLake(dir);
        table = lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
        for (int file = 0; file < 4; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows(file * 10L, 10, file)));
        }
        table.newRowDelta()
                .addDeletes(TestFiles.positions(table, TestLake.files(table).get(0), 3))
                .commit();
        lake.remember("orders");
        table.refresh();
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void oldFilesThatNothingReferencesAreRemovedAndNothingElse() throws IOException {
        makeAllOld();
        Set<String> referenced = TestLake.onDisk(table);
        Path orphan = plant("data/deep/er/orphan.parquet", Duration.ofDays(2));
        Path manifest = plant("metadata/orphan-m0.avro", Duration.ofDays(2));
        List<String> rows = TestLake.rows(table);

        JobResult result = run(SETTINGS);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("orphans")).isEqualTo(2);
        assertThat(orphan).doesNotExist();
        assertThat(manifest).doesNotExist();
        assertThat(TestLake.onDisk(table)).isEqualTo(referenced);
        assertThat(TestLake.rows(table)).isEqualTo(rows);
        assertThat(run(SETTINGS).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void youngFilesMayBeSomebodysWork() throws IOException {
        Path young = plant("data/young.parquet", Duration.ofHours(5));
        assertThat(run(SETTINGS).end()).isEqualTo(End.NOTHING);
        assertThat(young).exists();
    }

    @Test
    void filesThatAWriterHeldWhileTheCatalogWasAwayStay() throws IOException {
        // Written after the last commit, and a week ago since: nobody has got through to the catalog yet.
        Path held = plant("data/held.parquet", Duration.ZERO);
        JobResult result =
                TestLake.run(new OrphanJob(lake.later(table, Duration.ofDays(7)), SETTINGS, lake.guard("orders")));
        assertThat(result.end()).isEqualTo(End.NOTHING);
        assertThat(held).exists();
    }

    @Test
    void aDryRunListsAndRemovesNothing() throws IOException {
        Path orphan = plant("data/orphan.parquet", Duration.ofDays(2));
        OrphanJob job = new OrphanJob(lake.later(table, LATER), SETTINGS.with(Effect.LIST), lake.guard("orders"));

        assertThat(TestLake.run(job).count("orphans")).isEqualTo(1);
        assertThat(job.orphans().firstKey()).endsWith("data/orphan.parquet");
        assertThat(orphan).exists();
    }

    @Test
    void whatCameToBeReferencedMeanwhileStays() throws IOException {
        var file = TestFiles.data(table, Orders.rows(500, 10, 5));
        Path path = Path.of(URI.create(file.location()).getPath());
        Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        OrphanJob job = new OrphanJob(lake.later(table, LATER), SETTINGS, lake.guard("orders"));
        while (job.orphans().isEmpty()) {
            job.turn();
        }
        lake.ingest("orders", file);

        TestLake.run(job);

        assertThat(path).exists();
        assertThat(TestLake.rows(table)).hasSize(49);
    }

    @Test
    void theNeighbourWhoseNameBeginsAlikeIsNotTouched() throws IOException {
        Path neighbour = plant("../orders_staging/data/file.parquet", Duration.ofDays(2));
        run(SETTINGS);
        assertThat(neighbour).exists();
    }

    @Test
    void manyReferencesAreGoneThroughPartByPart() throws IOException {
        makeAllOld();
        Set<String> referenced = TestLake.onDisk(table);
        for (int file = 0; file < 20; file++) {
            plant("data/orphan-" + file + ".parquet", Duration.ofDays(2));
        }
        assertThat(run(SETTINGS.withBounds(1_000, 4)).count("orphans")).isEqualTo(20);
        assertThat(TestLake.onDisk(table)).isEqualTo(referenced);
    }

    @Test
    void oneRunRemovesNoMoreThanItMay() throws IOException {
        for (int file = 0; file < 5; file++) {
            plant("data/orphan-" + file + ".parquet", Duration.ofDays(2));
        }
        assertThat(run(SETTINGS.withBounds(3, 1_000)).count("orphans")).isEqualTo(3);
        assertThat(run(SETTINGS.withBounds(3, 1_000)).count("orphans")).isEqualTo(2);
    }

    @Test
    void aFolderThatMayBeSharedIsLeftOut() throws IOException {
        table.updateProperties()
                .set("write.data.path", dir.resolve("shared").toUri().toString())
                .commit();
        Path other = dir.resolve("shared/of-another-table.parquet");
        Files.createDirectories(dir.resolve("shared"));
        Files.writeString(other, "rows");
        Files.setLastModifiedTime(other, FileTime.from(Instant.now().minus(Duration.ofDays(2))));

        assertThatThrownBy(() -> run(SETTINGS))
                .hasMessageContaining("is not where Firn created or first saw the table");
        assertThat(other).exists();

        DeletionGuard accepting = lake.guard("orders", dir.resolve("shared").toString());
        JobResult result = TestLake.run(new OrphanJob(lake.later(table, LATER), SETTINGS, accepting));
        assertThat(result.count("folders-left-out")).isEqualTo(1);
        assertThat(other).exists();
    }

    @Test
    void theMetadataJobRemovesOldVersionsOfTheMetadataAlone() throws IOException {
        Path version = plant("metadata/00000-old.metadata.json", Duration.ofDays(2));
        Path data = plant("data/orphan.parquet", Duration.ofDays(2));
        Path hint = plant("metadata/version-hint.text", Duration.ofDays(2));

        JobResult result = run(SETTINGS.with(Scope.METADATA));

        assertThat(result.job()).isEqualTo("metadata");
        assertThat(version).doesNotExist();
        assertThat(data).exists();
        assertThat(hint).exists();
    }

    @ParameterizedTest
    @CsvSource({
        "s3://lake/shop/orders/f.parquet, /shop/orders/f.parquet",
        "s3a://lake/shop//orders/f.parquet, /shop/orders/f.parquet",
        "file:/tmp/f, /tmp/f",
        "file:///tmp/f, /tmp/f",
        "/tmp/f/, /tmp/f",
        "s3://lake/day=12:30/f, /day=12:30/f",
        "/day=12:30/f, /day=12:30/f",
    })
    void locationsAreComparedByPath(String location, String path) {
        assertThat(Locations.path(location)).isEqualTo(path);
    }

    @Test
    void theSetOfHashesHoldsWhatWasPutIn() {
        HashSet128 set = new HashSet128();
        Set<List<Long>> model = new HashSet<>();
        Random random = new Random(5);
        for (int entry = 0; entry < 20_000; entry++) {
            long high = random.nextInt(200);
            long low = random.nextInt(200);
            set.add(high, low);
            model.add(List.of(high, low));
        }
        assertThat(set.size()).isEqualTo(model.size());
        for (long high = 0; high < 200; high++) {
            for (long low = 0; low < 200; low++) {
                assertThat(set.contains(high, low)).isEqualTo(model.contains(List.of(high, low)));
            }
        }
    }

    private JobResult run(OrphanSettings settings) {
        return TestLake.run(new OrphanJob(lake.later(table, LATER), settings, lake.guard("orders")));
    }

    private Path plant(String name, Duration age) throws IOException {
        Path file = root().resolve(name).normalize();
        Files.createDirectories(file.getParent());
        Files.writeString(file, "x");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
        return file;
    }

    private void makeAllOld() throws IOException {
        for (String path : new TreeSet<>(TestLake.onDisk(table))) {
            Files.setLastModifiedTime(Path.of(path), FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        }
    }

    private Path root() {
        return Path.of(URI.create(table.location()).getPath());
    }
}
