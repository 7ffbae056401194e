package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others do, and kills, between any two steps of a merge. */
final class MergeUnderChangeTest {
    /** Between the turns after which something happens; {@code -Dfirn.faults.step=1} takes every turn. */
    private static final int STEP = Math.min(Integer.getInteger("firn.faults.step", 3), 3);

    /** Plan, read one file, its end; begin of the probe; one file. */
    private static final int FIRST_TURN_AFTER_PROBE = 5;

    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    /** One file, so that positions are known. */
    private static MergeRig rig() {
        return new MergeRig(catalog, folder, false, List.of("void(id)"), 2, new Random(1));
    }

    private static MergeRig rigWithRowsAndChanges() {
        MergeRig rig = rig();
        rig.stage(event(1, "a", 0, 0, 1), event(2, "b", 0, 1, 1), event(3, "c", 0, 2, 1), event(4, "d", 0, 3, 1));
        rig.merge();
        rig.stage(event(11, "a", 0, 4, 2), event(12, "b", 0, 5, 2), delete(13, "c", 0, 6, 2), event(14, "e", 0, 7, 2));
        return rig;
    }

    private static MergeSettings markRows(MergeRig rig) {
        return rig.settings()
                .withRewriteShare(1)
                .withDeleteWhen(org.apache.iceberg.expressions.Expressions.equal("op", "d"));
    }

    @Test
    void aMergeKilledAfterAnyTurnIsDoneByTheNextOneAndOnceOnly() {
        int turns = turns(rigWithRowsAndChanges());
        assertThat(turns).isGreaterThan(8);
        for (int killedAfter = 0; killedAfter < turns; killedAfter += STEP) {
            MergeRig rig = rigWithRowsAndChanges();
            MergeJob job = rig.job(markRows(rig));
            for (int turn = 0; turn < killedAfter; turn++) {
                job.turn();
            }
            rig.merge(markRows(rig));
            rig.requireMerged(rig.staged);
            assertThat(snapshots(rig.open().keyed()))
                    .as("merges, killed after " + killedAfter)
                    .hasSize(2);
            // What is known twice is known: but a delete that was seen to be known is not written again.
            assertThat(facts(rig)).containsExactly("c");
        }
    }

    @Test
    void aMergeStoppedBeforeItsCommitLeavesNoFile() {
        MergeRig counted = rigWithRowsAndChanges();
        int turns = turns(counted);
        for (int stoppedAfter = 0; stoppedAfter < turns - 2; stoppedAfter += STEP) {
            MergeRig rig = rigWithRowsAndChanges();
            Set<String> before = files(rig.open().keyed());
            MergeJob job = rig.job(markRows(rig));
            for (int turn = 0; turn < stoppedAfter; turn++) {
                job.turn();
            }
            assertThat(job.stop().end()).isEqualTo(End.STOPPED);
            assertThat(files(rig.open().keyed()))
                    .as("stopped after " + stoppedAfter)
                    .isEqualTo(before);
            assertThat(folder.resolve("spill").toFile().list()).isNullOrEmpty();
        }
    }

    @Test
    void aRowThatIsDeletedByAnotherEngineWhileAMergeRunsStaysDeleted() {
        int all = turns(rigWithRowsAndChanges());
        for (int turns = 3; turns < all; turns += STEP) {
            MergeRig rig = rigWithRowsAndChanges();
            MergeJob job = rig.job(markRows(rig));
            // From the first look at the row on: a row that was gone before is as if it never was.
            boolean seen = false;
            for (int turn = 0; turn < turns; turn++) {
                job.turn();
            }
            seen = turns >= FIRST_TURN_AFTER_PROBE;
            deleteByHand(rig.open().keyed(), "b");
            JobResult result = MergeRig.drive(job);
            assertThat(result.end()).isEqualTo(End.DONE);
            if (seen) {
                assertThat(rig.rows()).as("deleted after turn " + turns).isEqualTo(Map.of("a", 11L, "d", 4L, "e", 14L));
                assertThat(result.count("foreign-deleted")).isEqualTo(1);
                assertThat(result.count("conflicts")).isEqualTo(1);
            }
            assertThat(rig.merge(markRows(rig)).end()).isEqualTo(End.NOTHING);
            // A later record of the key is a new row.
            rig.stage(event(22, "b", 0, 8, 3));
            rig.merge(markRows(rig));
            assertThat(rig.rows()).containsEntry("b", 22L);
        }
    }

