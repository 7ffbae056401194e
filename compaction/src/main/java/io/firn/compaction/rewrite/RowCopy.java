package io.firn.compaction.rewrite;

import io.firn.catalog.WithoutSiteFiles;
import io.firn.catalog.parquet.CheckedRows;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.SortOrderComparators;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.parquet.InternalWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.parquet.Parquet;

/**
 * Copies rows one by one: slow, and right for everything. Deletes are left out, old schemas become the current one,
 * rows are sorted where the table has a sort order.
 */
final class RowCopy implements GroupFiles.Copy {
    /** Asking a writer for its length is not free. */
    private static final int ROWS_BETWEEN_LOOKS = 1_000;
    /** What a row decoded to objects takes, over its compressed bytes: seen with rows of 6 to 20 columns. */
    private static final int OBJECT_FACTOR = 10;

    private static final int OBJECT_BYTES = 200;

    private final Table table;
    private final RewriteSettings settings;
    private final Path scratch;
    private final LiveRows live;

    RowCopy(Table table, RewriteSettings settings, Path scratch) {
        this.table = table;
        this.settings = settings;
        this.scratch = scratch;
        this.live = new LiveRows(table);
    }

    @Override
    public void copy(FileGroup group, GroupFiles files, GroupFiles.Progress progress) throws IOException {
        try (Output output = new Output(group, files)) {
            if (table.sortOrder().isUnsorted()) {
                read(group, progress, output::write);
            } else {
                sort(group, progress, output);
            }
            output.finish();
        }
    }

    private void sort(FileGroup group, GroupFiles.Progress progress, Output output) throws IOException {
        Schema schema = live.schema();
        try (SortedRows sorted = new SortedRows(
                schema, SortOrderComparators.forSchema(schema, table.sortOrder()), bufferedRows(group), scratch)) {
            read(group, progress, sorted::add);
            sorted.drainTo(output::write);
        }
    }

    private void read(FileGroup group, GroupFiles.Progress progress, SortedRows.Sink sink) throws IOException {
        for (FileScanTask task : group.tasks()) {
            try (CloseableIterable<StructLike> rows = live.of(task)) {
                for (StructLike row : rows) {
                    sink.accept(row);
                }
            }
            progress.read(task.file());
        }
    }

    private int bufferedRows(FileGroup group) {
        long bytes = FileGroup.bytesOf(group.files());
        long rows = group.files().stream().mapToLong(DataFile::recordCount).sum();
        long rowBytes = OBJECT_BYTES + OBJECT_FACTOR * bytes / Math.max(1, rows);
        return (int) Math.max(1_000, Math.min(Integer.MAX_VALUE - 8, settings.sortBytes() / rowBytes));
    }

    /** Rolls to a further file where one grows too large. Writes no file for no rows. */
    private final class Output implements AutoCloseable {
        private final FileGroup group;
        private final GroupFiles files;
        private final java.util.ArrayDeque<DataWriter<StructLike>> open = new java.util.ArrayDeque<>(1);
        private long rows;

        Output(FileGroup group, GroupFiles files) {
            this.group = group;
            this.files = files;
        }

        void write(StructLike row) throws IOException {
            if (open.isEmpty()) {
                open.add(writer());
            }
            open.getFirst().write(row);
            rows++;
            if (rows % ROWS_BETWEEN_LOOKS == 0 && open.getFirst().length() >= settings.mostBytes()) {
                finish();
            }
        }

        void finish() throws IOException {
            if (!open.isEmpty()) {
                DataWriter<StructLike> writer = open.getFirst();
                writer.close();
                open.remove();
                files.finish(writer.toDataFile());
            }
        }

        @Override
        public void close() throws IOException {
            if (!open.isEmpty()) {
                open.remove().close();
            }
        }

        private DataWriter<StructLike> writer() throws IOException {
            SortOrder order = table.sortOrder();
            OutputFile file = files.begin();
            String where = "table " + table.name() + ", file " + file.location();
            Parquet.DataWriteBuilder builder = Parquet.writeData(file)
                    .forTable(table)
                    .schema(live.schema())
                    .withSpec(group.spec())
                    .withPartition(group.partition())
                    .withSortOrder(order)
                    .createWriterFunc((schema, type) ->
                            new CheckedRows<>(InternalWriter.<StructLike>createWriter(schema, type), type, where))
                    .overwrite(false);
            return WithoutSiteFiles.open(builder::build);
        }
    }
}
