package io.firn.ingest.write;

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
            int size = entries.size();
            for (int entry = 0; entry < size; entry++) {
                if (entries.hasValue(entry)) {
                    value(i, row, entries, entry);
                } else {
                    writers[i].writeNull(entries.repetition(entry), entries.definition(entry));
                    if (bounds[i] != null) {
                        bounds[i].addNull();
                    }
                }
            }
        }
    }

    private void value(int column, Row row, ColumnEntries entries, int entry) {
        ColumnWriter writer = writers[column];
        long bits = entries.bits(entry);
        int repetition = entries.repetition(entry);
        int definition = entries.definition(entry);
        switch (storages[column]) {
            case BOOLEAN -> writer.write(bits != 0, repetition, definition);
            case INT -> writer.write((int) bits, repetition, definition);
            case LONG -> writer.write(bits, repetition, definition);
            case FLOAT -> {
                float value = Float.intBitsToFloat((int) bits);
                writer.write(value, repetition, definition);
                bounds[column].add(value);
            }
            case DOUBLE -> {
                double value = Double.longBitsToDouble(bits);
                writer.write(value, repetition, definition);
                bounds[column].add(value);
            }
            case BYTES ->
                // "Reused" makes Parquet copy what it keeps longer than the call: dictionary and bounds.
                writer.write(
                        Binary.fromReusedByteArray(row.bytes(bits), Slice.start(bits), Slice.length(bits)),
                        repetition,
                        definition);
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
