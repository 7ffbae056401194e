package io.firn.deploy.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.schema.WritableSchema;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.JsonRowDecoder;
import io.firn.ingest.decode.Tombstones;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import io.firn.ingest.record.Slice;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;
import org.junit.jupiter.api.Test;

/** Records and Kafka keys as anybody may send them, to a table of format 3 with all of its types and with defaults. */
final class RecordFuzzTest {
    private static final Schema SCHEMA = new Schema(
            NestedField.optional(1, "b", Types.BooleanType.get()),
            NestedField.optional(2, "i", Types.IntegerType.get()),
            NestedField.optional(3, "l", Types.LongType.get()),
            NestedField.optional(4, "f", Types.FloatType.get()),
            NestedField.optional(5, "d", Types.DoubleType.get()),
            NestedField.optional(6, "small", Types.DecimalType.of(9, 2)),
            NestedField.optional(7, "middle", Types.DecimalType.of(18, 5)),
            NestedField.optional(8, "large", Types.DecimalType.of(38, 10)),
            NestedField.optional(9, "date", Types.DateType.get()),
            NestedField.optional(10, "time", Types.TimeType.get()),
            NestedField.optional(11, "at", Types.TimestampType.withZone()),
            NestedField.optional(12, "local", Types.TimestampType.withoutZone()),
            NestedField.optional(13, "uuid", Types.UUIDType.get()),
            NestedField.optional(14, "bin", Types.BinaryType.get()),
            NestedField.optional(15, "fix", Types.FixedType.ofLength(3)),
            NestedField.optional(16, "größe", Types.StringType.get()),
            NestedField.optional(17, "list", Types.ListType.ofOptional(18, Types.LongType.get())),
            NestedField.optional(
                    19, "map", Types.MapType.ofOptional(20, 21, Types.StringType.get(), Types.IntegerType.get())),
            NestedField.optional(
                    22,
                    "st",
                    Types.StructType.of(
                            NestedField.optional(23, "a", Types.IntegerType.get()),
                            NestedField.optional(
                                    24,
                                    "rows",
                                    Types.ListType.ofOptional(
                                            25,
                                            Types.StructType.of(
                                                    defaulted(26, "x", Types.StringType.get(), Literal.of("leer")),
                                                    NestedField.optional(
                                                            27,
                                                            "y",
                                                            Types.ListType.ofRequired(28, Types.DoubleType.get()))))),
                            defaulted(29, "z", Types.LongType.get(), Literal.of(Long.MIN_VALUE)))),
            NestedField.optional(30, "nanos", Types.TimestampNanoType.withZone()),
            NestedField.optional(31, "localNanos", Types.TimestampNanoType.withoutZone()),
            NestedField.optional(32, "variant", Types.VariantType.get()),
            NestedField.optional(33, "nothing", Types.UnknownType.get()),
            NestedField.required("needed")
                    .withId(34)
                    .ofType(Types.StringType.get())
                    .withWriteDefault(Literal.of("grüße"))
                    .build(),
            defaulted(35, "dTruth", Types.BooleanType.get(), Literal.of(true)),
            defaulted(36, "dFloat", Types.FloatType.get(), Literal.of(-0.0f)),
            defaulted(37, "dDouble", Types.DoubleType.get(), Literal.of(1e300)),
            defaulted(38, "dLarge", Types.DecimalType.of(38, 10), Literal.of(new BigDecimal("-1.0000000001"))),
            defaulted(39, "dSmall", Types.DecimalType.of(9, 2), Literal.of(new BigDecimal("-1234567.89"))),
            defaulted(40, "dUuid", Types.UUIDType.get(), Literal.of(new UUID(-1, 1))),
            defaulted(41, "dBin", Types.BinaryType.get(), Literal.of(ByteBuffer.wrap(new byte[] {0, -1}))),
            defaulted(42, "dNanos", Types.TimestampNanoType.withZone(), nanos()),
            defaulted(
                    43, "dDate", Types.DateType.get(), Literal.of("1969-12-31").to(Types.DateType.get())));

    /** One nanosecond before the epoch. */
    private static Literal<Long> nanos() {
        return Literal.of("1969-12-31T23:59:59.999999999Z").to(Types.TimestampNanoType.withZone());
    }

