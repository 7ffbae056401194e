package io.firn.compaction.merge;

import io.firn.catalog.schema.FileSchema;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Work;
import io.firn.compaction.scan.FileScans;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;

/**
 * Carries out a verdict: the second pass over what is staged, whole rows of the winners alone; then the rows that die.
 */
final class MergeOutput {
    /** From so many on it is worth a look which columns need no dictionary. */
    private static final int MANY_ROWS = 50_000;

    private final MergePlan plan;
    private final Verdict verdict;
    private final double rewriteShare;
    private final SourceRows staged;
    private final SourceRows living;
    private final RowFiles keyedFiles;
    private final RowFiles deleteFacts;
    private final DeadRows deadRows;
    private final OutputRow toKeyed;
    private final OutputRow toDeletes;
    private final OutputRow unchanged;
    private final List<String> keyedLocations = new ArrayList<>();
    private final List<String> factLocations = new ArrayList<>();
    private final List<DataFile> dropped = new ArrayList<>();
    private final List<String> marked = new ArrayList<>();
    private final List<Integer> stagedFiles = new ArrayList<>();
    private final List<Touched> touched = new ArrayList<>();
    private List<DataFile> rows = List.of();
    private List<DataFile> facts = List.of();
    private final FileSchema keyedSchema;
    private final FileSchema factSchema;
    private int nextStaged;
    private int nextTouched;

    MergeOutput(MergePlan plan, UpsertTables tables, Verdict verdict, MergeSettings settings, UUID id) {
        this.plan = plan;
        this.verdict = verdict;
        this.rewriteShare = settings.rewriteShare();
        for (int file = 0; file < plan.files().size(); file++) {
            if (verdict.winners.hasRowsOf(file) || verdict.deletes.hasRowsOf(file)) {
                stagedFiles.add(file);
            }
        }
        Table keyed = tables.keyed();
        Table deletes = tables.deletes();
        this.keyedSchema = FileSchema.of(keyed, FileSchema.Values.BY_NAME_IN_PART);
        this.factSchema = FileSchema.of(deletes, FileSchema.Values.BY_NAME_IN_PART);
        FileScans stagedScans = new FileScans(tables.staging());
        FileScans keyedScans = new FileScans(keyed);
        List<Table> all = List.of(tables.staging(), keyed, deletes);
        this.staged = SourceRows.of(tables.staging(), stagedScans, all);
        this.living = SourceRows.of(keyed, keyedScans, all);
        this.toKeyed = staged.as(keyed);
        this.toDeletes = staged.as(deletes);
        this.unchanged = living.as(keyed);
        Set<String> varied = varied();
        long memory = settings.memoryBytes() / 2;
        long target = settings.targetFileBytes();
        this.keyedFiles = new RowFiles(
                new RowFiles.Form(keyed, staged.writer(keyed), varied), id, memory, target, keyedLocations);
        this.deleteFacts = new RowFiles(
                new RowFiles.Form(deletes, staged.writer(deletes), varied), id, memory / 4, target, factLocations);
        this.deadRows = new DeadRows(keyed, id, keyedScans, keyedLocations);
        verdict.touched.values().stream()
                .filter(file -> file.now().isNotEmpty())
                .forEach(touched::add);
    }

    private Set<String> varied() {
        if (stagedFiles.isEmpty() || plan.rows() < MANY_ROWS) {
            return Set.of();
        }
        Set<String> varied = staged.varied(plan.files().get(stagedFiles.get(0)).file());
        if (varied.contains(SourceColumns.TIMESTAMP)) {
            varied.add(UpsertColumns.ORDER_TIMESTAMP);
        }
        return varied;
    }

    /** What there is to read. */
    Work expected() {
        Work work = Work.NONE;
        for (int file : stagedFiles) {
            work = work.plus(work(plan.files().get(file)));
        }
        for (Touched file : touched) {
            work = work.plus(isRewritten(file) ? work(file.task()) : new Work(1, 0, 0));
        }
        return work;
    }

    boolean isDone() {
        return nextStaged == stagedFiles.size() && nextTouched == touched.size();
    }

    Work writeNext() {
        if (nextStaged < stagedFiles.size()) {
            int file = stagedFiles.get(nextStaged++);
            copyWinners(file);
            return work(plan.files().get(file));
        }
        Touched file = touched.get(nextTouched++);
        if (isRewritten(file)) {
            copyLiving(file);
            deadRows.drop(file);
            dropped.add(file.task().file());
            return work(file.task());
        }
        deadRows.mark(file);
        marked.add(file.task().file().location());
        return new Work(1, 0, 0);
    }

    /** Closes all files. */
    void finish() {
        rows = keyedFiles.finish();
        facts = deleteFacts.finish();
    }

    void abandon() {
        keyedFiles.abandon();
        deleteFacts.abandon();
    }

    List<DataFile> rows() {
        return rows;
    }

    List<DataFile> facts() {
        return facts;
    }

    /** Staged columns that the keyed table lacks may be added to it: then the records are merged again. */
    FileSchema keyedSchema() {
        return keyedSchema;
    }

    FileSchema factSchema() {
        return factSchema;
    }

    DeadRows deadRows() {
        return deadRows;
    }

    /** Data files of the keyed table that go away. */
    List<DataFile> dropped() {
        return dropped;
    }

    /** Locations of data files that the new deletes are about. */
    List<String> marked() {
        return marked;
    }

    List<String> keyedLocations() {
        return keyedLocations;
    }

    List<String> factLocations() {
        return factLocations;
    }

    Work written() {
        long bytes = 0;
        long count = 0;
        for (DataFile file : rows) {
            bytes += file.fileSizeInBytes();
            count += file.recordCount();
        }
        for (DataFile file : facts) {
            bytes += file.fileSizeInBytes();
        }
        for (DeleteFile file : deadRows.added()) {
            Long vector = file.contentSizeInBytes();
            bytes += vector == null ? file.fileSizeInBytes() : vector;
        }
        return new Work(rows.size() + facts.size() + deadRows.added().size(), bytes, count);
    }

    private void copyWinners(int number) {
        DataFile file = plan.files().get(number).file();
        BitSet winners = verdict.winners.rows(number);
        BitSet deletes = verdict.deletes.rows(number);
        try (SourceRows.Cursor rows = staged.open(file)) {
            while (rows.next()) {
                int at = Math.toIntExact(rows.position());
                if (winners.get(at)) {
                    keyedFiles.write(toKeyed.at(orderTimestamp(rows, number)));
                } else if (deletes.get(at)) {
                    deleteFacts.write(toDeletes.at(orderTimestamp(rows, number)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file.location(), e);
        }
    }

    private long orderTimestamp(SourceRows.Cursor row, int file) {
        Long higher = verdict.orderTimestamps.isEmpty()
                ? null
                : verdict.orderTimestamps.get(Pointers.of(file, row.position()));
        return higher == null ? row.timestamp() : higher;
    }

    private boolean isRewritten(Touched file) {
        return file.deadAfter() > rewriteShare * file.task().file().recordCount();
    }

    private void copyLiving(Touched file) {
        DataFile data = file.task().file();
        try (SourceRows.Cursor rows = living.open(data)) {
            while (rows.next()) {
                long at = rows.position();
                boolean dead = file.now().isDeleted(at)
                        || file.before() != null && file.before().isDeleted(at);
                if (!dead) {
                    keyedFiles.write(unchanged.at(Long.MIN_VALUE));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + data.location(), e);
        }
    }

    private static Work work(FileScanTask task) {
        return new Work(1, task.length(), task.file().recordCount());
    }
}
