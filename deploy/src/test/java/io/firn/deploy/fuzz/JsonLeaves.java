package io.firn.deploy.fuzz;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * The values that a record has for each leaf column, by the JDK's own parsers: what the decoder is held against. Every
 * value is written as text: numbers as their integer bits, bytes in hex.
 */
final class JsonLeaves {
    private static final Pattern TIMESTAMP =
            Pattern.compile("(\\d{4}-\\d\\d-\\d\\d)[Tt ]([0-9:.]+)(?:([Zz])|([+-])(\\d\\d)(?::?(\\d\\d))?)?");

    private final Map<Integer, List<String>> byField = new TreeMap<>();

    private JsonLeaves() {}

    /** By field id, in the order in which they stand. Nulls and what is missing are left out. */
    static Map<Integer, List<String>> of(Types.StructType type, Map<?, ?> record) {
        JsonLeaves leaves = new JsonLeaves();
        leaves.struct(type, record);
        return leaves.byField;
    }

    private void struct(Types.StructType type, Map<?, ?> record) {
        for (Types.NestedField field : type.fields()) {
            Object value = record.get(field.name());
            if (value != null) {
                value(field, value);
            } else if (field.writeDefault() != null) {
                add(field, leafOf(field.writeDefault(), field.type()));
            }
        }
    }

    private void value(Types.NestedField field, Object value) {
        Type type = field.type();
        // Columns of types that Firn does not write are optional here, and stay null.
        if (value == JsonTree.NULL || type.typeId() == Type.TypeID.UNKNOWN || type.isVariantType()) {
            return;
        }
        switch (type.typeId()) {
            case STRUCT -> struct(type.asStructType(), (Map<?, ?>) value);
            case LIST ->
                ((List<?>) value)
                        .forEach(each -> value(type.asListType().fields().get(0), each));
            case MAP ->
                ((Map<?, ?>) value).forEach((key, each) -> {
                    value(type.asMapType().fields().get(0), key);
                    value(type.asMapType().fields().get(1), each);
                });
            default -> add(field, leaf(type, value));
        }
    }

    private void add(Types.NestedField field, String leaf) {
        byField.computeIfAbsent(field.fieldId(), id -> new ArrayList<>()).add(leaf);
    }

    /** A default, in Iceberg's own representation. */
    private static String leafOf(Object value, Type type) {
        if (value instanceof Boolean truth) {
            return truth ? "1" : "0";
        }
        if (value instanceof Float number) {
            return Integer.toString(Float.floatToRawIntBits(number));
        }
        if (value instanceof Double number) {
            return Long.toString(Double.doubleToRawLongBits(number));
        }
        if (value instanceof BigDecimal number) {
            return decimal((Types.DecimalType) type, number.toPlainString());
        }
        if (value instanceof ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return HexFormat.of().formatHex(copy);
        }
        if (value instanceof UUID uuid) {
            return uuid(uuid.toString());
        }
        return value instanceof Number
                ? value.toString()
                : HexFormat.of().formatHex(value.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String leaf(Type type, Object value) {
        return switch (type.typeId()) {
            case BOOLEAN -> (Boolean) value ? "1" : "0";
            case INTEGER, LONG -> exact(number(value)).toBigIntegerExact().toString();
            case FLOAT -> Integer.toString(Float.floatToRawIntBits(Float.parseFloat(number(value))));
            case DOUBLE -> Long.toString(Double.doubleToRawLongBits(Double.parseDouble(number(value))));
            case DECIMAL -> decimal((Types.DecimalType) type, value instanceof String text ? text : number(value));
            case DATE -> Long.toString(LocalDate.parse((String) value).toEpochDay());
            case TIME -> Long.toString(nanosOfDay((String) value) / 1000);
            case TIMESTAMP -> micros(nanos((String) value, ((Types.TimestampType) type).shouldAdjustToUTC()));
            case TIMESTAMP_NANO ->
                Long.toString(nanos((String) value, ((Types.TimestampNanoType) type).shouldAdjustToUTC())
                        .longValueExact());
            case UUID -> uuid((String) value);
            case BINARY, FIXED -> HexFormat.of().formatHex(Base64.getDecoder().decode((String) value));
            case STRING -> HexFormat.of().formatHex(((String) value).getBytes(StandardCharsets.UTF_8));
            default -> throw new IllegalArgumentException(type.toString());
        };
    }

    private static String number(Object value) {
        return ((JsonTree.Number) value).text();
    }

    /** Zeros may be written with any exponent. */
    private static BigDecimal exact(String text) {
        return text.matches("-?0+(\\.0+)?([eE].*)?") ? BigDecimal.ZERO : new BigDecimal(text);
    }

    private static String decimal(Types.DecimalType type, String text) {
        BigInteger unscaled = exact(text).setScale(type.scale()).unscaledValue();
        return type.precision() <= 18
                ? unscaled.toString()
                : HexFormat.of().formatHex(padded(unscaled, type.precision()));
    }

    private static byte[] padded(BigInteger value, int precision) {
        byte[] bytes = new byte[BigInteger.TEN.pow(precision).bitLength() / 8 + 1];
        byte[] short0 = value.toByteArray();
        for (int i = 0; i < bytes.length; i++) {
            int from = short0.length - bytes.length + i;
            bytes[i] = from >= 0 ? short0[from] : (byte) (value.signum() < 0 ? -1 : 0);
        }
        return bytes;
    }

    private static long nanosOfDay(String text) {
        return LocalTime.parse(text.replaceFirst("(\\.\\d{9})0+$", "$1")).toNanoOfDay();
    }

    private static String micros(BigInteger nanos) {
        return new BigDecimal(nanos)
                .divide(BigDecimal.valueOf(1000), RoundingMode.FLOOR)
                .toBigIntegerExact()
                .toString();
    }

    private static BigInteger nanos(String text, boolean zoned) {
        Matcher parts = TIMESTAMP.matcher(text);
        if (!parts.matches() || zoned != (parts.group(3) != null || parts.group(4) != null)) {
            throw new IllegalArgumentException("no timestamp: " + text);
        }
        long seconds = LocalDate.parse(parts.group(1)).toEpochDay() * 86_400L;
        if (parts.group(4) != null) {
            long minutes = 60L * Integer.parseInt(parts.group(5))
                    + (parts.group(6) == null ? 0 : Integer.parseInt(parts.group(6)));
            seconds -= (parts.group(4).equals("-") ? -1 : 1) * minutes * 60L;
        }
        return BigInteger.valueOf(seconds)
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(nanosOfDay(parts.group(2))));
    }

    private static String uuid(String text) {
        UUID uuid = UUID.fromString(text);
        return HexFormat.of()
                .formatHex(ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .array());
    }
}
