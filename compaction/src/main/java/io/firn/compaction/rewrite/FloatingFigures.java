package io.firn.compaction.rewrite;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FieldMetrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.MetricsModes;
import org.apache.iceberg.Table;
import org.apache.iceberg.types.Comparators;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/**
 * Figures of floating-point columns of several files together. A Parquet footer does not count NaN, and its bounds may
 * be of no use because of them; the table's own figures of each file do.
 */
final class FloatingFigures {
    private FloatingFigures() {}

    /** Empty where a file has not all of them: then its rows have to be looked at. */
    static Optional<List<FieldMetrics<?>>> of(Table table, List<DataFile> files) {
        MetricsConfig config = MetricsConfig.forTable(table);
        List<FieldMetrics<?>> figures = new ArrayList<>();
        for (String name : RewritePlanner.floatingColumns(table)) {
            NestedField field = table.schema().findField(name);
            MetricsModes.MetricsMode mode = config.columnMode(name);
            if (mode == MetricsModes.None.get()) {
                continue;
            }
            if (table.schema().asStruct().field(field.fieldId()) == null) {
                // In a list or map there are no bounds; in a struct this is rare enough for the slow path.
                return Optional.empty();
            }
            FieldMetrics<?> sum = sum(field, files, mode == MetricsModes.Counts.get());
            if (sum == null) {
                return Optional.empty();
            }
            figures.add(sum);
        }
        return Optional.of(figures);
    }

    private static @Nullable FieldMetrics<?> sum(NestedField field, List<DataFile> files, boolean countsOnly) {
        long values = 0;
        long nulls = 0;
        long nans = 0;
        Object lower = null;
        Object upper = null;
        var order = Comparators.<Object>forType((Type.PrimitiveType) field.type());
        for (DataFile file : files) {
            Long fileValues = get(file.valueCounts(), field);
            Long fileNulls = get(file.nullValueCounts(), field);
            Long fileNans = get(file.nanValueCounts(), field);
            if (fileValues == null || fileNulls == null || fileNans == null) {
                return null;
            }
            values += fileValues;
            nulls += fileNulls;
            nans += fileNans;
            if (countsOnly || fileNulls + fileNans == fileValues) {
                continue;
            }
            ByteBuffer least = get(file.lowerBounds(), field);
            ByteBuffer most = get(file.upperBounds(), field);
            if (least == null || most == null) {
                return null;
            }
            Object from = Conversions.fromByteBuffer(field.type(), least);
            Object to = Conversions.fromByteBuffer(field.type(), most);
            lower = lower == null || order.compare(from, lower) < 0 ? from : lower;
            upper = upper == null || order.compare(to, upper) > 0 ? to : upper;
        }
        return new FieldMetrics<>(field.fieldId(), values, nulls, nans, lower, upper);
    }

    private static <V> @Nullable V get(@Nullable Map<Integer, V> figures, NestedField field) {
        return figures == null ? null : figures.get(field.fieldId());
    }
}
