package io.firn.ingest;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Random schemas, records of them in Iceberg's generic classes, and the same records as JSON. */
final class RandomShapes {
    private static final int MAX_NESTING = 3;

    private final Random random;
    private int nextId = 1;

    RandomShapes(Random random) {
        this.random = random;
    }

    Schema schema() {
        return new Schema(fields(1 + random.nextInt(8), 0));
    }

    Record record(Types.StructType type) {
        GenericRecord record = GenericRecord.create(type);
        for (int i = 0; i < type.fields().size(); i++) {
            record.set(i, value(type.fields().get(i)));
        }
        return record;
    }

    /** Fields in random order, nulls left out or written, unknown fields in between. */
    String json(Record record) {
        List<Types.NestedField> fields = new ArrayList<>(record.struct().fields());
        if (random.nextInt(4) == 0) {
            Collections.shuffle(fields, random);
        }
        List<String> parts = new ArrayList<>();
        for (Types.NestedField field : fields) {
            Object value = record.getField(field.name());
            if (value != null || random.nextBoolean()) {
                parts.add(quote(field.name()) + space() + ":" + space() + json(field.type(), value));
            }
            if (random.nextInt(20) == 0) {
                parts.add("\"unknown\":[{\"a\":\"\\u00e9\"},-1.5e+3,true]");
            }
        }
        return space() + "{" + space() + String.join(space() + "," + space(), parts) + "}" + space();
    }

