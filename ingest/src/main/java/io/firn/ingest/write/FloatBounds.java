package io.firn.ingest.write;

import io.firn.ingest.record.RowLayout;
import org.apache.iceberg.FieldMetrics;

/**
 * Counts and bounds of a float or double column. Iceberg takes them from the writer instead of Parquet's footer, since
 * NaN spoils the footer's; JSON has no NaN, so none are counted.
 */
final class FloatBounds {
    private final int fieldId;
    private final boolean fourBytes;
    private long values;
    private long nulls;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    FloatBounds(RowLayout.Column column) {
        this.fieldId = column.fieldId();
        this.fourBytes = column.storage() == RowLayout.Storage.FLOAT;
    }

    static boolean applyTo(RowLayout.Column column) {
        return column.storage() == RowLayout.Storage.FLOAT || column.storage() == RowLayout.Storage.DOUBLE;
    }

    void add(double value) {
        values++;
        min = Math.min(min, value);
        max = Math.max(max, value);
    }

    void addNull() {
        nulls++;
    }

    FieldMetrics<?> metrics() {
        if (values == 0) {
            return new FieldMetrics<>(fieldId, nulls, nulls, 0L);
        }
        if (fourBytes) {
            return new FieldMetrics<>(fieldId, values + nulls, nulls, 0L, (float) min, (float) max);
        }
        return new FieldMetrics<>(fieldId, values + nulls, nulls, 0L, min, max);
    }
}