    private static NestedField defaulted(int id, String name, Type type, Literal<?> value) {
        return NestedField.optional(name)
                .withId(id)
                .ofType(type)
                .withWriteDefault(value)
                .build();
    }

    private static final Map<String, List<String>> VALUES = Map.ofEntries(
            Map.entry("b", List.of("true", "false", "null")),
            Map.entry("i", List.of("0", "-7", "2147483647", "1e3", "70e-1")),
            Map.entry("l", List.of("9223372036854775807", "-9223372036854775808", "1.0", "0e99")),
            Map.entry("f", List.of("1.5", "3.4028235e38", "1e-45", "-0.0", "16777217")),
            Map.entry("d", List.of("0.1", "1.7976931348623157e308", "4.9e-324", "9007199254740993", "-0")),
            Map.entry("small", List.of("1234567.89", "\"-1.5\"", "0", "1e6")),
            Map.entry("middle", List.of("1234567890123.45678", "\"0.00001\"", "-1")),
            Map.entry("large", List.of("1234567890123456789012345678.0123456789", "\"-7\"", "1e-10")),
            Map.entry("date", List.of("\"2026-02-28\"", "\"0000-01-01\"", "\"9999-12-31\"")),
            Map.entry("time", List.of("\"23:59:59.999999\"", "\"00:00\"", "\"12:30:00\"")),
            Map.entry("at", List.of("\"2026-11-01T12:00:00Z\"", "\"1969-12-31 23:59:59.5+0130\"")),
            Map.entry("local", List.of("\"2026-11-01T12:00\"", "\"0001-01-01t00:00:00.000001\"")),
            Map.entry("uuid", List.of("\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"")),
            Map.entry("bin", List.of("\"\"", "\"AAEC\"", "\"/+8=\"")),
            Map.entry("fix", List.of("\"AAEC\"")),
            Map.entry("größe", List.of("\"\"", "\"caf\u00e9 \\ud83d\\ude00\"", "\"\\\"\\\\\\n\\u0041\"", "null")),
            Map.entry("list", List.of("[]", "[1,null,3]", "[ -5 ]", "null")),
            Map.entry("map", List.of("{}", "{\"a\":1,\"b\":null}", "{\"\":0}")),
            Map.entry("nanos", List.of("\"2026-11-01T12:00:00.123456789Z\"", "\"1677-09-21T00:12:44+00:00\"", "null")),
            Map.entry("localNanos", List.of("\"2262-04-11T23:47:16.854775807\"", "\"1970-01-01T00:00\"")),
            Map.entry("variant", List.of("{\"a\":[1]}", "7", "null")),
            Map.entry("nothing", List.of("{}", "\"x\"", "null")),
            Map.entry("needed", List.of("\"\"", "\"x\"")),
            Map.entry("dTruth", List.of("false", "null")),
            Map.entry("dFloat", List.of("7", "null")),
            Map.entry("dDouble", List.of("7", "null")),
            Map.entry("dLarge", List.of("7", "null")),
            Map.entry("dSmall", List.of("7", "null")),
            Map.entry("dUuid", List.of("\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", "null")),
            Map.entry("dBin", List.of("\"AAEC\"", "null")),
            Map.entry("dNanos", List.of("\"2026-11-01T12:00:00.000000001Z\"", "null")),
            Map.entry("dDate", List.of("\"2026-02-28\"", "null")),
            Map.entry("st", List.of("{\"a\":1,\"rows\":[{\"x\":\"1\",\"y\":[1,2.5]},null,{}]}", "{\"rows\":[]}", "{}")),
            Map.entry("unknown", List.of("[{\"a\":[1e5,\"\\u00e9\"]},-1.5e+3,true]", "\"text\"", "null")));

    private final Mutations mutations = new Mutations(words());
    private final Row row = new Row(RowLayout.of(WritableSchema.of(SCHEMA, PartitionSpec.unpartitioned(), "fuzzed")));
    private final JsonRowDecoder decoder = new JsonRowDecoder(row, DecodeSettings.defaults());

    private static List<String> words() {
        List<String> words = new ArrayList<>(List.of("{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "\\u"));
        VALUES.forEach((name, values) -> {
            words.add("\"" + name + "\":");
            words.addAll(values);
        });
        return words;
    }

    private static byte[] good(SplittableRandom random) {
        List<String> fields = new ArrayList<>();
        new TreeMap<>(VALUES).forEach((name, values) -> {
            if (random.nextInt(4) > 0) {
                fields.add("\"" + name + "\":" + values.get(random.nextInt(values.size())));
            }
        });
        return ("{" + String.join(random.nextInt(8) == 0 ? " ,\n" : ",", fields) + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void a_record_is_what_jackson_reads_or_refused_with_its_place() {
        new Fuzzer("records", 0.7).run(random -> mutations.of(good(random), random), this::decode);
    }

    @Test
    void what_is_good_is_taken() throws Exception {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 1_000; i++) {
            byte[] record = good(random);
            assertThat(decode(record))
                    .as(new String(record, StandardCharsets.UTF_8))
                    .isTrue();
        }
    }

    @Test
    void a_key_of_a_deleted_row_is_read_or_refused() {
        Map<Tombstones.KeyFormat, JsonRowDecoder> decoders = new TreeMap<>();
        Schema schema = new Schema(
                NestedField.required(1, "größe", Types.StringType.get()),
                NestedField.optional(2, "l", Types.LongType.get()));
        Row keyRow = new Row(RowLayout.of(schema));
        for (Tombstones.KeyFormat format : Tombstones.KeyFormat.values()) {
            decoders.put(
                    format,
                    new JsonRowDecoder(
                            keyRow,
                            DecodeSettings.defaults()
                                    .withTombstones(new Tombstones(List.of("größe"), format, Set.of()))));
        }
        new Fuzzer("keys", 0.1)
                .run(
                        random -> mutations.of(
                                random.nextBoolean()
                                        ? good(random)
                                        : "{\"größe\":\"o-1\"}".getBytes(StandardCharsets.UTF_8),
                                random),
                        input -> {
                            boolean taken = false;
                            for (JsonRowDecoder each : decoders.values()) {
                                try {
                                    each.decodeTombstone(ByteBuffer.wrap(input));
                                    taken = true;
                                } catch (BadRecordException refused) {
                                    assertThat(refused.getMessage()).isNotBlank();
                                }
                            }
                            return taken;
                        });
    }

    private boolean decode(byte[] input) throws Exception {
        // Records lie somewhere in a larger array: what is around them must not matter.
        int start = input.length % 7;
        byte[] around = new byte[start + input.length + 5];
        Arrays.fill(around, (byte) '"');
        System.arraycopy(input, 0, around, start, input.length);
        try {
            decoder.decode(around, start, input.length);
        } catch (BadRecordException refused) {
            assertThat(refused.byteOffset()).isBetween(-1, input.length);
            assertThat(refused.getMessage()).isNotBlank();
            return false;
        }
        Map<Integer, List<String>> found = found();
        assertThat(found).isEqualTo(JsonLeaves.of(SCHEMA.asStruct(), (Map<?, ?>) JsonTree.read(text(input))));
        return true;
    }

    private static String text(byte[] input) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(input))
                .toString();
    }

    private Map<Integer, List<String>> found() {
        Map<Integer, List<String>> found = new TreeMap<>();
        for (RowLayout.Column column : row.layout().columns()) {
            ColumnEntries entries = row.column(column.index());
            for (int i = 0; i < entries.size(); i++) {
                if (entries.hasValue(i)) {
                    found.computeIfAbsent(column.fieldId(), id -> new ArrayList<>())
                            .add(value(column, entries.bits(i)));
                }
            }
        }
        return found;
    }

    private String value(RowLayout.Column column, long bits) {
        return switch (column.storage()) {
            case BOOLEAN, LONG, DOUBLE -> Long.toString(bits);
            case INT, FLOAT -> Integer.toString((int) bits);
            case BYTES ->
                HexFormat.of().formatHex(row.bytes(bits), Slice.start(bits), Slice.start(bits) + Slice.length(bits));
        };
    }
}
