package io.firn.compaction.sim;

import io.firn.compaction.fold.NaiveFold.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.BaseDeleteLoader;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.util.StructLikeSet;
import org.jspecify.annotations.Nullable;

/** Writes rows as ingestion does, and reads them with Iceberg's own means; what a file holds is read once. */
final class SimRows {
    private final SimTables tables;
    private final SimLog log;
    private final FileIO io;
    private final Map<String, List<Row>> read = new HashMap<>();
    private final Map<Long, List<Row>> live = new HashMap<>();

    SimRows(SimTables tables, SimLog log) {
        this.tables = tables;
        this.log = log;
        this.io = tables.store().open(new Lifeline());
    }

    /** Rows of a snapshot, deleted ones left out. */
    List<Row> live(String table, long snapshot) {
        List<Row> known = live.get(snapshot);
        if (known != null) {
            return known;
        }
        List<Row> rows = new ArrayList<>();
        Set<String> files = new HashSet<>();
        for (FileScanTask task : tasks(table, snapshot)) {
            if (!files.add(task.file().location())) {
                throw new Violation("referenced twice: " + task.file().location());
            }
            rows.addAll(rows(task));
        }
        live.put(snapshot, rows);
        return rows;
    }

    List<FileScanTask> tasks(String table, long snapshot) {
        List<FileScanTask> all = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks =
                tables.openSpared(table).newScan().useSnapshot(snapshot).planFiles()) {
            tasks.forEach(all::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        all.sort(java.util.Comparator.comparing(
                        (FileScanTask task) -> task.file().dataSequenceNumber())
                .thenComparing(task -> task.file().location()));
        return all;
    }

    /** Rows of a file that are not deleted. */
    List<Row> rows(FileScanTask task) {
        List<Row> all = read.computeIfAbsent(task.file().location(), this::read);
        if (task.deletes().isEmpty()) {
            return all;
        }
        List<DeleteFile> byPosition = new ArrayList<>();
        List<DeleteFile> byValue = new ArrayList<>();
        task.deletes().forEach(delete -> (delete.content() == FileContent.EQUALITY_DELETES ? byValue : byPosition)
                .add(delete));
        BaseDeleteLoader loader = new BaseDeleteLoader(file -> io.newInputFile(file.location()));
        PositionDeleteIndex positions = byPosition.isEmpty()
                ? null
                : loader.loadPositionDeletes(byPosition, task.file().location());
        Schema key = task.schema().select("id");
        StructLikeSet values = byValue.isEmpty() ? null : loader.loadEqualityDeletes(byValue, key);
        Record probe = GenericRecord.create(key);
        List<Row> left = new ArrayList<>();
        for (Row row : all) {
            probe.setField("id", row.key());
            boolean gone = positions != null && positions.isDeleted(row.position())
                    || values != null && values.contains((StructLike) probe);
            if (!gone) {
                left.add(row);
            }
        }
        return left;
    }

    private List<Row> read(String location) {
        List<Row> rows = new ArrayList<>();
        for (Record record : records(location)) {
            rows.add(row(record, location, rows.size()));
        }
        return rows;
    }

    /** Everything in a file, by the table's own columns. */
    List<Record> records(String location) {
        List<Record> all = new ArrayList<>();
        Schema schema = tables.metadata(tableOf(location)).schema();
        try (CloseableIterable<Record> records = Parquet.read(io.newInputFile(location))
                .project(schema)
                .createReaderFunc(type -> GenericParquetReaders.buildReader(schema, type))
                .build()) {
            records.forEach(all::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    /** The name of the table that a file belongs to. */
    static String tableOf(String location) {
        String path = location.substring("mem://lake/".length());
        return path.substring(0, path.indexOf('/'));
    }

    private static Row row(Record record, String file, int position) {
        boolean ordered = record.struct().field("_order_timestamp") != null;
        OffsetDateTime time = (OffsetDateTime) record.getField(ordered ? "_order_timestamp" : "_source_timestamp");
        return new Row(
                file,
                position,
                (String) record.getField("id"),
                (Long) field(record, "event"),
                (String) record.getField("_source_topic"),
                (String) record.getField("_source_topic_id"),
                (Integer) record.getField("_source_partition"),
                (Long) record.getField("_source_offset"),
                time == null ? Event.NO_TIMESTAMP : time.toEpochSecond(),
                Optional.ofNullable((Long) field(record, "version")));
    }

    private static @Nullable Object field(Record record, String name) {
        return record.struct().field(name) == null ? null : record.getField(name);
    }

    /** A file of records in staging. */
    DataFile stage(Table staging, List<Event> events) {
        GenericRecord empty = GenericRecord.create(staging.schema());
        List<Record> records = new ArrayList<>();
        events.forEach(event -> records.add(record(empty.copy(), event)));
        return write(staging, null, records);
    }

    /** A file of known deletes. */
    static DataFile deletes(Table deletes, List<Row> known) {
        GenericRecord empty = GenericRecord.create(deletes.schema());
        List<Record> records = new ArrayList<>();
        for (Row row : known) {
            GenericRecord record = empty.copy();
            record.setField("id", row.key());
            record.setField("_source_topic", row.topic());
            record.setField("_source_topic_id", row.topicId());
            record.setField("_source_partition", row.partition());
            record.setField("_source_offset", row.offset());
            record.setField(
                    "_order_timestamp",
                    row.timestamp() == Event.NO_TIMESTAMP
                            ? null
                            : Instant.ofEpochSecond(row.timestamp()).atOffset(ZoneOffset.UTC));
            if (deletes.schema().findField("version") != null) {
                record.setField("version", row.version().orElse(null));
            }
            records.add(record);
        }
        return write(deletes, null, records);
    }

    static DataFile write(Table table, @Nullable StructLike partition, List<Record> records) {
        try {
            OutputFileFactory files = OutputFileFactory.builderFor(table, 0, 0)
                    .format(FileFormat.PARQUET)
                    .build();
            DataWriter<Record> writer = Parquet.writeData(
                            partition == null ? files.newOutputFile() : files.newOutputFile(partition))
                    .forTable(table)
                    .withSpec(table.spec())
                    .withPartition(partition)
                    .createWriterFunc(GenericParquetWriter::create)
                    .build();
            try (writer) {
                records.forEach(writer::write);
            }
            return writer.toDataFile();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Record record(Record record, Event event) {
        record.setField("id", event.key());
        record.setField("_source_topic", event.topic());
        record.setField("_source_topic_id", event.topicId());
        record.setField("_source_partition", event.partition());
        record.setField("_source_offset", event.offset());
        record.setField(
                "_source_timestamp",
                event.timestamp() == Event.NO_TIMESTAMP
                        ? null
                        : Instant.ofEpochSecond(event.timestamp()).atOffset(ZoneOffset.UTC));
        boolean tombstone = log.isTombstone(event);
        record.setField("_source_tombstone", tombstone);
        if (!tombstone) {
            record.setField("region", "r" + event.id() % 2);
            record.setField("event", event.id());
            record.setField("version", event.version().orElse(null));
            record.setField("op", event.deletes() ? "d" : "u");
        }
        return record;
    }
}