    private List<Types.NestedField> fields(int count, int nesting) {
        List<Types.NestedField> fields = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fields.add(Types.NestedField.of(nextId++, random.nextInt(3) > 0, name(i), type(nesting)));
        }
        return fields;
    }

    private String name(int at) {
        return List.of("c", "größe ", "a_b").get(random.nextInt(3)) + at;
    }

    private Type type(int nesting) {
        int choice = random.nextInt(nesting < MAX_NESTING ? 22 : 15);
        return switch (choice) {
            case 0 -> Types.BooleanType.get();
            case 1 -> Types.IntegerType.get();
            case 2 -> Types.LongType.get();
            case 3 -> Types.FloatType.get();
            case 4 -> Types.DoubleType.get();
            case 5 -> Types.DecimalType.of(1 + random.nextInt(9), random.nextInt(2));
            case 6 -> Types.DecimalType.of(10 + random.nextInt(9), random.nextInt(10));
            case 7 -> Types.DecimalType.of(19 + random.nextInt(20), random.nextInt(19));
            case 8 -> Types.DateType.get();
            case 9 -> Types.TimeType.get();
            case 10 -> Types.TimestampType.withZone();
            case 11 -> Types.TimestampType.withoutZone();
            case 12 -> Types.UUIDType.get();
            case 13 -> Types.BinaryType.get();
            case 14, 15 -> Types.StringType.get();
            case 16, 17 -> Types.StructType.of(fields(1 + random.nextInt(4), nesting + 1));
            case 18 -> Types.ListType.ofOptional(nextId++, type(nesting + 1));
            case 19 -> Types.ListType.ofRequired(nextId++, type(nesting + 1));
            case 20 -> Types.MapType.ofOptional(nextId++, nextId++, Types.StringType.get(), type(nesting + 1));
            default -> Types.MapType.ofRequired(nextId++, nextId++, Types.StringType.get(), type(nesting + 1));
        };
    }

    private @Nullable Object value(Types.NestedField field) {
        return field.isOptional() && random.nextInt(4) == 0 ? null : value(field.type());
    }

    private Object value(Type type) {
        return switch (type.typeId()) {
            case BOOLEAN -> random.nextBoolean();
            case INTEGER -> random.nextInt() >> random.nextInt(32);
            case LONG -> random.nextLong() >> random.nextInt(64);
            case FLOAT -> (float) random.nextGaussian() * (float) Math.pow(10, random.nextInt(60) - 30);
            case DOUBLE -> random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300);
            case DECIMAL -> decimal((Types.DecimalType) type);
            case DATE -> LocalDate.ofEpochDay(random.nextInt(3_000_000) - 700_000);
            case TIME ->
                LocalTime.ofNanoOfDay(random.nextInt(86_400) * 1_000_000_000L + random.nextInt(1_000_000) * 1000L);
            case TIMESTAMP -> {
                LocalDateTime local = LocalDateTime.ofEpochSecond(
                        random.nextLong(-60_000_000_000L, 250_000_000_000L),
                        random.nextInt(1_000_000) * 1000,
                        ZoneOffset.UTC);
                yield ((Types.TimestampType) type).shouldAdjustToUTC() ? local.atOffset(ZoneOffset.UTC) : local;
            }
            case UUID -> new UUID(random.nextLong(), random.nextLong());
            case BINARY -> {
                byte[] bytes = new byte[random.nextInt(20)];
                random.nextBytes(bytes);
                yield ByteBuffer.wrap(bytes);
            }
            case STRING -> string();
            case STRUCT -> record(type.asStructType());
            case LIST -> {
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(type.asListType().fields().get(0)));
                }
                yield list;
            }
            case MAP -> {
                Map<String, Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(string(), value(type.asMapType().fields().get(1)));
                }
                yield map;
            }
            default -> throw new IllegalArgumentException(type.toString());
        };
    }

    private BigDecimal decimal(Types.DecimalType type) {
        int digits = 1 + random.nextInt(type.precision());
        BigInteger unscaled = new BigInteger(120, random).mod(BigInteger.TEN.pow(digits));
        return new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), type.scale());
    }

    private String string() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(24); i > 0; i--) {
            switch (random.nextInt(12)) {
                case 0 -> text.append("\"\\/\b\f\n\r\t\u0001".charAt(random.nextInt(9)));
                case 1 -> text.appendCodePoint(0x80 + random.nextInt(0x700));
                case 2 -> text.appendCodePoint(0x800 + random.nextInt(0xc000));
                case 3 -> text.appendCodePoint(0x10000 + random.nextInt(0x100000));
                default -> text.append((char) (' ' + random.nextInt(95)));
            }
        }
        return text.toString();
    }

    private String json(Type type, @Nullable Object value) {
        if (value == null) {
            return "null";
        }
        return switch (type.typeId()) {
            case STRING, UUID, DATE, TIME -> quote(value.toString());
            case BINARY -> quote(Base64.getEncoder().encodeToString(((ByteBuffer) value).array()));
            case TIMESTAMP ->
                quote(
                        value instanceof OffsetDateTime zoned
                                ? zoned.withOffsetSameInstant(
                                                ZoneOffset.ofTotalSeconds(60 * (random.nextInt(1200) - 600)))
                                        .toString()
                                : value.toString());
            case DECIMAL -> random.nextBoolean() ? quote(value.toString()) : value.toString();
            case STRUCT -> json((Record) value);
            case LIST -> {
                List<String> parts = new ArrayList<>();
                for (Object element : (List<?>) value) {
                    parts.add(json(type.asListType().elementType(), element));
                }
                yield "[" + space() + String.join(",", parts) + space() + "]";
            }
            case MAP -> {
                List<String> parts = new ArrayList<>();
                for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                    parts.add(quote((String) entry.getKey()) + ":"
                            + json(type.asMapType().valueType(), entry.getValue()));
                }
                yield "{" + String.join(",", parts) + space() + "}";
            }
            default -> value.toString();
        };
    }

    private String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        char[] encoded = JsonStringEncoder.getInstance().quoteAsString(text);
        for (char c : encoded) {
            if (c > 0x7f && random.nextInt(4) == 0 && !Character.isSurrogate(c)) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private String space() {
        return random.nextInt(6) == 0 ? List.of(" ", "\n", "\t", "\r ").get(random.nextInt(4)) : "";
    }
}
