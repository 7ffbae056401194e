package io.firn.catalog.parquet;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.apache.iceberg.Schema;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.jspecify.annotations.Nullable;

/** Rows of every type, some columns of few values and some of many, nulls alone and in long runs. */
final class RandomRows {
    static final Schema SCHEMA = new Schema(
            NestedField.required(1, "id", Types.LongType.get()),
            NestedField.optional(2, "truth", Types.BooleanType.get()),
            NestedField.optional(3, "number", Types.IntegerType.get()),
            NestedField.optional(4, "ratio", Types.FloatType.get()),
            NestedField.optional(5, "weight", Types.DoubleType.get()),
            NestedField.optional(6, "day", Types.DateType.get()),
            NestedField.optional(7, "time", Types.TimeType.get()),
            NestedField.optional(8, "at", Types.TimestampType.withZone()),
            NestedField.optional(9, "text", Types.StringType.get()),
            NestedField.optional(10, "code", Types.UUIDType.get()),
            NestedField.optional(11, "digest", Types.FixedType.ofLength(5)),
            NestedField.optional(12, "blob", Types.BinaryType.get()),
            NestedField.optional(13, "small", Types.DecimalType.of(7, 2)),
            NestedField.optional(14, "middle", Types.DecimalType.of(15, 3)),
            NestedField.optional(15, "large", Types.DecimalType.of(38, 10)),
            NestedField.required(16, "always", Types.StringType.get()),
            NestedField.optional(17, "never", Types.StringType.get()),
            NestedField.optional(
                    18,
                    "inner",
                    Types.StructType.of(
                            NestedField.required(19, "name", Types.StringType.get()),
                            NestedField.optional(20, "size", Types.LongType.get()))),
            NestedField.optional(21, "tags", Types.ListType.ofOptional(22, Types.StringType.get())),
            NestedField.optional(
                    23, "by_name", Types.MapType.ofOptional(24, 25, Types.StringType.get(), Types.DoubleType.get())));

    private final SplittableRandom random;
    private final boolean few;
    private final double nulls;

    /** @param few whether columns have few values, so that dictionaries pay */
    RandomRows(long seed, boolean few, double nulls) {
        this.random = new SplittableRandom(seed);
        this.few = few;
        this.nulls = nulls;
    }

    List<Record> rows(int count) {
        List<Record> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Record row = (Record) record(SCHEMA.asStruct());
            row.setField("id", (long) i);
            row.setField("always", "the same");
            row.setField("never", null);
            rows.add(row);
        }
        return rows;
    }

    private @Nullable Object value(NestedField field) {
        return field.isOptional() && random.nextDouble() < nulls ? null : value(field.type());
    }

    private Object record(Types.StructType type) {
        Record row = GenericRecord.create(type);
        for (NestedField field : type.fields()) {
            row.setField(field.name(), value(field));
        }
        return row;
    }

    private Object value(Type type) {
        return switch (type.typeId()) {
            case STRUCT -> record(type.asStructType());
            case LIST -> list(type.asListType());
            case MAP -> map(type.asMapType());
            case BOOLEAN -> random.nextBoolean();
            case INTEGER -> few ? random.nextInt(10) : random.nextInt();
            case LONG -> few ? random.nextLong(300) : random.nextLong();
            case FLOAT -> few ? random.nextInt(5) - 2f : Float.intBitsToFloat(random.nextInt() & 0xbfff_ffff);
            case DOUBLE -> few ? random.nextInt(5) - 2d : random.nextDouble() - 0.5;
            case DATE -> LocalDate.ofEpochDay(random.nextInt(40_000) - 20_000);
            case TIME -> LocalTime.ofNanoOfDay(random.nextLong(86_400_000_000L) * 1_000);
            case TIMESTAMP ->
                OffsetDateTime.ofInstant(
                        Instant.ofEpochMilli(random.nextLong(4_000_000_000_000L) - 1_000_000_000_000L), ZoneOffset.UTC);
            case UUID -> new UUID(random.nextLong(), random.nextLong());
            case FIXED -> bytes(((Types.FixedType) type).length());
            case BINARY -> ByteBuffer.wrap(bytes(random.nextInt(20)));
            case DECIMAL -> decimal((Types.DecimalType) type);
            default -> text();
        };
    }

    private Object list(Types.ListType type) {
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            list.add(random.nextDouble() < nulls ? null : value(type.elementType()));
        }
        return list;
    }

    private Object map(Types.MapType type) {
        Map<Object, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            map.put(value(type.keyType()), random.nextDouble() < nulls ? null : value(type.valueType()));
        }
        return map;
    }

    private BigDecimal decimal(Types.DecimalType type) {
        BigInteger unscaled = new BigInteger(few ? 8 : 22, new java.util.Random(random.nextLong()));
        return new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), type.scale());
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private String text() {
        if (few) {
            return "value " + random.nextInt(40);
        }
        int[] points = random.ints(random.nextInt(30), 1, 0x2ff).toArray();
        return new String(points, 0, points.length);
    }
}
