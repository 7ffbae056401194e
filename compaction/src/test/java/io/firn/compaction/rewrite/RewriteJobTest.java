package io.firn.compaction.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.ledger.Ledger;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.Orders;
import io.firn.compaction.TestFiles;
import io.firn.compaction.TestLake;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RewriteJobTest {
    private static final RewriteSettings SETTINGS = RewriteSettings.target(1 << 20);

    @TempDir
    Path dir;

    private TestLake lake;

    @BeforeEach
    void openLake() {
        lake = new TestLake(dir);
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "3"})
    void smallFilesBecomeOneWithTheSameRowsAndTheLedger(String format) {
        Table table = table(format, 8, 100);
        List<String> before = TestLake.rows(table);
        Ledger ledger = TestLake.ledger(table);

        JobResult result = run(table, SETTINGS);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.before().files()).isEqualTo(8);
        assertThat(result.before().rows()).isEqualTo(800);
        assertThat(result.after().files()).isEqualTo(1);
        assertThat(result.after().rows()).isEqualTo(800);
        assertThat(TestLake.rows(table)).isEqualTo(before);
        assertThat(TestLake.files(table)).hasSize(1);
        assertThat(TestLake.ledger(table)).isEqualTo(ledger);
        assertThat(table.currentSnapshot().summary())
                .containsEntry("firn.operation", "rewrite")
                .containsKey("firn.offsets");
        assertThat(result.snapshots()).containsExactly(table.currentSnapshot().snapshotId());
    }

    @Test
    void aSecondRunFindsNothingToDo() {
        Table table = table("2", 8, 100);
        run(table, SETTINGS);
        long head = table.currentSnapshot().snapshotId();

        JobResult again = run(table, SETTINGS);

        assertThat(again.end()).isEqualTo(End.NOTHING);
        assertThat(again.reason()).isNotEmpty();
        table.refresh();
        assertThat(table.currentSnapshot().snapshotId()).isEqualTo(head);
    }

    @Test
    void positionDeletesAreFoldedInAndTheirFilesGo() {
        Table table = table("2", 6, 100);
        DataFile deleted = TestLake.files(table).get(2);
        table.newRowDelta()
                .addDeletes(TestFiles.positions(table, deleted, 1, 5, 99))
                .commit();
        List<String> before = TestLake.rows(table);
        assertThat(before).hasSize(597);

        run(table, SETTINGS);

        assertThat(TestLake.rows(table)).isEqualTo(before);
        assertThat(TestLake.tasks(table)).singleElement().satisfies(task -> assertThat(task.deletes())
                .isEmpty());
        assertThat(table.currentSnapshot().deleteManifests(table.io()).stream()
                        .filter(manifest -> manifest.hasAddedFiles() || manifest.hasExistingFiles()))
                .isEmpty();
    }

    @Test
    void deletionVectorsAreFoldedIn() {
        Table table = table("3", 6, 100);
        DataFile deleted = TestLake.files(table).get(2);
        table.newRowDelta()
                .addDeletes(TestFiles.vector(table, deleted, 1, 5, 99))
                .commit();
        List<String> before = TestLake.rows(table);
        assertThat(before).hasSize(597);

        run(table, SETTINGS);

        assertThat(TestLake.rows(table)).isEqualTo(before);
        assertThat(TestLake.tasks(table)).singleElement().satisfies(task -> assertThat(task.deletes())
                .isEmpty());
    }

    @Test
    void rowsOfFormatThreeKeepTheirIdentity() {
        Table table = table("3", 6, 50);
        List<String> before = identities(table);
        assertThat(new TreeSet<>(before)).hasSize(300);

        run(table, SETTINGS);

        assertThat(identities(table)).isEqualTo(before);
    }

    @Test
    void equalityDeletesAreFoldedInAndThoseThatComeLaterStillApply() {
        Table table = table("2", 6, 100);
        table.newRowDelta().addDeletes(TestFiles.equality(table, "id", 17L)).commit();
        RewriteJob job = job(table, SETTINGS);
        job.turn();
        lake.open("orders")
                .newRowDelta()
                .addDeletes(TestFiles.equality(table, "id", 18L))
                .commit();

        TestLake.run(job);

        assertThat(TestLake.files(table)).hasSize(1);
        assertThat(TestLake.rows(table))
                .hasSize(598)
                .noneMatch(row -> row.startsWith("17,"))
                .noneMatch(row -> row.startsWith("18,"));
    }

    @Test
    void aRowDeletedByAnotherEngineMeanwhileStaysDeleted() {
        Table table = table("2", 6, 100);
        DataFile victim = TestLake.files(table).get(0);
        RewriteJob job = job(table, SETTINGS);
        job.turn();
        job.turn();
        lake.open("orders")
                .newRowDelta()
                .addDeletes(TestFiles.positions(table, victim, 7))
                .commit();
        List<String> after = TestLake.rows(table);
        assertThat(after).hasSize(599);

        JobResult result = TestLake.run(job);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("refused")).isEqualTo(1);
        assertThat(TestLake.rows(table)).isEqualTo(after);
        assertThat(TestLake.files(table)).hasSizeLessThan(6);
        assertThat(unreferenced(table)).isEmpty();
    }

    @Test
    void filesThatAnotherEngineCompactedMeanwhileAreLeftToIt() {
        Table table = table("2", 6, 100);
        RewriteJob job = job(table, SETTINGS);
        job.turn();
        job.turn();
        assertThat(run(lake.open("orders"), SETTINGS).end()).isEqualTo(End.DONE);
        List<String> rows = TestLake.rows(table);

        assertThat(TestLake.run(job).end()).isEqualTo(End.NOTHING);
        assertThat(TestLake.rows(table)).isEqualTo(rows);
        assertThat(unreferenced(table)).isEmpty();
    }

    @Test
    void ingestionGoesOnBesideIt() {
        Table table = table("2", 6, 100);
        RewriteJob job = job(table, SETTINGS);
        job.turn();
        job.turn();
        lake.ingest("orders", TestFiles.data(table, Orders.rows(600, 10, 3)));

        JobResult result = TestLake.run(job);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("refused")).isZero();
        assertThat(TestLake.rows(table)).hasSize(610);
        assertThat(TestLake.ledger(table).next(TestLake.PIPELINE, TestLake.P0)).hasValue(610);
    }

    /** Each attempt takes longer than the time between two of the others' commits: fewer files take less. */
    @Test
    void aCommitThatOthersAreTooQuickForIsMadeSmaller() throws IOException {
        InMemoryTables tables = new InMemoryTables();
        tables.create(
                "shop.orders",
                Orders.SCHEMA,
                PartitionSpec.unpartitioned(),
                Map.of("format-version", "2", "commit.retry.num-retries", "0"));
        Table table = tables.open("shop.orders");
        for (int file = 0; file < 24; file++) {
            tables.openSpared("shop.orders")
                    .newAppend()
                    .appendFile(TestFiles.data(table, Orders.rows(file * 10L, 10, file)))
                    .set("firn.offsets", "{}")
                    .commit();
        }
        List<String> rows = TestLake.rows(tables.openSpared("shop.orders"));
        RewriteJob job = job(table, SETTINGS);
        for (int conflict = 0; conflict < 6; conflict++) {
            tables.conflictNext();
        }
        JobResult result = TestLake.run(job);
        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("overtaken")).isEqualTo(1);
        assertThat(result.snapshots()).hasSize(4);
        assertThat(TestLake.rows(tables.openSpared("shop.orders"))).isEqualTo(rows);
    }

    @Test
    void aBudgetEndsTheRunWithProgressMadeAndTheNextGoesOn() {
        Table table = partitioned();
        List<String> before = TestLake.rows(table);
        RewriteSettings bounded =
                SETTINGS.withBudget(Budget.UNLIMITED.withFiles(6)).withCommits(1, 1);

        JobResult first = run(table, bounded);
        assertThat(first.end()).isEqualTo(End.BUDGET);
        assertThat(first.before().files()).isEqualTo(5);
        assertThat(run(table, bounded).end()).isEqualTo(End.BUDGET);
        assertThat(TestLake.rows(table)).isEqualTo(before);
        assertThat(TestLake.files(table)).hasSize(12);
    }

    @Test
    void aStoppedRunKeepsWhatItCommittedAndRemovesTheRest() {
        Table table = partitioned();
        List<String> before = TestLake.rows(table);
        RewriteJob job = job(table, SETTINGS);
        for (int turn = 0; turn < 3; turn++) {
            assertThat(job.turn()).isInstanceOf(JobTurn.Again.class);
        }
        assertThat(unreferenced(table)).isNotEmpty();

        assertThat(job.stop().end()).isEqualTo(End.STOPPED);
        assertThat(unreferenced(table)).isEmpty();
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void filesStayInTheirPartition() {
        Table table = partitioned();
        List<String> before = TestLake.rows(table);

        JobResult result = run(table, SETTINGS);

        assertThat(result.before().files()).isEqualTo(20);
        assertThat(TestLake.files(table)).hasSize(4);
        assertThat(TestLake.files(table).stream().map(file -> file.partition().get(0, String.class)))
                .containsExactlyInAnyOrder("new", "paid", "sent", "back");
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void rowsAreSortedWhereTheTableHasAnOrderAlsoWhenTheyDoNotFitInMemory() throws IOException {
        Table table = table("2", 6, 2_000);
        table.replaceSortOrder().asc("amount").desc("id").commit();
        List<String> before = TestLake.rows(table);

        run(table, SETTINGS.withSortBytes(1));

        assertThat(TestLake.rows(table)).isEqualTo(before);
        DataFile file = TestLake.files(table).get(0);
        assertThat(file.sortOrderId()).isEqualTo(table.sortOrder().orderId());
        assertThat(amounts(table)).isSorted();
        try (var left = java.nio.file.Files.list(lake.scratch())) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void tableWhosePropertiesCannotBeFollowedIsNotRewritten() {
        Table table = table("2", 6, 10);
        table.updateProperties().set("write.format.default", "avro").commit();
        List<DataFile> before = TestLake.files(table);

        assertThatThrownBy(() -> run(table, SETTINGS))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("write.format.default = 'avro'");

        assertThat(TestLake.files(table)).hasSameSizeAs(before);
    }

    @Test
    void figuresOfTheNewFileAreThoseOfItsRows() {
        Table table = table("2", 6, 200);
        List<DataFile> old = TestLake.files(table);

        run(table, SETTINGS);

        DataFile made = TestLake.files(table).get(0);
        for (int column : List.of(1, 2, 3, 4, 5, 7, 8, 9)) {
            assertThat(made.nullValueCounts().get(column))
                    .as("nulls of column %d", column)
                    .isEqualTo(old.stream()
                            .mapToLong(file -> file.nullValueCounts().get(column))
                            .sum());
            assertThat(made.valueCounts().get(column)).isEqualTo(1200);
            assertThat(made.lowerBounds()).containsKey(column);
            assertThat(made.upperBounds()).containsKey(column);
        }
        assertThat(made.nanValueCounts().get(4))
                .isEqualTo(old.stream()
                        .mapToLong(file -> file.nanValueCounts().get(4))
                        .sum());
    }

    @Test
    void aColumnThatCameLaterIsNullInOldRows() {
        Table table = table("2", 3, 100);
        table.updateSchema()
                .addColumn("note", org.apache.iceberg.types.Types.StringType.get())
                .commit();
        table.refresh();
        for (int file = 3; file < 6; file++) {
            List<Record> rows = new ArrayList<>();
            for (Record old : Orders.rows(file * 100L, 100, file)) {
                Record row = org.apache.iceberg.data.GenericRecord.create(table.schema());
                Orders.SCHEMA.columns().forEach(field -> row.setField(field.name(), old.getField(field.name())));
                row.setField("note", "note " + old.getField("id"));
                rows.add(row);
            }
            lake.ingest("orders", TestFiles.data(table, rows));
        }
        List<String> before = TestLake.rows(table);

        run(table, SETTINGS);

        assertThat(TestLake.files(table)).hasSize(1);
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void valuesOfAColumnThatWasAddedAfterTheJobWasMadeAreKept() {
        Table table = table("2", 8, 10);
        RewriteJob job = job(lake.open("orders"), SETTINGS);
        addNote(table);
        List<String> before = TestLake.rows(table);
        assertThat(before.toString()).contains("kept");

        TestLake.run(job);

        assertThat(TestLake.files(table)).hasSize(1);
        assertThat(TestLake.rows(table)).isEqualTo(before);
    }

    @Test
    void copiesThatMayHoldNullsAreNotCommittedToAColumnThatMustNotBeNullAnyMore() {
        Table table = table("2", 8, 10);
        RewriteJob job = job(lake.open("orders"), SETTINGS);
        long head = table.currentSnapshot().snapshotId();
        job.turn();
        job.turn();
        table.updateSchema().allowIncompatibleChanges().requireColumn("paid").commit();

        JobTurn attempt = job.turn();

        assertThat(attempt).isEqualTo(JobTurn.AT_ONCE);
        table.refresh();
        assertThat(table.currentSnapshot().snapshotId()).as("the head").isEqualTo(head);
        assertThat(unreferenced(table)).as("files of the refused commit").isEmpty();
    }

    /** Adds a column and a file that has it. */
    private void addNote(Table table) {
        table.updateSchema().addColumn("note", Types.StringType.get()).commit();
        table.refresh();
        Record row = GenericRecord.create(table.schema());
        row.setField("id", 1_000L);
        row.setField("note", "kept");
        lake.ingest("orders", TestFiles.data(table, List.of(row)));
    }

    private Table table(String format, int files, int rows) {
        Table table =
                lake.create("orders", Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", format));
        for (int file = 0; file < files; file++) {
            lake.ingest("orders", TestFiles.data(table, Orders.rows((long) file * rows, rows, file)));
        }
        table.refresh();
        return table;
    }

    /** Four partitions of five files. */
    private Table partitioned() {
        Table table = lake.create("orders", Orders.SCHEMA, Orders.BY_STATUS, Map.of("format-version", "2"));
        for (int file = 0; file < 5; file++) {
            List<DataFile> files = new ArrayList<>();
            for (String status : List.of("new", "paid", "sent", "back")) {
                List<Record> rows = Orders.rows(file * 400L + status.hashCode() % 4L * 100, 50, file);
                rows.forEach(row -> row.setField("status", status));
                org.apache.iceberg.PartitionData partition =
                        new org.apache.iceberg.PartitionData(table.spec().partitionType());
                partition.set(0, status);
                files.add(TestFiles.data(table, partition, rows));
            }
            lake.ingest("orders", files.toArray(DataFile[]::new));
        }
        table.refresh();
        return table;
    }

    private RewriteJob job(Table table, RewriteSettings settings) {
        return new RewriteJob(lake.context(table), settings);
    }

    private JobResult run(Table table, RewriteSettings settings) {
        return TestLake.run(job(table, settings));
    }

    private static TreeSet<String> unreferenced(Table table) {
        TreeSet<String> files = new TreeSet<>();
        for (String path : TestLake.onDisk(table)) {
            if (path.endsWith(".parquet")) {
                files.add(path);
            }
        }
        table.refresh();
        table.snapshots().forEach(snapshot -> snapshot.allManifests(table.io()).forEach(manifest -> {
            try (var reader = manifest.content() == org.apache.iceberg.ManifestContent.DATA
                    ? org.apache.iceberg.ManifestFiles.read(manifest, table.io(), table.specs())
                    : org.apache.iceberg.ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
                reader.forEach(file -> files.removeIf(path -> file.location().endsWith(path)));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }));
        return files;
    }

    private static List<String> identities(Table table) {
        table.refresh();
        List<String> identities = new ArrayList<>();
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table)
                .project(org.apache.iceberg.MetadataColumns.schemaWithRowLineage(
                        table.schema().select("id")))
                .build()) {
            rows.forEach(row -> identities.add(row.toString()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        identities.sort(null);
        return identities;
    }

    private static List<java.math.BigDecimal> amounts(Table table) throws IOException {
        List<java.math.BigDecimal> amounts = new ArrayList<>();
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table).build()) {
            rows.forEach(row -> amounts.add((java.math.BigDecimal) row.getField("amount")));
        }
        return amounts;
    }
}
