package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.UUIDUtil;

/** What a column gets when a record lacks its field: the column's {@code write-default}. */
final class AbsentValue {
    private final ColumnEntries entries;
    private final long bits;
    private final byte[] bytes;
    private final boolean isBytes;

    /** @param value in Iceberg's internal representation */
    AbsentValue(ColumnEntries entries, RowLayout.Column column, Object value) {
        this.entries = entries;
        this.isBytes = column.storage() == RowLayout.Storage.BYTES;
        this.bits = isBytes ? 0 : bits(value);
        this.bytes = isBytes ? bytes(column, value) : new byte[0];
    }

    void addTo(Row row, int repetition) {
        entries.add(repetition, isBytes ? row.keep(bytes, 0, bytes.length) : bits);
    }

    private static long bits(Object value) {
        if (value instanceof Boolean) {
            return (Boolean) value ? 1 : 0;
        }
        if (value instanceof Float) {
            return Float.floatToRawIntBits((Float) value);
        }
        if (value instanceof Double) {
            return Double.doubleToRawLongBits((Double) value);
        }
        if (value instanceof BigDecimal) {
            return ((BigDecimal) value).unscaledValue().longValueExact();
        }
        return ((Number) value).longValue();
    }

    private static byte[] bytes(RowLayout.Column column, Object value) {
        if (value instanceof UUID) {
            return UUIDUtil.convert((UUID) value);
        }
        if (value instanceof ByteBuffer) {
            byte[] copy = new byte[((ByteBuffer) value).remaining()];
            ((ByteBuffer) value).duplicate().get(copy);
            return copy;
        }
        if (value instanceof BigDecimal) {
            int length = TypeUtil.decimalRequiredBytes(((Types.DecimalType) column.type()).precision());
            return signExtended(((BigDecimal) value).unscaledValue(), length);
        }
        return value.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] signExtended(BigInteger value, int length) {
        byte[] digits = value.toByteArray();
        byte[] extended = new byte[length];
        Arrays.fill(extended, 0, length - digits.length, (byte) (value.signum() < 0 ? -1 : 0));
        System.arraycopy(digits, 0, extended, length - digits.length, digits.length);
        return extended;
    }
}
