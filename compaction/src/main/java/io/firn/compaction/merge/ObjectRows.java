package io.firn.compaction.merge;

import io.firn.catalog.schema.SourceColumns;
import io.firn.compaction.scan.FileScans;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.parquet.InternalWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.CloseableIterator;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Rows of any types, in Iceberg's internal representation. */
final class ObjectRows implements SourceRows {
    private final Table source;
    private final FileScans scans;
    private @Nullable StructLike row;

    ObjectRows(Table source, FileScans scans) {
        this.source = source;
        this.scans = scans;
    }

    @Override
    public Function<MessageType, ParquetValueWriter<? extends StructLike>> writer(Table target) {
        return type -> InternalWriter.create(target.schema().asStruct(), type);
    }

    @Override
    public OutputRow as(Table target) {
        return new View(new RowMapping(source, target));
    }

    @Override
    public Cursor open(DataFile file) {
        return new Rows(scans.records(file, source.schema()));
    }

    @Override
    public Set<String> varied(DataFile file) {
        return new HashSet<>();
    }

    private final class Rows implements Cursor {
        private final CloseableIterable<StructLike> file;
        private final CloseableIterator<StructLike> rows;
        private final int position;
        private final int timestamp;

        Rows(CloseableIterable<StructLike> file) {
            Schema schema = source.schema();
            this.file = file;
            this.rows = file.iterator();
            this.position = schema.columns().size();
            this.timestamp = schema.columns().indexOf(schema.findField(SourceColumns.TIMESTAMP));
        }

        @Override
        public boolean next() {
            row = rows.hasNext() ? rows.next() : null;
            return row != null;
        }

        @Override
        public long position() {
            Long at = row == null ? null : row.get(position, Long.class);
            if (at == null) {
                throw new IllegalStateException("no row, or one without its position");
            }
            return at;
        }

        @Override
        public long timestamp() {
            Long own = row == null ? null : row.get(timestamp, Long.class);
            return own == null ? OutputRow.NO_TIMESTAMP : own;
        }

        @Override
        public void close() throws IOException {
            rows.close();
            file.close();
        }
    }

    private final class View implements OutputRow {
        private final RowMapping mapping;
        private long orderTimestamp;

        View(RowMapping mapping) {
            this.mapping = mapping;
        }

        @Override
        public OutputRow at(long timestamp) {
            orderTimestamp = timestamp;
            return this;
        }

        @Override
        public int size() {
            return mapping.size();
        }

        @Override
        public <T> @Nullable T get(int column, Class<T> type) {
            int from = mapping.from(column);
            StructLike current = row;
            if (current == null) {
                return null;
            }
            if (from == RowMapping.ABSENT) {
                return type.cast(mapping.absent(column));
            }
            if (from == RowMapping.ORDER_TIMESTAMP) {
                return orderTimestamp == NO_TIMESTAMP ? null : type.cast(orderTimestamp);
            }
            Object value = current.get(from, Object.class);
            return type.cast(mapping.widens(column) ? widened(value) : value);
        }

        private static @Nullable Object widened(@Nullable Object value) {
            if (value instanceof Integer) {
                return ((Integer) value).longValue();
            }
            if (value instanceof Float) {
                return ((Float) value).doubleValue();
            }
            return value;
        }
    }
}
