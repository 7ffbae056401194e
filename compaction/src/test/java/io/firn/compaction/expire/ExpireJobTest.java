package io.firn.compaction.expire;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.Ledger;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpireJobTest {
    private static final ExpireSettings LAST_TWO = new ExpireSettings(Duration.ofHours(1), 2, 3);
    private static final Duration LATER = Duration.ofHours(2);

    @TempDir
    Path dir;

    private TestLake lake;
    private Table table;

    @BeforeEach
    void tableOfSixSnapshots() {
        lake = new TestLake(dir);
        table = lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
        for (int file = 0; file < 6; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows(file * 10L, 10, file)));
        }
        table.refresh();
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @Test
    void oldSnapshotsGoRowsAndLedgerStay() {
        List<String> rows = TestLake.rows(table);
        Ledger ledger = TestLake.ledger(table);

        JobResult result = run(LAST_TWO);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("snapshots")).isEqualTo(4);
        table.refresh();
        assertThat(table.snapshots()).hasSize(2);
        assertThat(TestLake.rows(table)).isEqualTo(rows);
        assertThat(TestLake.ledger(table)).isEqualTo(ledger);
        assertThat(run(LAST_TWO).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void youngSnapshotsStay() {
        JobResult result = TestLake.run(new ExpireJob(lake.context(table), LAST_TWO, lake.guard("orders")));
        assertThat(result.end()).isEqualTo(End.NOTHING);
        assertThat(result.reason()).isNotEmpty();
    }

    @Test
    void filesThatOnlyExpiredSnapshotsNeededAreRemoved() {
        TestLake.run(new RewriteJob(lake.context(table), RewriteSettings.target(1 << 20)));
        List<String> rows = TestLake.rows(table);
        run(new ExpireSettings(Duration.ofHours(1), 1, 100));

        assertThat(TestLake.onDisk(table).stream().filter(path -> path.endsWith(".parquet")))
                .hasSize(1);
        assertThat(TestLake.rows(table)).isEqualTo(rows);
    }

    @Test
    void aHeadWithoutLedgerGetsItBeforeItsAncestorsGo() {
        DataFile foreign = TestFiles.data(table, Orders.rows(1_000, 10, 9));
        table.newAppend().appendFile(foreign).commit();
        Ledger ledger = TestLake.ledger(table);

        JobResult result = run(new ExpireSettings(Duration.ofHours(1), 1, 100));

        assertThat(result.snapshots()).hasSize(1);
        table.refresh();
        assertThat(table.currentSnapshot().summary())
                .containsKey("firn.offsets")
                .containsEntry("firn.operation", "expire");
        assertThat(TestLake.ledger(table)).isEqualTo(ledger);
    }

    @Test
    void aSnapshotToWhichOneCanRollBackKeepsTheOneThatCarriesItsLedger() {
        Ledger ledger = TestLake.ledger(table);
        Snapshot carrier = table.currentSnapshot();
        for (int file = 0; file < 3; file++) {
            table.newAppend()
                    .appendFile(TestFiles.data(table, Orders.rows(1_000 + file, 1, 9)))
                    .commit();
        }
        run(new ExpireSettings(Duration.ofHours(1), 3, 100));

        table.refresh();
        assertThat(table.snapshot(carrier.snapshotId())).isNotNull();
        Snapshot head = table.currentSnapshot();
        Snapshot foreign = table.snapshot(head.parentId());
        table.manageSnapshots().rollbackTo(foreign.snapshotId()).commit();
        assertThat(TestLake.ledger(table)).isEqualTo(ledger);
    }

    @Test
    void whatABranchOrATagHoldsStays() {
        Iterator<Snapshot> oldest = table.snapshots().iterator();
        Snapshot first = oldest.next();
        Snapshot second = oldest.next();
        table.manageSnapshots()
                .createTag("audit", first.snapshotId())
                .createBranch("try", second.snapshotId())
                .commit();

        run(new ExpireSettings(Duration.ofHours(1), 1, 100));

        table.refresh();
        assertThat(table.snapshot(first.snapshotId())).isNotNull();
        assertThat(table.snapshot(second.snapshotId())).isNotNull();
        assertThat(table.snapshots()).hasSize(3);
    }

    @Test
    void aTableThatSharesItsFilesIsLeftAlone() {
        table.updateProperties().set("gc.enabled", "false").commit();
        assertThat(run(LAST_TWO).end()).isEqualTo(End.NOTHING);
    }

    @Test
    void filesThatWereAddedFromElsewhereStay() throws IOException {
        Path elsewhere = Files.createDirectories(dir.resolve("warehouse/shop/landing"));
        DataFile own = TestFiles.data(table, Orders.rows(500, 10, 5));
        Path foreign = elsewhere.resolve("rows.parquet");
        Files.copy(Path.of(URI.create(own.location()).getPath()), foreign);
        DataFile added = DataFiles.builder(table.spec())
                .copy(own)
                .withPath(foreign.toUri().toString())
                .build();
        table.newAppend().appendFile(added).commit();
        table.newDelete().deleteFile(added).commit();
        lake.ingest("orders", TestFiles.data(table, Orders.rows(600, 10, 6)));

        JobResult result = run(new ExpireSettings(ExpireSettings.LEAST_AGE, 1, 100));

        assertThat(result.count("left-outside")).isEqualTo(1);
        assertThat(result.count("files")).isPositive();
        assertThat(foreign).exists();
    }

    @Test
    void snapshotsOfATableWhoseFilesAreNotProvedToBeItsOwnExpireAndTheFilesStay() throws IOException {
        lake.catalog()
                .buildTable(TableIdentifier.of("shop", "other"), Orders.SCHEMA)
                .withLocation(table.location())
                .create();
        Set<String> before = TestLake.onDisk(table);
        long snapshots =
                StreamSupport.stream(table.snapshots().spliterator(), false).count();

        JobResult result = run(new ExpireSettings(ExpireSettings.LEAST_AGE, 1, 100));

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.reason()).contains("shop.other");
        assertThat(result.count("files-left")).isPositive();
        assertThat(result.count("snapshots")).isPositive().isLessThan(snapshots);
        assertThat(TestLake.onDisk(table)).containsAll(before);
    }

    private JobResult run(ExpireSettings settings) {
        return TestLake.run(new ExpireJob(lake.later(table, LATER), settings, lake.guard("orders")));
    }
}
