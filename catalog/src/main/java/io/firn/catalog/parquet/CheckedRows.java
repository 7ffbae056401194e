package io.firn.catalog.parquet;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.iceberg.FieldMetrics;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * Pushes rows into a file of Iceberg's own writer and counts the entries of each column. A writer asks for the figures
 * of its file once, after the end; there a file whose columns disagree is refused.
 */
public final class CheckedRows<T> implements ParquetValueWriter<T> {
    private final ParquetValueWriter<T> rows;
    private final ColumnAgreement agreement;
    private final List<ColumnDescriptor> columns;
    private final List<LevelCounts> counts = new ArrayList<>();
    private final String where;
    private long written;

    /** @param where the table and the file, for the error */
    public CheckedRows(ParquetValueWriter<T> rows, MessageType type, String where) {
        this.rows = rows;
        this.agreement = new ColumnAgreement(type);
        this.columns = type.getColumns();
        columns.forEach(column -> counts.add(new LevelCounts(column)));
        this.where = where;
    }

    @Override
    public void write(int repetition, T row) {
        rows.write(repetition, row);
        written++;
    }

    @Override
    public List<TripleWriter<?>> columns() {
        return rows.columns();
    }

    @Override
    public void setColumnStore(ColumnWriteStore store) {
        rows.setColumnStore(new Store(store));
    }

    /** @throws FirnException of kind internal, {@code columns-disagree} */
    @Override
    public Stream<FieldMetrics<?>> metrics() {
        agreement.require(counts, written, where);
        return rows.metrics();
    }

    private final class Store implements ColumnWriteStore {
        private final ColumnWriteStore store;

        Store(ColumnWriteStore store) {
            this.store = store;
        }

        @Override
        public ColumnWriter getColumnWriter(ColumnDescriptor column) {
            return new Column(store.getColumnWriter(column), counts.get(columns.indexOf(column)));
        }

        @Override
        public void flush() {
            store.flush();
        }

        @Override
        public void endRecord() {
            store.endRecord();
        }

        @Override
        public long getAllocatedSize() {
            return store.getAllocatedSize();
        }

        @Override
        public long getBufferedSize() {
            return store.getBufferedSize();
        }

        @Override
        public String memUsageString() {
            return store.memUsageString();
        }

        @Override
        public void close() {
            store.close();
        }
    }

    private record Column(ColumnWriter column, LevelCounts counts) implements ColumnWriter {
        @Override
        public void write(int value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void write(long value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void write(boolean value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void write(Binary value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void write(float value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void write(double value, int repetition, int definition) {
            counts.add(repetition, definition);
            column.write(value, repetition, definition);
        }

        @Override
        public void writeNull(int repetition, int definition) {
            counts.add(repetition, definition);
            column.writeNull(repetition, definition);
        }

        @Override
        public void close() {
            column.close();
        }

        @Override
        public long getBufferedSizeInMemory() {
            return column.getBufferedSizeInMemory();
        }
    }
}
