package io.firn.ingest.write;

import io.firn.catalog.parquet.PagedColumn;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.iceberg.FieldMetrics;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.parquet.TripleWriter;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/** Pushes a row's entries into Parquet's column writers: no value is boxed, no string made. One for each file. */
final class RowValueWriter implements ParquetValueWriter<Row> {
    private final List<ColumnDescriptor> descriptors;
    private final RowLayout.Storage[] storages;
    private final ColumnWriter[] writers;
    private final FloatBounds[] bounds;
    private @Nullable ColumnWriteStore store;

    RowValueWriter(RowLayout layout, MessageType parquetSchema) {
        this.descriptors = parquetSchema.getColumns();
        if (descriptors.size() != layout.columns().size()) {
            throw new IllegalArgumentException("the file's columns are not the row's: " + parquetSchema);
        }
        this.storages = layout.columns().stream().map(RowLayout.Column::storage).toArray(RowLayout.Storage[]::new);
        this.writers = new ColumnWriter[storages.length];
        this.bounds = new FloatBounds[storages.length];
        for (RowLayout.Column column : layout.columns()) {
            if (FloatBounds.applyTo(column)) {
                bounds[column.index()] = new FloatBounds(column);
            }
        }
    }

    @Override
    public void setColumnStore(ColumnWriteStore columnStore) {
        store = columnStore;
        for (int i = 0; i < writers.length; i++) {
            writers[i] = columnStore.getColumnWriter(descriptors.get(i));
        }
    }

    /** Bytes of heap that the open row group holds, pages that are compressed already included. */
    long heapBytes() {
        return store == null ? 0 : store.getAllocatedSize() + store.getBufferedSize();
    }

    @Override
    public void write(int repetition, Row row) {
        for (int i = 0; i < writers.length; i++) {
            ColumnEntries entries = row.column(i);
            ColumnWriter writer = writers[i];
            int size = entries.size();
            for (int entry = 0; entry < size; entry++) {
                int level = entries.repetition(entry);
                int definition = entries.definition(entry);
                if (entries.hasValue(entry)) {
                    long bits = entries.bits(entry);
                    switch (storages[i]) {
                        case BOOLEAN -> writer.write(bits != 0, level, definition);
                        case INT -> writer.write((int) bits, level, definition);
                        case LONG -> writer.write(bits, level, definition);
                        case FLOAT -> floating(i, Float.intBitsToFloat((int) bits), level, definition);
                        case DOUBLE -> floating(i, Double.longBitsToDouble(bits), level, definition);
                        case BYTES -> bytes(writer, row, bits, level, definition);
                    }
                } else {
                    writer.writeNull(level, definition);
                    if (bounds[i] != null) {
                        bounds[i].addNull();
                    }
                }
            }
        }
    }

    private void floating(int column, float value, int repetition, int definition) {
        writers[column].write(value, repetition, definition);
        bounds[column].add(value);
    }

    private void floating(int column, double value, int repetition, int definition) {
        writers[column].write(value, repetition, definition);
        bounds[column].add(value);
    }

    private static void bytes(ColumnWriter writer, Row row, long slice, int repetition, int definition) {
        byte[] bytes = row.bytes(slice);
        int start = Slice.start(slice);
        int length = Slice.length(slice);
        if (writer instanceof PagedColumn) {
            ((PagedColumn) writer).write(bytes, start, length, repetition, definition);
        } else {
            // Marked as reused, so that Parquet copies what it keeps longer than the call: dictionary and bounds.
            writer.write(Binary.fromReusedByteArray(bytes, start, length), repetition, definition);
        }
    }

    @Override
    public List<TripleWriter<?>> columns() {
        return List.of();
    }

    @Override
    public Stream<FieldMetrics<?>> metrics() {
        return Arrays.stream(bounds).filter(Objects::nonNull).map(FloatBounds::metrics);
    }
}
