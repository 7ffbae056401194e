package io.firn.catalog.parquet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.ContentFile;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.jspecify.annotations.Nullable;

/**
 * Compares a file with what the table's manifest says of it. A query engine skips files by these figures and does not
 * read what they exclude. Columns at the top of the table are compared; of inner ones writers count differently.
 */
final class ManifestFaults {
    private final List<FileCheck.Fault> faults = new ArrayList<>();

    private ManifestFaults() {}

    static List<FileCheck.Fault> of(ContentFile<?> entry, FileCheck.Result read) {
        ManifestFaults found = new ManifestFaults();
        if (entry.recordCount() != read.rows()) {
            found.add("", "has " + read.rows() + " rows, the table's manifest says " + entry.recordCount());
        }
        for (ColumnTotals column : read.columns()) {
            PrimitiveType type = column.column().getPrimitiveType();
            if (column.column().getPath().length == 1 && type.getId() != null) {
                found.compare(entry, type.getId().intValue(), column);
            }
        }
        return found.faults;
    }

    private void compare(ContentFile<?> entry, int field, ColumnTotals column) {
        String name = column.column().getPath()[0];
        count(name, "entries", column.entries(), entry.valueCounts(), field);
        count(name, "nulls", column.nulls(), entry.nullValueCounts(), field);
        Statistics<?> bounds = column.bounds();
        if (!bounds.hasNonNullValue()) {
            return;
        }
        PrimitiveType type = column.column().getPrimitiveType();
        boolean isBelow = isLess(bounds.genericGetMin(), bound(entry.lowerBounds(), field), type, 1);
        boolean isAbove = isLess(bounds.genericGetMax(), bound(entry.upperBounds(), field), type, -1);
        if (isBelow || isAbove) {
            add(
                    name,
                    "has the "
                            + (isBelow
                                    ? "least value " + bounds.minAsString()
                                    : "greatest value " + bounds.maxAsString())
                            + ", which the bounds in the table's manifest exclude");
        }
    }

    private void count(String column, String what, long read, @Nullable Map<Integer, Long> said, int field) {
        Long expected = said == null ? null : said.get(field);
        if (expected != null && expected != read) {
            add(column, "has " + read + " " + what + ", the table's manifest says " + expected);
        }
    }

    private void add(String column, String what) {
        faults.add(new FileCheck.Fault(-1, new ColumnFault(column, what)));
    }

    private static @Nullable ByteBuffer bound(@Nullable Map<Integer, ByteBuffer> bounds, int field) {
        ByteBuffer bound = bounds == null ? null : bounds.get(field);
        return bound == null ? null : bound.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Whether the value lies beyond the bound. Types whose bounds are kept in another form than the values are not
     * compared.
     *
     * @param sign 1 if the bound is the lower one, -1 for the upper one
     */
    private static boolean isLess(Object value, @Nullable ByteBuffer bound, PrimitiveType type, int sign) {
        if (bound == null) {
            return false;
        }
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        return sign
                        * switch (type.getPrimitiveTypeName()) {
                            case INT32, INT64 ->
                                isNumber(logical) ? Long.compare(((Number) value).longValue(), number(bound)) : 0;
                            case FLOAT, DOUBLE -> compare(((Number) value).doubleValue(), fraction(bound));
                            case BINARY ->
                                logical instanceof StringLogicalTypeAnnotation
                                        ? compare(((org.apache.parquet.io.api.Binary) value).toByteBuffer(), bound)
                                        : 0;
                            default -> 0;
                        }
                < 0;
    }

    private static boolean isNumber(@Nullable LogicalTypeAnnotation logical) {
        return logical == null
                || logical instanceof DateLogicalTypeAnnotation
                || logical instanceof IntLogicalTypeAnnotation
                || logical instanceof TimestampLogicalTypeAnnotation timestamp
                        && timestamp.getUnit() != TimeUnit.MILLIS;
    }

    /** Bounds from before a column was widened are shorter. */
    private static long number(ByteBuffer bound) {
        return bound.remaining() < Long.BYTES ? bound.getInt(bound.position()) : bound.getLong(bound.position());
    }

    private static double fraction(ByteBuffer bound) {
        return bound.remaining() < Double.BYTES ? bound.getFloat(bound.position()) : bound.getDouble(bound.position());
    }

    /** Both zeros are one value here. */
    private static int compare(double value, double bound) {
        return value == bound ? 0 : Double.compare(value, bound);
    }

    private static int compare(ByteBuffer value, ByteBuffer bound) {
        byte[] left = new byte[value.remaining()];
        byte[] right = new byte[bound.remaining()];
        value.duplicate().get(left);
        bound.duplicate().get(right);
        return java.util.Arrays.compareUnsigned(left, right);
    }
}
