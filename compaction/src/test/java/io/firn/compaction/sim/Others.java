package io.firn.compaction.sim;

import io.firn.compaction.fold.NaiveFold.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;

/** What others do to the tables: engines that write, maintenance of others, people who roll back. */
final class Others {
    private static final List<String> TABLES = List.of(Model.KEYED, Model.STAGING, Model.DELETES);

    private final SimTables tables;
    private final SimLog log;
    private final SimRows rows;
    private final Model model;
    private final Random random;
    private final int format;
    private final Consumer<String> happened;

    Others(
            SimTables tables,
            SimLog log,
            SimRows rows,
            Model model,
            Random random,
            int format,
            Consumer<String> happened) {
        this.tables = tables;
        this.log = log;
        this.rows = rows;
        this.model = model;
        this.random = random;
        this.format = format;
        this.happened = happened;
    }

    /** Rewrites some or all of the files of a table, as OPTIMIZE does. */
    void optimize() {
        String name = TABLES.get(random.nextInt(TABLES.size()));
        Snapshot head = tables.metadata(name).currentSnapshot();
        if (head == null) {
            return;
        }
        List<FileScanTask> tasks = rows.tasks(name, head.snapshotId());
        boolean whole = random.nextBoolean();
        List<FileScanTask> chosen = new ArrayList<>(tasks);
        if (!whole) {
            Collections.shuffle(chosen, random);
            chosen = chosen.subList(0, Math.min(2, chosen.size()));
        }
        if (chosen.isEmpty()) {
            return;
        }
        Table table = tables.openSpared(name);
        RewriteFiles rewrite = table.newRewrite().validateFromSnapshot(head.snapshotId());
        Set<String> dropped = new HashSet<>();
        Map<List<Object>, List<Record>> left = new java.util.LinkedHashMap<>();
        Map<List<Object>, StructLike> partitions = new java.util.HashMap<>();
        for (FileScanTask task : chosen) {
            rewrite.deleteFile(task.file());
            for (DeleteFile delete : task.deletes()) {
                boolean alone = whole || format > 2 && delete.content() == FileContent.POSITION_DELETES;
                if (alone && dropped.add(delete.location())) {
                    rewrite.deleteFile(delete);
                }
            }
            List<Object> key = values(task.partition());
            partitions.put(key, task.partition());
            left.computeIfAbsent(key, each -> new ArrayList<>()).addAll(living(task, Set.of()));
        }
        left.forEach((key, records) -> {
            if (!records.isEmpty()) {
                Collections.shuffle(records, random);
                rewrite.addFile(SimRows.write(table, partitions.get(key), records));
            }
        });
        rewrite.commit();
        happened.accept("another engine rewrites " + (whole ? "all" : "some") + " files of " + name);
    }

