package io.firn.catalog.parquet;

import org.apache.parquet.column.ColumnDescriptor;

/** Counts the entries of one column by their repetition and definition levels. */
final class LevelCounts {
    private final int width;
    private final long[] counts;

    LevelCounts(ColumnDescriptor column) {
        this.width = column.getMaxDefinitionLevel() + 1;
        this.counts = new long[(column.getMaxRepetitionLevel() + 1) * width];
    }

    void add(int repetition, int definition) {
        counts[repetition * width + definition]++;
    }

    /**
     * Returns the counts as a field around the column sees them.
     *
     * @param repetition the field's maximum level; entries of higher levels repeat only what lies inside of the field
     * @param definition the field's maximum level; entries of higher levels count as this level
     */
    long[] upTo(int repetition, int definition) {
        long[] folded = new long[(repetition + 1) * (definition + 1)];
        for (int r = 0; r <= repetition; r++) {
            for (int d = 0; d < width; d++) {
                folded[r * (definition + 1) + Math.min(d, definition)] += counts[r * width + d];
            }
        }
        return folded;
    }
}
