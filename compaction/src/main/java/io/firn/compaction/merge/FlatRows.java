package io.firn.compaction.merge;

import io.firn.catalog.schema.SourceColumns;
import io.firn.compaction.scan.ColumnCursor;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.CloseableIterator;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Rows of columns without inner structure: values go from page to page as they lie there, none becomes an object. */
final class FlatRows implements SourceRows {
    private final Table source;
    private final List<NestedField> columns;
    private final FileScans scans;
    private final int timestamp;
    private @Nullable RowCursor row;

    FlatRows(Table source, FileScans scans) {
        this.source = source;
        this.columns = source.schema().columns();
        this.scans = scans;
        this.timestamp = columns.indexOf(source.schema().findField(SourceColumns.TIMESTAMP));
    }

    @Override
    public Function<MessageType, ParquetValueWriter<? extends StructLike>> writer(Table target) {
        return type -> new FlatRowWriter(target, type);
    }

    @Override
    public OutputRow as(Table target) {
        return new Row(target);
    }

    @Override
    public Cursor open(DataFile file) {
        return new Rows(scans.rows(file, columns, Expressions.alwaysTrue()));
    }

    @Override
    public Set<String> varied(DataFile file) {
        return VariedColumns.of(file, scans, columns);
    }

    private RowCursor current() {
        RowCursor current = row;
        if (current == null) {
            throw new IllegalStateException("no row is at hand");
        }
        return current;
    }

    private final class Rows implements Cursor {
        private final CloseableIterable<RowCursor> file;
        private final CloseableIterator<RowCursor> rows;

        Rows(CloseableIterable<RowCursor> file) {
            this.file = file;
            this.rows = file.iterator();
        }

        @Override
        public boolean next() {
            row = rows.hasNext() ? rows.next() : null;
            return row != null;
        }

        @Override
        public long position() {
            return current().position();
        }

        @Override
        public long timestamp() {
            ColumnCursor own = current().column(timestamp);
            return own.isNull() ? OutputRow.NO_TIMESTAMP : own.asLong();
        }

        @Override
        public void close() throws IOException {
            rows.close();
            file.close();
        }
    }

    /** Of the target, but its values are read where they lie: objects are made for partitions alone. */
    final class Row implements OutputRow {
        private final RowMapping mapping;
        private final List<NestedField> targets;
        private long orderTimestamp;

        private Row(Table target) {
            this.mapping = new RowMapping(source, target);
            this.targets = target.schema().columns();
        }

        @Override
        public OutputRow at(long timestamp) {
            orderTimestamp = timestamp;
            return this;
        }

        /** Whether the value of a column is {@link #orderTimestamp} instead of {@link #value}. */
        boolean isOrderTimestamp(int column) {
            return mapping.from(column) == RowMapping.ORDER_TIMESTAMP;
        }

        long orderTimestamp() {
            return orderTimestamp;
        }

        @Override
        public int bucket(KeyBuckets buckets) {
            ColumnCursor value = value(buckets.column());
            return value == null || value.isNull() ? -1 : buckets.of(value);
        }

        /** Null where the source has no such column. */
        @Nullable
        ColumnCursor value(int column) {
            int from = mapping.from(column);
            return from < 0 ? null : current().column(from);
        }

        @Override
        public int size() {
            return mapping.size();
        }

        @Override
        public <T> @Nullable T get(int column, Class<T> type) {
            if (isOrderTimestamp(column)) {
                return orderTimestamp == NO_TIMESTAMP ? null : type.cast(orderTimestamp);
            }
            ColumnCursor value = value(column);
            return value == null
                    ? null
                    : type.cast(value.asObject(targets.get(column).type()));
        }
    }
}