    private static List<Object> values(StructLike partition) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < partition.size(); i++) {
            values.add(String.valueOf(partition.get(i, Object.class)));
        }
        return values;
    }

    private List<Record> living(FileScanTask task, Set<String> without) {
        List<Record> all = rows.records(task.file().location());
        List<Record> left = new ArrayList<>();
        for (Row row : rows.rows(task)) {
            if (!without.contains(row.key())) {
                left.add(all.get((int) row.position()));
            }
        }
        return left;
    }

    /** Deletes rows of the keyed table; returns their keys. */
    Set<String> deleteRows() {
        Snapshot head = tables.metadata(Model.KEYED).currentSnapshot();
        List<String> there = new ArrayList<>(model.truth().rows().keySet());
        if (head == null || there.isEmpty()) {
            return Set.of();
        }
        Collections.shuffle(there, random);
        Set<String> keys = new TreeSet<>(there.subList(0, Math.min(there.size(), 1 + random.nextInt(2))));
        Table table = tables.openSpared(Model.KEYED);
        List<FileScanTask> hit = rows.tasks(Model.KEYED, head.snapshotId()).stream()
                .filter(task -> rows.rows(task).stream().anyMatch(row -> keys.contains(row.key())))
                .toList();
        int how = random.nextInt(3);
        if (how == 0) {
            copyOnWrite(table, hit, keys);
        } else {
            RowDelta delta = table.newRowDelta()
                    .validateFromSnapshot(head.snapshotId())
                    .set(Model.DELETED_KEYS, String.join(",", keys));
            try {
                if (how == 1) {
                    byValue(table, delta, hit, keys);
                } else {
                    byPosition(table, delta, hit, keys);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            delta.commit();
        }
        happened.accept("another engine deletes rows by "
                + List.of("writing files anew", "equality deletes", "position deletes")
                        .get(how));
        return keys;
    }

    private void copyOnWrite(Table table, List<FileScanTask> hit, Set<String> keys) {
        OverwriteFiles overwrite = table.newOverwrite().set(Model.DELETED_KEYS, String.join(",", keys));
        for (FileScanTask task : hit) {
            overwrite.deleteFile(task.file());
            List<Record> left = living(task, keys);
            if (!left.isEmpty()) {
                overwrite.addFile(SimRows.write(table, task.partition(), left));
            }
        }
        overwrite.commit();
    }

    private static void byValue(Table table, RowDelta delta, List<FileScanTask> hit, Set<String> keys)
            throws IOException {
        Schema schema = table.schema().select("id");
        Map<List<Object>, StructLike> partitions = new java.util.LinkedHashMap<>();
        hit.forEach(task -> partitions.put(values(task.partition()), task.partition()));
        for (StructLike partition : partitions.values()) {
            EqualityDeleteWriter<Record> writer = Parquet.writeDeletes(
                            files(table, FileFormat.PARQUET).newOutputFile(table.spec(), partition))
                    .withSpec(table.spec())
                    .withPartition(partition)
                    .rowSchema(schema)
                    .equalityFieldIds(schema.findField("id").fieldId())
                    .createWriterFunc(GenericParquetWriter::create)
                    .buildEqualityWriter();
            try (writer) {
                for (String key : keys) {
                    Record record = GenericRecord.create(schema);
                    record.setField("id", key);
                    writer.write(record);
                }
            }
            delta.addDeletes(writer.toDeleteFile());
        }
    }

    private void byPosition(Table table, RowDelta delta, List<FileScanTask> hit, Set<String> keys) throws IOException {
        if (format == 2) {
            Map<List<Object>, List<FileScanTask>> byPartition = new java.util.LinkedHashMap<>();
            hit.forEach(task -> byPartition
                    .computeIfAbsent(values(task.partition()), key -> new ArrayList<>())
                    .add(task));
            for (List<FileScanTask> tasks : byPartition.values()) {
                delta.addDeletes(positions(table, tasks, keys));
            }
            return;
        }
        for (FileScanTask task : hit) {
            BaseDVFileWriter writer = new BaseDVFileWriter(files(table, FileFormat.PUFFIN), location -> {
                List<DeleteFile> before = task.deletes().stream()
                        .filter(delete -> delete.content() == FileContent.POSITION_DELETES)
                        .toList();
                return before.isEmpty()
                        ? null
                        : new BaseDeleteLoader(file -> table.io().newInputFile(file.location()))
                                .loadPositionDeletes(before, location);
            });
            try (writer) {
                for (Row row : rows.rows(task)) {
                    if (keys.contains(row.key())) {
                        writer.delete(row.file(), row.position(), task.spec(), task.partition());
                    }
                }
            }
            writer.result().deleteFiles().forEach(delta::addDeletes);
            writer.result().rewrittenDeleteFiles().forEach(delta::removeDeletes);
        }
    }

    private DeleteFile positions(Table table, List<FileScanTask> tasks, Set<String> keys) throws IOException {
        StructLike partition = tasks.get(0).partition();
        PositionDeleteWriter<Record> writer = Parquet.writeDeletes(
                        files(table, FileFormat.PARQUET).newOutputFile(table.spec(), partition))
                .withSpec(table.spec())
                .withPartition(partition)
                .buildPositionWriter();
        List<Row> dying = new ArrayList<>();
        tasks.forEach(task -> dying.addAll(rows.rows(task)));
        dying.removeIf(row -> !keys.contains(row.key()));
        dying.sort(java.util.Comparator.comparing(Row::file).thenComparingLong(Row::position));
        try (writer) {
            dying.forEach(row -> writer.write(PositionDelete.<Record>create().set(row.file(), row.position())));
        }
        return writer.toDeleteFile();
    }

    private static OutputFileFactory files(Table table, FileFormat format) {
        return OutputFileFactory.builderFor(table, 1, 1).format(format).build();
    }

    void expire() {
        String name = TABLES.get(random.nextInt(TABLES.size()));
        Table table = tables.openSpared(name);
        if (table.currentSnapshot() != null) {
            table.expireSnapshots()
                    .expireOlderThan(Long.MAX_VALUE)
                    .retainLast(1 + random.nextInt(2))
                    .commit();
            happened.accept("another engine expires snapshots of " + name);
        }
    }

    void rollBack() {
        String name = random.nextInt(3) > 0 ? Model.KEYED : Model.STAGING;
        TableMetadata table = tables.metadata(name);
        List<Long> ancestors = new ArrayList<>();
        Snapshot at = table.currentSnapshot();
        while (at != null && at.parentId() != null && ancestors.size() < 4) {
            at = table.snapshot(at.parentId());
            if (at != null) {
                ancestors.add(at.snapshotId());
            }
        }
        if (!ancestors.isEmpty()) {
            tables.openSpared(name)
                    .manageSnapshots()
                    .rollbackTo(ancestors.get(random.nextInt(ancestors.size())))
                    .commit();
            happened.accept("somebody rolls back " + name);
        }
    }

    /** Records that were staged before are staged once more. */
    void replay() {
        List<Event> old = new ArrayList<>();
        // What a gap tells of as lost nobody has any more.
        Model.all(model.staged()).forEach((partition, entry) -> log.records(partition, 0, entry.next()).stream()
                .filter(event -> entry.gaps().stream()
                        .noneMatch(gap -> event.offset() >= gap.start() && event.offset() < gap.end()))
                .forEach(old::add));
        if (old.isEmpty()) {
            return;
        }
        Collections.shuffle(old, random);
        Table staging = tables.openSpared(Model.STAGING);
        staging.newAppend()
                .appendFile(rows.stage(staging, old.subList(0, 1 + random.nextInt(Math.min(10, old.size())))))
                .commit();
        happened.accept("old records are staged once more");
    }

    void setProperty() {
        tables.openSpared(TABLES.get(random.nextInt(TABLES.size())))
                .updateProperties()
                .set("comment", Integer.toString(random.nextInt()))
                .commit();
        happened.accept("somebody sets a table property");
    }
}
