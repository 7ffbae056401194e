package io.firn.compaction.scan;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.DecimalType;
import org.apache.iceberg.util.UUIDUtil;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.jspecify.annotations.Nullable;

/**
 * The values of one flat column, one after the other, without boxing. What a number is depends on how it was written:
 * an int may stand for a long, bytes for a decimal; {@link #asLong} and {@link #asDouble} hide it.
 */
public final class ColumnCursor {
    private enum Kind {
        INT,
        LONG,
        FLOAT,
        DOUBLE,
        BOOLEAN,
        BINARY,
        INT96
    }

    /** Ours are of microseconds; files of others may count milliseconds. */
    private static final long MICROS_PER_MILLI = 1000;

    private static final long JULIAN_DAY_OF_EPOCH = 2_440_588;
    private static final long NANOS_PER_MICRO = 1000;
    private static final long MICROS_PER_DAY = 86_400_000_000L;

    private static final byte[] NO_BYTES = new byte[0];

    private final @Nullable PageValues values;
    private final byte[] constant;
    private final Kind kind;
    private final long unit;
    private boolean isNull = true;
    private long number;
    private double fraction;

    ColumnCursor(ColumnDescriptor column) {
        this.values = new PageValues(column);
        this.kind = kind(column);
        this.unit = unit(column.getPrimitiveType().getLogicalTypeAnnotation());
        this.constant = NO_BYTES;
    }

    private ColumnCursor(Kind kind, byte[] constant) {
        this.values = null;
        this.kind = kind;
        this.unit = 1;
        this.constant = constant;
    }

    /**
     * A column that the file does not have: all its values are the same.
     *
     * @param value the column's {@code initial-default} in Iceberg's internal representation; null if it has none
     */
    static ColumnCursor constant(Type type, @Nullable Object value) {
        if (value == null) {
            return new ColumnCursor(Kind.INT, NO_BYTES);
        }
        ColumnCursor cursor =
                switch (type.typeId()) {
                    case FLOAT, DOUBLE -> new ColumnCursor(Kind.DOUBLE, NO_BYTES);
                    case STRING, UUID, FIXED, BINARY, DECIMAL -> new ColumnCursor(Kind.BINARY, bytes(type, value));
                    default -> new ColumnCursor(Kind.LONG, NO_BYTES);
                };
        if (cursor.kind == Kind.DOUBLE) {
            cursor.fraction = ((Number) value).doubleValue();
        } else if (cursor.kind == Kind.LONG) {
            cursor.number = value instanceof Boolean ? ((Boolean) value ? 1 : 0) : ((Number) value).longValue();
        }
        cursor.isNull = false;
        return cursor;
    }

    private static byte[] bytes(Type type, Object value) {
        if (value instanceof BigDecimal) {
            return ((BigDecimal) value).unscaledValue().toByteArray();
        }
        ByteBuffer bytes = Conversions.toByteBuffer(type, value);
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }

    private static Kind kind(ColumnDescriptor column) {
        return switch (column.getPrimitiveType().getPrimitiveTypeName()) {
            case INT32 -> Kind.INT;
            case INT64 -> Kind.LONG;
            case FLOAT -> Kind.FLOAT;
            case DOUBLE -> Kind.DOUBLE;
            case BOOLEAN -> Kind.BOOLEAN;
            case BINARY, FIXED_LEN_BYTE_ARRAY -> Kind.BINARY;
            case INT96 -> Kind.INT96;
        };
    }

    private static long unit(@Nullable LogicalTypeAnnotation meaning) {
        TimeUnit counted = null;
        if (meaning instanceof TimestampLogicalTypeAnnotation) {
            counted = ((TimestampLogicalTypeAnnotation) meaning).getUnit();
        } else if (meaning instanceof TimeLogicalTypeAnnotation) {
            counted = ((TimeLogicalTypeAnnotation) meaning).getUnit();
        }
        return counted == TimeUnit.MILLIS ? MICROS_PER_MILLI : 1;
    }

    public boolean isNull() {
        return isNull;
    }

    /** A whole number, a date, a time, a truth value (0 or 1), or the unscaled value of a decimal that fits. */
    public long asLong() {
        return kind == Kind.BINARY ? asUnscaled().longValueExact() : number;
    }

    public double asDouble() {
        return fraction;
    }

    /** Equal for equal values of this file, and hardly ever for others. */
    public long bits() {
        return switch (kind) {
            case FLOAT, DOUBLE -> Double.doubleToLongBits(fraction);
            case BINARY -> asBinary().hashCode();
            default -> number;
        };
    }

    /** The unscaled value of a decimal. */
    public BigInteger asUnscaled() {
        return kind == Kind.BINARY ? new BigInteger(bytes(), start(), length()) : BigInteger.valueOf(number);
    }

    /** Where the bytes of a string, a UUID or plain bytes are; they may change with the next row. */
    public byte[] bytes() {
        return values == null && !isNull ? constant : present().bytes();
    }

    /** The first of them in {@link #bytes}. */
    public int start() {
        return values == null && !isNull ? 0 : present().start();
    }

    public int length() {
        return values == null && !isNull ? constant.length : present().length();
    }

    /** A view of the bytes. */
    public Binary asBinary() {
        return Binary.fromReusedByteArray(bytes(), start(), length());
    }

    /** The value in Iceberg's internal representation, or null. */
    public @Nullable Object asObject(Type type) {
        if (isNull) {
            return null;
        }
        return switch (type.typeId()) {
            case BOOLEAN -> number != 0;
            case INTEGER, DATE -> (int) number;
            case FLOAT -> (float) fraction;
            case DOUBLE -> fraction;
            case STRING -> new String(bytes(), start(), length(), StandardCharsets.UTF_8);
            case UUID -> UUIDUtil.convert(ByteBuffer.wrap(bytes(), start(), length()));
            case DECIMAL -> new BigDecimal(asUnscaled(), ((DecimalType) type).scale());
            case FIXED, BINARY -> ByteBuffer.wrap(bytes(), start(), length());
            default -> number;
        };
    }

    private PageValues present() {
        PageValues known = values;
        if (known == null || isNull) {
            throw new IllegalStateException("the value is null");
        }
        return known;
    }

    void begin(PageReadStore rowGroup) {
        if (values != null) {
            values.begin(rowGroup);
        }
    }

    void advance() {
        PageValues from = values;
        if (from == null) {
            return;
        }
        isNull = from.nextIsNull();
        if (isNull) {
            return;
        }
        switch (kind) {
            case INT -> number = from.nextInt() * unit;
            case LONG -> number = from.nextLong() * unit;
            case FLOAT -> fraction = from.nextFloat();
            case DOUBLE -> fraction = from.nextDouble();
            case BOOLEAN -> number = from.nextBoolean() ? 1 : 0;
            case BINARY -> from.nextBytes();
            case INT96 -> {
                from.nextBytes();
                number = micros(ByteBuffer.wrap(from.bytes(), from.start(), from.length()));
            }
        }
    }

    private static long micros(ByteBuffer nanosAndDay) {
        ByteBuffer bytes = nanosAndDay.order(ByteOrder.LITTLE_ENDIAN);
        long nanos = bytes.getLong(bytes.position());
        long days = bytes.getInt(bytes.position() + Long.BYTES) - JULIAN_DAY_OF_EPOCH;
        return MICROS_PER_DAY * days + nanos / NANOS_PER_MICRO;
    }
}
