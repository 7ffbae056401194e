package io.firn.compaction.merge;

import org.apache.iceberg.FieldMetrics;

/** Counts and bounds of a float or double column, which Iceberg takes from the writer: NaN spoils a footer's. */
final class FractionFigures {
    private final int fieldId;
    private final boolean fourBytes;
    private long values;
    private long nulls;
    private long notNumbers;
    private double least = Double.POSITIVE_INFINITY;
    private double greatest = Double.NEGATIVE_INFINITY;

    FractionFigures(int fieldId, boolean fourBytes) {
        this.fieldId = fieldId;
        this.fourBytes = fourBytes;
    }

    void add(double value) {
        values++;
        if (Double.isNaN(value)) {
            notNumbers++;
        } else {
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
        }
    }

    void addNull() {
        nulls++;
    }

    FieldMetrics<?> metrics() {
        long all = values + nulls;
        if (values == notNumbers) {
            return new FieldMetrics<>(fieldId, all, nulls, notNumbers);
        }
        return fourBytes
                ? new FieldMetrics<>(fieldId, all, nulls, notNumbers, (float) least, (float) greatest)
                : new FieldMetrics<>(fieldId, all, nulls, notNumbers, least, greatest);
    }
}
