package io.firn.ingest.write;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.util.Arrays;

/**
 * Rows of one partition, packed into bytes until there are enough of them for a file. A hundred bytes of a row are a
 * hundred bytes here, while a Parquet writer takes a megabyte before its first row.
 *
 * <p>A column outside lists and maps is its definition level, where it has several, and its value; another column is
 * its number of entries before that, and each entry begins with its repetition level. Numbers take seven bits a byte.
 */
final class PackedRows {
    private static final int FIRST_BYTES = 1024;

    /** Longest form of a number. */
    private static final int MAX_NUMBER = 10;

    private final RowLayout.Column[] columns;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int size;
    private int rows;

    PackedRows(RowLayout layout) {
        this.columns = layout.columns().toArray(RowLayout.Column[]::new);
    }

    int rows() {
        return rows;
    }

    /** Bytes of the rows. */
    int size() {
        return size;
    }

    /** Bytes of heap, room for further rows included. */
    int heapBytes() {
        return bytes.length;
    }

    void add(Row row) {
        for (RowLayout.Column column : columns) {
            ColumnEntries entries = row.column(column.index());
            if (column.maxRepetition() > 0) {
                room(MAX_NUMBER);
                number(entries.size());
            }
            for (int i = 0; i < entries.size(); i++) {
                add(row, column, entries, i);
            }
        }
        rows++;
    }

    /** Lets go of the rows and their heap. */
    void clear() {
        bytes = new byte[0];
        size = 0;
        rows = 0;
    }

    /** What is done with each row that was packed. */
    interface Sink {
        /** @param bytes that the row took here */
        void row(Row row, int bytes);
    }

    /** Hands over all rows in the order they came in, each by way of {@code into}. */
    void forEach(Row into, Sink sink) {
        Reader reader = new Reader();
        for (int i = 0; i < rows; i++) {
            int from = reader.at;
            reader.read(into);
            sink.row(into, reader.at - from);
        }
    }

    private void add(Row row, RowLayout.Column column, ColumnEntries entries, int entry) {
        long bits = entries.bits(entry);
        boolean slice = column.storage() == RowLayout.Storage.BYTES && entries.hasValue(entry);
        int length = slice ? Slice.length(bits) : 0;
        room(2 + MAX_NUMBER + length);
        if (column.maxRepetition() > 0) {
            bytes[size++] = (byte) entries.repetition(entry);
        }
        if (column.maxDefinition() > 0) {
            bytes[size++] = (byte) entries.definition(entry);
        }
        if (!entries.hasValue(entry)) {
            return;
        }
        switch (column.storage()) {
            case BOOLEAN -> bytes[size++] = (byte) bits;
            case INT, LONG -> number(bits << 1 ^ bits >> 63);
            case FLOAT -> fixed(bits, Float.BYTES);
            case DOUBLE -> fixed(bits, Double.BYTES);
            case BYTES -> {
                number(length);
                System.arraycopy(row.bytes(bits), Slice.start(bits), bytes, size, length);
                size += length;
            }
        }
    }

    private void number(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    private void fixed(long bits, int length) {
        for (int i = 0; i < length; i++) {
            bytes[size++] = (byte) (bits >>> 8 * i);
        }
    }

    private void room(int extra) {
        int needed = Math.addExact(size, extra);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + (bytes.length >> 1)));
        }
    }

    private final class Reader {
        private int at;

        void read(Row into) {
            into.start(bytes);
            for (RowLayout.Column column : columns) {
                ColumnEntries entries = into.column(column.index());
                long count = column.maxRepetition() > 0 ? number() : 1;
                for (long i = 0; i < count; i++) {
                    read(column, entries);
                }
            }
        }

        private void read(RowLayout.Column column, ColumnEntries entries) {
            int repetition = column.maxRepetition() > 0 ? bytes[at++] : 0;
            int definition = column.maxDefinition() > 0 ? bytes[at++] : 0;
            if (definition < column.maxDefinition()) {
                entries.addNull(repetition, definition);
            } else {
                entries.add(repetition, value(column.storage()));
            }
        }

        private long value(RowLayout.Storage storage) {
            return switch (storage) {
                case BOOLEAN -> bytes[at++];
                case INT, LONG -> {
                    long value = number();
                    yield value >>> 1 ^ -(value & 1);
                }
                case FLOAT -> fixed(Float.BYTES);
                case DOUBLE -> fixed(Double.BYTES);
                case BYTES -> {
                    int length = (int) number();
                    long slice = Slice.ofRecord(at, length);
                    at += length;
                    yield slice;
                }
            };
        }

        private long number() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte next = bytes[at++];
                value |= (next & 0x7fL) << shift;
                if (next >= 0) {
                    return value;
                }
            }
        }

        private long fixed(int length) {
            long value = 0;
            for (int i = 0; i < length; i++) {
                value |= (bytes[at++] & 0xffL) << 8 * i;
            }
            return value;
        }
    }
}
