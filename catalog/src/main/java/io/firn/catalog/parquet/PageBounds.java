package io.firn.catalog.parquet;

import org.apache.parquet.column.statistics.BinaryStatistics;
import org.apache.parquet.column.statistics.BooleanStatistics;
import org.apache.parquet.column.statistics.DoubleStatistics;
import org.apache.parquet.column.statistics.FloatStatistics;
import org.apache.parquet.column.statistics.IntStatistics;
import org.apache.parquet.column.statistics.LongStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;

/** Bounds of a page's values, of any type. */
final class PageBounds {
    private final PrimitiveType type;
    private final BytesBounds ofBytes;
    private long least;
    private long greatest;
    private double leastFraction;
    private double greatestFraction;
    private boolean hasNaN;

    PageBounds(PrimitiveType type) {
        this.type = type;
        this.ofBytes = new BytesBounds(type.getLogicalTypeAnnotation() instanceof DecimalLogicalTypeAnnotation);
        clear();
    }

    void clear() {
        least = Long.MAX_VALUE;
        greatest = Long.MIN_VALUE;
        leastFraction = Double.POSITIVE_INFINITY;
        greatestFraction = Double.NEGATIVE_INFINITY;
        hasNaN = false;
        ofBytes.clear();
    }

    void add(long value) {
        if (value < least) {
            least = value;
        }
        if (value > greatest) {
            greatest = value;
        }
    }

    void add(double value) {
        if (value < leastFraction) {
            leastFraction = value;
        }
        if (value > greatestFraction) {
            greatestFraction = value;
        }
        hasNaN |= Double.isNaN(value);
    }

    void add(byte[] bytes, int start, int length) {
        ofBytes.add(bytes, start, length);
    }

    /** Of a page with a NaN nothing is told, as the format asks for. */
    Statistics<?> statistics(long nulls, int values) {
        if (hasNaN) {
            return Statistics.getBuilderForReading(type).build();
        }
        Statistics<?> statistics = Statistics.createStats(type);
        statistics.setNumNulls(nulls);
        if (values > 0) {
            setBounds(statistics);
        }
        return statistics;
    }

    private void setBounds(Statistics<?> statistics) {
        switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> ((BooleanStatistics) statistics).setMinMax(least != 0, greatest != 0);
            case INT32 -> ((IntStatistics) statistics).setMinMax((int) least, (int) greatest);
            case INT64 -> ((LongStatistics) statistics).setMinMax(least, greatest);
            case FLOAT -> ((FloatStatistics) statistics).setMinMax((float) downToZero(), (float) upToZero());
            case DOUBLE -> ((DoubleStatistics) statistics).setMinMax(downToZero(), upToZero());
            default -> ((BinaryStatistics) statistics).setMinMax(ofBytes.least(), ofBytes.greatest());
        }
    }

    /** Zeros compare the same: of two, the bounds have to hold both. */
    private double downToZero() {
        return leastFraction == 0 ? -0.0 : leastFraction;
    }

    private double upToZero() {
        return greatestFraction == 0 ? 0.0 : greatestFraction;
    }
}