    /** Values of the former column must not get under its new name: by name, later merges write null there. */
    @Test
    void columnThatIsRenamedWhileAMergeRunsHasNoValuesOfThatMerge() {
        int all = turns(rigWithRowsAndChanges());
        for (int turns = 1; turns < all - 1; turns += STEP) {
            MergeRig rig = rigWithRowsAndChanges();
            MergeJob job = rig.job(markRows(rig));
            for (int turn = 0; turn < turns; turn++) {
                job.turn();
            }
            long before = rig.open().keyed().currentSnapshot().snapshotId();
            rig.open().keyed().updateSchema().renameColumn("region", "area").commit();
            assertThat(MergeRig.drive(job).end()).isEqualTo(End.DONE);
            assertThat(rig.open().keyed().currentSnapshot().parentId())
                    .as("the merge came after the change, turn " + turns)
                    .isEqualTo(before);
            assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "b", 12L, "d", 4L, "e", 14L));
            assertThat(areas(rig)).as("after turn " + turns).isEqualTo(Map.of("d", "r1"));
        }
    }

    /** By key; those that are null are missing. */
    private static Map<String, String> areas(MergeRig rig) {
        Map<String, String> areas = new HashMap<>();
        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(rig.open().keyed()).build()) {
            rows.forEach(row -> {
                if (row.getField("area") != null) {
                    areas.put((String) row.getField("id"), (String) row.getField("area"));
                }
            });
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return areas;
    }

    @Test
    void columnThatIsRequiredOfKnownDeletesWhileAMergeRunsIsNotLeftOut() {
        int all = turns(rigWithRowsAndChanges());
        for (int turns = FIRST_TURN_AFTER_PROBE; turns < all - 2; turns++) {
            MergeRig rig = rigWithRowsAndChanges();
            MergeJob job = rig.job(markRows(rig));
            for (int turn = 0; turn < turns; turn++) {
                job.turn();
            }
            Table deletes = rig.open().deletes();
            if (deletes.currentSnapshot() != null) {
                assertThat(turns).as("turns that were tried before the commit").isGreaterThan(FIRST_TURN_AFTER_PROBE);
                return;
            }
            deletes.updateSchema()
                    .allowIncompatibleChanges()
                    .addRequiredColumn("reason", Types.StringType.get())
                    .commit();
            assertThatThrownBy(() -> MergeRig.drive(job))
                    .as("after turn " + turns)
                    .hasMessageContaining("reason");
            deletes.refresh();
            assertThat(snapshots(deletes)).as("after turn " + turns).isEmpty();
        }
    }

    @Test
    void aRewriteByAnotherEngineWhileAMergeRunsConflictsAndTheMergeSucceedsAfterIt() {
        int all = turns(rigWithRowsAndChanges());
        for (int turns = 4; turns < all; turns += STEP) {
            MergeRig rig = rigWithRowsAndChanges();
            MergeJob job = rig.job(markRows(rig));
            for (int turn = 0; turn < turns; turn++) {
                job.turn();
            }
            rewriteByHand(rig.open().keyed());
            JobResult result = MergeRig.drive(job);
            assertThat(result.end()).isEqualTo(End.DONE);
            assertThat(result.count("conflicts")).isEqualTo(turns >= 4 ? 1 : result.count("conflicts"));
            assertThat(result.count("foreign-deleted")).isZero();
            rig.requireMerged(rig.staged);
        }
    }

    /** OPTIMIZE and expiry in a row, as other engines do by default: no snapshot of Firn's is left. */
    @Test
    void aRewriteAndAnExpiryByAnotherEngineLoseNeitherTheLedgerNorTheMergePosition() {
        MergeRig rig = rigWithRowsAndChanges();
        rig.merge(markRows(rig));
        Map<String, Long> rows = rig.rows();
        rewriteByHand(rig.open().keyed());
        for (Table table :
                List.of(rig.open().keyed(), rig.open().staging(), rig.open().deletes())) {
            table.expireSnapshots().expireOlderThan(Long.MAX_VALUE).commit();
        }
        assertThat(snapshots(rig.open().keyed())).singleElement().satisfies(head -> assertThat(head.summary())
                .doesNotContainKey("firn.offsets"));

        assertThat(rig.merge(markRows(rig)).end()).isEqualTo(End.NOTHING);
        assertThat(rig.rows()).isEqualTo(rows);
        rig.stage(event(30, "z", 0, 8, 9));
        assertThat(rig.merge(markRows(rig)).count("staged")).isEqualTo(1);
        rig.requireMerged(rig.staged);
    }

    @Test
    void ofTwoMergersOneCommitsAndTheOtherFindsNothingLeft() {
        MergeRig rig = rigWithRowsAndChanges();
        MergeJob slow = rig.job(markRows(rig));
        int turns = turns(rigWithRowsAndChanges());
        for (int turn = 0; turn < turns - 1; turn++) {
            slow.turn();
        }
        rig.merge(markRows(rig));
        Set<String> after = files(rig.open().keyed());
        JobResult result = MergeRig.drive(slow);
        assertThat(result.end()).isEqualTo(End.NOTHING);
        assertThat(result.count("fenced")).isEqualTo(1);
        rig.requireMerged(rig.staged);
        assertThat(snapshots(rig.open().keyed())).hasSize(2);
        assertThat(after).containsAll(files(rig.open().keyed()));
    }

    @Test
    void aBudgetOfRowsMakesSeveralCommitsEachOfWhichIsAFold() {
        MergeRig rig = rig();
        List<io.firn.compaction.fold.NaiveFold.Event> events = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            events.add(event(i, "k" + i % 7, i % 2, i / 2, i));
        }
        rig.stage(events, 3);
        JobResult result = rig.merge(markRows(rig).withBudget(Budget.UNLIMITED.withRows(10)));
        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.snapshots()).hasSizeBetween(4, 5);
        rig.requireMerged(rig.staged);
    }

    @Test
    void recordsBelowTheLedgerThatAreStagedAgainChangeNothing() {
        MergeRig rig = rigWithRowsAndChanges();
        rig.merge(markRows(rig));
        Map<String, Long> rows = rig.rows();
        rig.replay(rig.staged);
        assertThat(rig.merge(markRows(rig)).end()).isEqualTo(End.NOTHING);
        rig.stage(event(30, "z", 0, 8, 9));
        JobResult result = rig.merge(markRows(rig));
        assertThat(rig.rows())
                .hasSize(rows.size() + 1)
                .containsAllEntriesOf(rows)
                .containsEntry("z", 30L);
        assertThat(result.count("staged")).isEqualTo(1);
    }

    private static int turns(MergeRig rig) {
        MergeJob job = rig.job(markRows(rig));
        int turns = 1;
        while (!(job.turn() instanceof JobTurn.Ended)) {
            turns++;
        }
        return turns;
    }

    private static List<Snapshot> snapshots(Table table) {
        List<Snapshot> all = new ArrayList<>();
        table.snapshots().forEach(all::add);
        return all;
    }

    private static List<String> facts(MergeRig rig) {
        List<String> keys = new ArrayList<>();
        try (CloseableIterable<Record> rows =
                IcebergGenerics.read(rig.open().deletes()).build()) {
            rows.forEach(row -> keys.add((String) row.getField("id")));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return keys;
    }

    private static Set<String> files(Table table) {
        Set<String> names = new TreeSet<>();
        collect(new File(table.location().replace("file:", ""), "data"), names);
        return names;
    }

    private static void collect(File folder, Set<String> names) {
        File[] files = folder.listFiles();
        if (files != null) {
            for (File file : files) {
                if (file.isDirectory()) {
                    collect(file, names);
                } else if (!file.getName().startsWith(".")) {
                    names.add(file.getName());
                }
            }
        }
    }

    private static void deleteByHand(Table table, String key) {
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            for (FileScanTask task : tasks) {
                long position = 0;
                try (CloseableIterable<Record> rows = Parquet.read(
                                table.io().newInputFile(task.file().location()))
                        .project(table.schema())
                        .createReaderFunc(type ->
                                org.apache.iceberg.data.parquet.GenericParquetReaders.buildReader(table.schema(), type))
                        .build()) {
                    for (Record row : rows) {
                        if (key.equals(row.getField("id"))) {
                            PositionDeleteWriter<Record> writer = Parquet.writeDeletes(
                                            OutputFileFactory.builderFor(table, 7, 7)
                                                    .format(org.apache.iceberg.FileFormat.PARQUET)
                                                    .build()
                                                    .newOutputFile(task.spec(), task.partition()))
                                    .withSpec(task.spec())
                                    .withPartition(task.partition())
                                    .buildPositionWriter();
                            try (writer) {
                                writer.write(PositionDelete.<Record>create()
                                        .set(task.file().location(), position));
                            }
                            table.newRowDelta()
                                    .addDeletes(writer.toDeleteFile())
                                    .commit();
                            return;
                        }
                        position++;
                    }
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void rewriteByHand(Table table) {
        List<Record> rows = new ArrayList<>();
        List<DataFile> files = new ArrayList<>();
        List<DeleteFile> deletes = new ArrayList<>();
        DataFile written;
        try (CloseableIterable<Record> records = IcebergGenerics.read(table).build();
                CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            records.forEach(rows::add);
            tasks.forEach(task -> {
                files.add(task.file());
                deletes.addAll(task.deletes());
            });
            DataWriter<Record> writer = Parquet.writeData(OutputFileFactory.builderFor(table, 8, 8)
                            .format(org.apache.iceberg.FileFormat.PARQUET)
                            .build()
                            .newOutputFile(files.get(0).partition()))
                    .forTable(table)
                    .withSpec(table.spec())
                    .withPartition(files.get(0).partition())
                    .createWriterFunc(org.apache.iceberg.data.parquet.GenericParquetWriter::create)
                    .build();
            try (writer) {
                rows.forEach(writer::write);
            }
            written = writer.toDataFile();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        RewriteFiles rewrite =
                table.newRewrite().validateFromSnapshot(table.currentSnapshot().snapshotId());
        files.forEach(rewrite::deleteFile);
        deletes.forEach(rewrite::deleteFile);
        rewrite.addFile(written).commit();
    }
}
