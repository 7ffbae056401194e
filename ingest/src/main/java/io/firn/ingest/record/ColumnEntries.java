package io.firn.ingest.record;

import java.util.Arrays;

/**
 * What one row has for one leaf column: values and nulls with their repetition and definition levels, as Parquet's
 * column writers take them. A column outside lists and maps has exactly one entry in a whole row.
 */
public final class ColumnEntries {
    private final int maxDefinition;
    /** The first entry, which is the only one of most columns, beside the arrays: its repetition level is always 0. */
    private long firstBits;

    private int firstDefinition;
    private long[] bits = new long[1];
    private byte[] repetitions = new byte[1];
    private byte[] definitions = new byte[1];
    private int size;

    ColumnEntries(RowLayout.Column column) {
        if (column.maxDefinition() > Byte.MAX_VALUE) {
            throw new IllegalArgumentException("nested too deep: " + column.path());
        }
        this.maxDefinition = column.maxDefinition();
    }

    /** Adds a value; its 64 bits as {@link RowLayout.Storage} says. */
    public void add(int repetition, long value) {
        append(repetition, maxDefinition, value);
    }

    /** Adds an entry without a value: null, or an empty list, at this definition level. */
    public void addNull(int repetition, int definition) {
        append(repetition, definition, 0);
    }

    public int size() {
        return size;
    }

    public long bits(int entry) {
        return entry == 0 ? firstBits : bits[entry];
    }

    public int repetition(int entry) {
        return entry == 0 ? 0 : repetitions[entry];
    }

    public int definition(int entry) {
        return entry == 0 ? firstDefinition : definitions[entry];
    }

    public boolean hasValue(int entry) {
        return definition(entry) == maxDefinition;
    }

    void clear() {
        size = 0;
    }

    private void append(int repetition, int definition, long value) {
        if (size == 0) {
            firstBits = value;
            firstDefinition = definition;
            size = 1;
        } else {
            appendFurther(repetition, definition, value);
        }
    }

    private void appendFurther(int repetition, int definition, long value) {
        int at = size;
        if (at == bits.length) {
            bits = Arrays.copyOf(bits, at * 2);
            repetitions = Arrays.copyOf(repetitions, at * 2);
            definitions = Arrays.copyOf(definitions, at * 2);
        }
        bits[at] = value;
        repetitions[at] = (byte) repetition;
        definitions[at] = (byte) definition;
        size = at + 1;
    }
}
