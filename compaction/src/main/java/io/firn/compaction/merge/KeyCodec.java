package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.scan.ColumnCursor;
import io.firn.compaction.scan.RowCursor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types.DecimalType;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.util.UUIDUtil;

/**
 * Keys as bytes and back. Equal values have equal bytes, however a file stores them: an int that was promoted to a
 * long, a decimal of more digits than before, 0.0 and -0.0, any two NaNs.
 */
final class KeyCodec {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int LONG_DIGITS = 18;

    private enum Form {
        TRUTH,
        NUMBER,
        FRACTION,
        SIZED,
        WIDE_DECIMAL
    }

    private final NestedField[] columns;
    private final Form[] forms;

    /** @param columns of the keyed table, whose types are what staged ones are read as */
    KeyCodec(List<NestedField> columns) {
        this.columns = columns.toArray(new NestedField[0]);
        this.forms = columns.stream().map(column -> form(column.type())).toArray(Form[]::new);
    }

    private static Form form(Type type) {
        return switch (type.typeId()) {
            case BOOLEAN -> Form.TRUTH;
            case INTEGER, LONG, DATE, TIME, TIMESTAMP, TIMESTAMP_NANO -> Form.NUMBER;
            case FLOAT, DOUBLE -> Form.FRACTION;
            case STRING, UUID, FIXED, BINARY -> Form.SIZED;
            case DECIMAL -> ((DecimalType) type).precision() <= LONG_DIGITS ? Form.NUMBER : Form.WIDE_DECIMAL;
            default -> throw new IllegalArgumentException("no type of a key: " + type);
        };
    }

    int columns() {
        return columns.length;
    }

    /** @param row whose first columns are the key's */
    void encode(RowCursor row, KeyBuffer into) {
        into.clear();
        for (int i = 0; i < forms.length; i++) {
            ColumnCursor value = row.column(i);
            if (value.isNull()) {
                throw FirnException.user(
                        "key-null",
                        "a row has no value in its key column '" + columns[i].name() + "'",
                        row.place(),
                        "remove the row: Firn writes none without a key");
            }
            switch (forms[i]) {
                case TRUTH -> into.putByte((int) value.asLong());
                case NUMBER -> into.putLong(value.asLong());
                case FRACTION -> into.putLong(Double.doubleToLongBits(value.asDouble() + 0.0));
                case SIZED -> into.putSized(value.bytes(), value.start(), value.length());
                case WIDE_DECIMAL -> {
                    byte[] bytes = value.asUnscaled().toByteArray();
                    into.putSized(bytes, 0, bytes.length);
                }
            }
        }
    }

    /** The bucket of the key's first column, whose type the buckets are of. */
    int bucket(KeyBuffer key, KeyBuckets buckets) {
        byte[] bytes = key.bytes();
        if (forms[0] == Form.NUMBER) {
            return buckets.of((long) LONGS.get(bytes, 0));
        }
        int at = 0;
        int count = 0;
        int shift = 0;
        while (bytes[at] < 0) {
            count |= (bytes[at++] & 0x7F) << shift;
            shift += 7;
        }
        count |= bytes[at++] << shift;
        return buckets.of(bytes, at, count);
    }

    /** The values of the first so many columns, in Iceberg's internal representation. */
    void decode(KeyBuffer key, Object[] into) {
        byte[] bytes = key.bytes();
        int at = 0;
        for (int i = 0; i < into.length; i++) {
            switch (forms[i]) {
                case TRUTH -> into[i] = bytes[at++] != 0;
                case NUMBER -> {
                    into[i] = number(columns[i].type(), (long) LONGS.get(bytes, at));
                    at += Long.BYTES;
                }
                case FRACTION -> {
                    double value = Double.longBitsToDouble((long) LONGS.get(bytes, at));
                    into[i] = columns[i].type().typeId() == Type.TypeID.FLOAT ? (Object) (float) value : value;
                    at += Long.BYTES;
                }
                case SIZED, WIDE_DECIMAL -> {
                    int count = 0;
                    int shift = 0;
                    while (bytes[at] < 0) {
                        count |= (bytes[at++] & 0x7F) << shift;
                        shift += 7;
                    }
                    count |= bytes[at++] << shift;
                    into[i] = sized(columns[i].type(), bytes, at, count);
                    at += count;
                }
            }
        }
    }

    private static Object number(Type type, long value) {
        return switch (type.typeId()) {
            case INTEGER, DATE -> (int) value;
            case DECIMAL -> BigDecimal.valueOf(value, ((DecimalType) type).scale());
            default -> value;
        };
    }

    private static Object sized(Type type, byte[] bytes, int start, int count) {
        return switch (type.typeId()) {
            case STRING -> new String(bytes, start, count, StandardCharsets.UTF_8);
            case UUID -> UUIDUtil.convert(ByteBuffer.wrap(bytes, start, count));
            case DECIMAL -> new BigDecimal(new BigInteger(bytes, start, count), ((DecimalType) type).scale());
            default -> ByteBuffer.wrap(java.util.Arrays.copyOfRange(bytes, start, start + count));
        };
    }
}
