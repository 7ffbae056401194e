package io.firn.compaction.merge;

import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Work;
import io.firn.compaction.scan.FileScans;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.io.CloseableIterable;

/** Carries out a verdict: the second pass over what is staged, whole rows of the winners alone; then the rows that die. */
final class MergeOutput {
    private final MergePlan plan;
    private final UpsertTables tables;
    private final Verdict verdict;
    private final double rewriteShare;
    private final FileScans stagingScans;
    private final FileScans keyedScans;
    private final RowFiles keyedFiles;
    private final RowFiles deleteFacts;
    private final DeadRows deadRows;
    private final OutputRow toKeyed;
    private final OutputRow toDeletes;
    private final int timestamp;
    private final List<String> keyedLocations = new ArrayList<>();
    private final List<String> factLocations = new ArrayList<>();
    private final List<DataFile> dropped = new ArrayList<>();
    private final List<String> marked = new ArrayList<>();
    private final List<Integer> stagedFiles = new ArrayList<>();
    private final List<Touched> touched = new ArrayList<>();
    private List<DataFile> rows = List.of();
    private List<DataFile> facts = List.of();
    private int nextStaged;
    private int nextTouched;

    MergeOutput(MergePlan plan, UpsertTables tables, Verdict verdict, MergeSettings settings, UUID id) {
        this.plan = plan;
        this.tables = tables;
        this.verdict = verdict;
        this.rewriteShare = settings.rewriteShare();
        this.stagingScans = new FileScans(tables.staging());
        this.keyedScans = new FileScans(tables.keyed());
        long memory = settings.memoryBytes() / 2;
        long target = settings.targetFileBytes();
        this.keyedFiles = new RowFiles(tables.keyed(), id, memory, target, keyedLocations);
        this.deleteFacts = new RowFiles(tables.deletes(), id, memory / 4, target, factLocations);
        this.deadRows = new DeadRows(tables.keyed(), id, keyedScans, keyedLocations);
        Schema staged = tables.staging().schema();
        this.toKeyed = new OutputRow(tables.staging(), staged, tables.keyed());
        this.toDeletes = new OutputRow(tables.staging(), staged, tables.deletes());
        this.timestamp = staged.columns().indexOf(staged.findField(SourceColumns.TIMESTAMP));
        for (int file = 0; file < plan.files().size(); file++) {
            if (verdict.winners.hasRowsOf(file) || verdict.deletes.hasRowsOf(file)) {
                stagedFiles.add(file);
            }
        }
        verdict.touched.values().stream()
                .filter(file -> file.now().isNotEmpty())
                .forEach(touched::add);
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
        FileScanTask task = plan.files().get(number);
        Schema schema = tables.staging().schema();
        int position = schema.columns().size();
        try (CloseableIterable<StructLike> records = stagingScans.records(task.file(), schema)) {
            for (StructLike record : records) {
                long at = record.get(position, Long.class);
                if (verdict.winners.contains(number, at)) {
                    keyedFiles.write(toKeyed.set(record, orderTimestamp(record, number, at)));
                } else if (verdict.deletes.contains(number, at)) {
                    deleteFacts.write(toDeletes.set(record, orderTimestamp(record, number, at)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + task.file().location(), e);
        }
    }

    private long orderTimestamp(StructLike record, int file, long position) {
        Long higher =
                verdict.orderTimestamps.isEmpty() ? null : verdict.orderTimestamps.get(Pointers.of(file, position));
        if (higher != null) {
            return higher;
        }
        Long own = record.get(timestamp, Long.class);
        return own == null ? Long.MIN_VALUE : own;
    }

    private boolean isRewritten(Touched file) {
        return file.deadAfter() > rewriteShare * file.task().file().recordCount();
    }

    private void copyLiving(Touched file) {
        Schema schema = tables.keyed().schema();
        int position = schema.columns().size();
        try (CloseableIterable<StructLike> records =
                keyedScans.records(file.task().file(), schema)) {
            for (StructLike record : records) {
                long at = record.get(position, Long.class);
                boolean dead = file.now().isDeleted(at)
                        || file.before() != null && file.before().isDeleted(at);
                if (!dead) {
                    keyedFiles.write(record);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file.task().file().location(), e);
        }
    }

    private static Work work(FileScanTask task) {
        return new Work(1, task.length(), task.file().recordCount());
    }
}
