package io.firn.catalog.parquet;

import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.statistics.Statistics;

/** What was read of one column in all row groups of a file. */
final class ColumnTotals {
    private final ColumnDescriptor column;
    private final Statistics<?> bounds;
    private long entries;
    private long values;

    ColumnTotals(ColumnDescriptor column) {
        this.column = column;
        this.bounds = Statistics.createStats(column.getPrimitiveType());
    }

    void add(long more, ColumnValues read) {
        entries += more;
        values += read.count();
        if (read.bounds().hasNonNullValue()) {
            bounds.mergeStatistics(read.bounds());
        }
    }

    ColumnDescriptor column() {
        return column;
    }

    long entries() {
        return entries;
    }

    long nulls() {
        return entries - values;
    }

    /** Of the values other than NaN. */
    Statistics<?> bounds() {
        return bounds;
    }
}
