package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.schema.ColumnNames;
import io.firn.catalog.schema.SourceColumns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.data.GenericDeleteFilter;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetReaders;
import org.apache.iceberg.encryption.EncryptingFileIO;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types.NestedField;

/** The rows of a table that came from some spans of a topic, by their source columns, deletes applied. */
final class LiveRows {
    /** Hears of the rows of one file after the other. */
    interface Seen {
        /** A row of the spans. */
        void row(int partition, long offset, long position);

        /**
         * The file's last row was told.
         *
         * @param live rows of the file that no delete has taken, those of the spans and others
         */
        void end(FileScanTask file, long live);
    }

    private final Table table;
    private final EncryptingFileIO io;
    private final String topic;

    LiveRows(Table table, String topic) {
        this.table = table;
        this.io = EncryptingFileIO.combine(table.io(), table.encryption());
        this.topic = topic;
    }

    /** Rows that can be of these spans, for pruning and for conflicts. */
    static Expression filter(String topic, SortedMap<Integer, OffsetRange> spans) {
        Expression any = Expressions.alwaysFalse();
        for (var each : spans.entrySet()) {
            any = Expressions.or(
                    any,
                    Expressions.and(
                            Expressions.equal(SourceColumns.PARTITION, each.getKey()),
                            Expressions.greaterThanOrEqual(
                                    SourceColumns.OFFSET, each.getValue().start()),
                            Expressions.lessThan(
                                    SourceColumns.OFFSET, each.getValue().end())));
        }
        return Expressions.and(Expressions.equal(SourceColumns.TOPIC, topic), any);
    }

    void read(Snapshot snapshot, SortedMap<Integer, OffsetRange> spans, Seen seen) throws IOException {
        for (FileScanTask task : files(snapshot, spans)) {
            readFile(task, spans, seen);
        }
    }

    /** Files that can have rows of the spans. */
    List<FileScanTask> files(Snapshot snapshot, SortedMap<Integer, OffsetRange> spans) throws IOException {
        return files(table.newScan(), snapshot, spans);
    }

    /** The same, with all that is known of their columns: to be added to a snapshot as they are. */
    List<FileScanTask> filesWithBounds(Snapshot snapshot, SortedMap<Integer, OffsetRange> spans) throws IOException {
        return files(table.newScan().includeColumnStats(), snapshot, spans);
    }

    private List<FileScanTask> files(TableScan scan, Snapshot snapshot, SortedMap<Integer, OffsetRange> spans)
            throws IOException {
        List<FileScanTask> files = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = scan.useSnapshot(snapshot.snapshotId())
                .filter(filter(topic, spans))
                .planFiles()) {
            tasks.forEach(files::add);
        }
        return files;
    }

    void readFile(FileScanTask task, SortedMap<Integer, OffsetRange> spans, Seen seen) throws IOException {
        Expression filter = filter(topic, spans);
        Schema wanted = wanted();
        GenericDeleteFilter deletes = new GenericDeleteFilter(io, task, table.schema(), wanted);
        boolean untouched = task.deletes().isEmpty();
        Schema needed = deletes.requiredSchema();
        Expression pruning = untouched ? filter : Expressions.alwaysTrue();
        long live = 0;
        try (CloseableIterable<Record> rows = deletes.filter(open(task.file(), needed, pruning))) {
            for (Record row : rows) {
                live++;
                Object from = row.getField(SourceColumns.TOPIC);
                Object partition = row.getField(SourceColumns.PARTITION);
                Object offset = row.getField(SourceColumns.OFFSET);
                if (from == null || partition == null || offset == null || !topic.contentEquals(from.toString())) {
                    continue;
                }
                OffsetRange span = spans.get((Integer) partition);
                long at = (Long) offset;
                if (span != null && at >= span.start() && at < span.end()) {
                    Object position = row.getField(MetadataColumns.ROW_POSITION.name());
                    seen.row((Integer) partition, at, (Long) position);
                }
            }
        }
        seen.end(task, untouched ? task.file().recordCount() : live);
    }

    private Schema wanted() {
        List<NestedField> columns =
                new ArrayList<>(table.schema().select(SourceColumns.names()).columns());
        columns.removeIf(column -> column.name().equals(SourceColumns.TIMESTAMP));
        columns.add(MetadataColumns.ROW_POSITION);
        return new Schema(columns);
    }

    private CloseableIterable<Record> open(DataFile file, Schema needed, Expression filter) {
        if (file.format() != FileFormat.PARQUET) {
            throw FirnException.user(
                    "file-format-unsupported",
                    "a data file is " + file.format() + ", and only Parquet can be read here: " + file.location(),
                    "table " + table.name(),
                    "rewrite the table's files as Parquet");
        }
        Parquet.ReadBuilder builder = Parquet.read(io.newInputFile(file))
                .project(needed)
                .filter(filter)
                .reuseContainers()
                .createReaderFunc(type -> GenericParquetReaders.buildReader(needed, type));
        return ColumnNames.mapping(table)
                .map(builder::withNameMapping)
                .orElse(builder)
                .build();
    }
}
