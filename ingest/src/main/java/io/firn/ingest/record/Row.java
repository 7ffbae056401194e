package io.firn.ingest.record;

import io.firn.catalog.FirnException;
import java.util.Arrays;

/**
 * One row, shredded into Parquet's leaf columns while it is decoded; used again for every record. Strings are spans of
 * the record's own bytes wherever they stand there as they are; what has to be unescaped or built goes to a scratch
 * buffer that the row owns. Valid until the record's bytes change or {@link #start} is called again.
 */
public final class Row {
    private final RowLayout layout;
    private final ColumnEntries[] columns;
    private final boolean[] isFlat;
    private byte[] record = new byte[0];
    private byte[] scratch = new byte[256];
    private int scratchSize;

    public Row(RowLayout layout) {
        this.layout = layout;
        this.columns = layout.columns().stream().map(ColumnEntries::new).toArray(ColumnEntries[]::new);
        this.isFlat = new boolean[columns.length];
        layout.columns().forEach(column -> isFlat[column.index()] = column.maxRepetition() == 0);
    }

    /** Forgets the last row. Slices of the new one point into these bytes. */
    public void start(byte[] recordBytes) {
        record = recordBytes;
        scratchSize = 0;
        for (ColumnEntries column : columns) {
            column.clear();
        }
    }

    public RowLayout layout() {
        return layout;
    }

    public int columnCount() {
        return columns.length;
    }

    /** The entries of the column at this index of the layout. */
    public ColumnEntries column(int index) {
        return columns[index];
    }

    /**
     * Checks that each column outside lists and maps has exactly one entry, and each other one at least one.
     *
     * @throws FirnException of kind internal, {@code row-incomplete}
     */
    public void requireWhole(String table) {
        for (int i = 0; i < columns.length; i++) {
            int entries = columns[i].size();
            if (entries != 1 && (entries == 0 || isFlat[i])) {
                throw FirnException.internal(
                        "row-incomplete",
                        "column " + layout.columns().get(i).path() + " has " + entries
                                + " entries in one row, so the row was not written",
                        "table " + table);
            }
        }
    }

    /** The array that a {@link Slice} points into. */
    public byte[] bytes(long slice) {
        return Slice.inScratch(slice) ? scratch : record;
    }

    /** Makes room for this many bytes at the end of the scratch and returns it; the end is {@link #scratchSize}. */
    public byte[] scratch(int extraBytes) {
        int needed = Math.addExact(scratchSize, extraBytes);
        if (needed > scratch.length) {
            scratch = Arrays.copyOf(scratch, Math.max(needed, scratch.length * 2));
        }
        return scratch;
    }

    public int scratchSize() {
        return scratchSize;
    }

    /** Keeps the bytes written to the scratch up to this index. */
    public void scratchSize(int size) {
        scratchSize = size;
    }

    /** Copies bytes to the scratch. */
    public long keep(byte[] bytes, int start, int length) {
        int at = scratchSize;
        System.arraycopy(bytes, start, scratch(length), at, length);
        scratchSize = at + length;
        return Slice.ofScratch(at, length);
    }
}
