package io.firn.compaction.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.Work;
import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.manifest.ManifestSettings;
import io.firn.compaction.plan.TableDebt.StagingLag;
import io.firn.compaction.rewrite.RewriteSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a table needs, as its head and its history tell. */
class DebtReaderTest {
    private static final DebtReader READER = new DebtReader(
            RewriteSettings.target(1 << 20).withMinFiles(3),
            new ManifestSettings(8 << 20, 2, 100),
            new ExpireSettings(Duration.ofHours(1), 1, 10));

    @TempDir
    Path dir;

    private TestLake lake;
    private Table table;

    @BeforeEach
    void emptyTable() {
        lake = new TestLake(dir);
        table = lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void aTableThatNobodyWroteToNeedsNothing() {
        assertThat(READER.of(table, Instant.now()))
                .isEqualTo(new TableDebt(Work.NONE, Work.NONE, 0, 0, 0, 0, 0, 0, 0, StagingLag.NONE));
    }

    @Test
    void smallFilesCountWhereThereAreEnoughOfThem() throws IOException {
        ingest(2);
        TableDebt two = READER.of(table, Instant.now());
        assertThat(two.files().files()).isEqualTo(2);
        assertThat(two.files().rows()).isEqualTo(20);
        assertThat(two.small()).isEqualTo(Work.NONE);

        ingest(1);
        TableDebt three = READER.of(table, Instant.now());
        assertThat(three.small()).isEqualTo(three.files());
        assertThat(three.small().bytes())
                .isEqualTo(TestLake.files(table).stream()
                        .mapToLong(DataFile::fileSizeInBytes)
                        .sum());
        assertThat(three.manifests()).isEqualTo(3);
        assertThat(three.smallManifests()).isEqualTo(3);
    }

    @Test
    void deletesCountInRowsAndInFiles() throws IOException {
        ingest(1);
        DataFile file = TestLake.files(table).get(0);
        table.newRowDelta()
                .addDeletes(TestFiles.positions(table, file, 3))
                .addDeletes(TestFiles.positions(table, file, 4))
                .commit();
        TableDebt debt = READER.of(table, Instant.now());
        assertThat(debt.positionDeletes()).isEqualTo(2);
        assertThat(debt.equalityDeletes()).isZero();
        assertThat(debt.deleteFiles()).isEqualTo(2);
        assertThat(debt.manifests()).as("those of deletes are not rewritten").isEqualTo(1);
        assertThat(debt.deleteRatio()).isEqualTo(0.2);
    }

    @Test
    void snapshotsAreExpirableOnceTheyAreOldEnough() throws IOException {
        ingest(4);
        TableDebt now = READER.of(table, Instant.now());
        assertThat(now.snapshots()).isEqualTo(4);
        assertThat(now.expirable()).isZero();
        assertThat(READER.of(table, Instant.now().plus(Duration.ofHours(2))).expirable())
                .isEqualTo(3);
    }

    private void ingest(int files) throws IOException {
        for (int file = 0; file < files; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows(file * 10L, 10, file)));
        }
    }
}
