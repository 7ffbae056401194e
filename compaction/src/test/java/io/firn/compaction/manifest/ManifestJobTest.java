package io.firn.compaction.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.Ledger;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.PartitionData;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.Record;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestJobTest {
    private static final List<String> STATUSES = List.of("back", "new", "paid", "sent");

    @TempDir
    Path dir;

    private TestLake lake;
    private Table table;

    @BeforeEach
    void tableOfManyManifests() {
        lake = new TestLake(dir);
        table = lake.create("orders", Orders.SCHEMA, Orders.BY_STATUS, Map.of("format-version", "2"));
        for (int commit = 0; commit < 8; commit++) {
            List<DataFile> files = new ArrayList<>();
            for (String status : STATUSES) {
                List<Record> rows = Orders.rows(commit * 10L, 5, commit);
                rows.forEach(row -> row.setField("status", status));
                PartitionData partition = new PartitionData(table.spec().partitionType());
                partition.set(0, status);
                files.add(TestFiles.data(table, partition, rows));
            }
            lake.ingest("orders", files.toArray(DataFile[]::new));
        }
        table.refresh();
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void manySmallManifestsBecomeOneWithTheSameFilesAndTheLedger() {
        List<String> rows = TestLake.rows(table);
        Ledger ledger = TestLake.ledger(table);

        JobResult result = run(new ManifestSettings(8 << 20, 4, 100));

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.before().files()).isEqualTo(8);
        assertThat(result.after().files()).isEqualTo(1);
        assertThat(manifests()).hasSize(1);
        assertThat(TestLake.rows(table)).isEqualTo(rows);
        assertThat(TestLake.ledger(table)).isEqualTo(ledger);
        assertThat(table.currentSnapshot().summary()).containsKey("firn.offsets");
        assertThat(run(new ManifestSettings(8 << 20, 4, 100)).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void whereOneIsNotEnoughEachHoldsNeighbouringPartitions() {
        long bytes = manifests().stream().mapToLong(ManifestFile::length).sum();
        // Twice: a manifest counts as small below half the target.
        JobResult result = run(new ManifestSettings(bytes / 8 * 5 / 2, 4, 100));

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(manifests()).hasSizeBetween(2, 4);
        for (ManifestFile manifest : manifests()) {
            assertThat(manifest.addedFilesCount() + manifest.existingFilesCount())
                    .isLessThan(32);
        }
        assertThat(TestLake.files(table)).hasSize(32);
    }

    @Test
    void ingestionGoesOnWhileManifestsAreRewritten() {
        ManifestJob job = new ManifestJob(lake.context(table), new ManifestSettings(8 << 20, 4, 100));
        job.turn();
        PartitionData partition = new PartitionData(table.spec().partitionType());
        lake.ingest("orders", TestFiles.data(table, partition, Orders.rows(900, 5, 1)));

        assertThat(TestLake.run(job).end()).isEqualTo(End.DONE);
        assertThat(TestLake.files(table)).hasSize(33);
    }

    private JobResult run(ManifestSettings settings) {
        return TestLake.run(new ManifestJob(lake.context(table), settings));
    }

    private List<ManifestFile> manifests() {
        table.refresh();
        return table.currentSnapshot().dataManifests(table.io());
    }
}
