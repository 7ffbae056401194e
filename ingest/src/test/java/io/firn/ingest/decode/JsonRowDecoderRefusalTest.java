package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.firn.catalog.FirnException;
import io.firn.ingest.decode.DecodeSettings.EpochUnit;
import io.firn.ingest.decode.DecodeSettings.OnUnknownField;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.RowLayout;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JsonRowDecoderRefusalTest {
    private static final Type TIMESTAMPTZ = Types.TimestampType.withZone();
    private static final Type TIMESTAMP = Types.TimestampType.withoutZone();

    static Stream<Arguments> valuesThatDoNotFit() {
        return Stream.of(
                arguments(Types.BooleanType.get(), "1", "c: expected true or false, found a number"),
                arguments(Types.BooleanType.get(), "\"true\"", "c: expected true or false, found a string"),
                arguments(Types.IntegerType.get(), "2147483648", "c: 2147483648 does not fit into int"),
                arguments(Types.IntegerType.get(), "-2147483649", "c: -2147483649 does not fit into int"),
                arguments(Types.IntegerType.get(), "1.5", "c: 1.5 is not a whole number"),
                arguments(Types.IntegerType.get(), "\"1\"", "c: expected a number, found a string"),
                arguments(Types.LongType.get(), "9223372036854775808", "c: 9223372036854775808 does not fit into long"),
                arguments(Types.LongType.get(), "1e99999999999", "c: 1e99999999999 does not fit into long"),
                arguments(Types.LongType.get(), "true", "c: expected a number, found a boolean"),
                arguments(Types.FloatType.get(), "1e39", "c: 1e39 is too large for float"),
                arguments(Types.FloatType.get(), "1e-99", "c: 1e-99 is too small for float"),
                arguments(Types.DoubleType.get(), "-1e309", "c: -1e309 is too large for double"),
                arguments(Types.DoubleType.get(), "1e-400", "c: 1e-400 is too small for double"),
                arguments(Types.DoubleType.get(), "\"NaN\"", "c: expected a number, found a string"),
                arguments(Types.DecimalType.of(9, 2), "12.345", "c: 12.345 has more than 2 digits after the point"),
                arguments(Types.DecimalType.of(9, 2), "10000000", "c: 10000000 is too large for decimal(9, 2)"),
                arguments(Types.DecimalType.of(38, 2), "1e36", "c: 1e36 is too large for decimal(38, 2)"),
                arguments(Types.DecimalType.of(38, 2), "1e-3", "c: 1e-3 has more than 2 digits after the point"),
                arguments(Types.DecimalType.of(9, 2), "\"1,5\"", "c: \"1,5\" is not a number"),
                arguments(Types.DecimalType.of(9, 2), "\"\"", "c: \"\" is not a number"),
                arguments(Types.StringType.get(), "5", "c: expected a string, found a number"),
                arguments(Types.StringType.get(), "{}", "c: expected a string, found an object"),
                arguments(Types.UUIDType.get(), "\"f47ac10b\"", "c: \"f47ac10b\" is not a UUID"),
                arguments(
                        Types.UUIDType.get(),
                        "\"f47ac10b-58cc-4372-a567-0e02b2c3d47g\"",
                        "c: \"f47ac10b-58cc-4372-a567-0e02b2c3d47g\" is not a UUID"),
                arguments(Types.BinaryType.get(), "\"a*b=\"", "c: not base64: Illegal base64 character 2a"),
                arguments(Types.FixedType.ofLength(4), "\"AAAA\"", "c: 3 bytes where fixed(4) takes 4"),
                arguments(Types.DateType.get(), "20000", "c: expected a date as \"2026-01-31\", found a number"),
                arguments(Types.DateType.get(), "\"2026-02-29\"", "c: \"2026-02-29\" is not a date as \"2026-01-31\""),
                arguments(Types.DateType.get(), "\"2026-1-1\"", "c: \"2026-1-1\" is not a date as \"2026-01-31\""),
                arguments(Types.TimeType.get(), "\"24:00\"", "c: \"24:00\" is not a time as \"23:59:59.123456\""),
                arguments(
                        Types.TimeType.get(),
                        "\"10:00:00.1234567\"",
                        "c: \"10:00:00.1234567\" is finer than microseconds"),
                arguments(TIMESTAMPTZ, "\"2026-01-01T00:00:00\"", "c: \"2026-01-01T00:00:00\" has no offset from UTC"),
                arguments(
                        TIMESTAMP,
                        "\"2026-01-01T00:00:00Z\"",
                        "c: \"2026-01-01T00:00:00Z\" has an offset, the column has no time zone"),
                arguments(
                        TIMESTAMPTZ,
                        "\"2026-01-01T00:00:00.0000001Z\"",
                        "c: \"2026-01-01T00:00:00.0000001Z\" is finer than microseconds"),
                arguments(TIMESTAMPTZ, "1.5", "c: 1.5 is a number, and no epoch unit is configured for timestamps"),
                arguments(TIMESTAMPTZ, "false", "c: expected a timestamp, found a boolean"),
                arguments(
                        Types.TimestampNanoType.withZone(),
                        "\"2300-01-01T00:00:00Z\"",
                        "c: \"2300-01-01T00:00:00Z\" is out of the range of nanoseconds"),
                arguments(Types.StructType.of(field(2, "x")), "[]", "c: expected an object, found an array"),
                arguments(
                        Types.StructType.of(field(2, "x")), "{\"x\":\"a\"}", "c.x: expected a number, found a string"),
                arguments(
                        Types.ListType.ofOptional(2, Types.LongType.get()),
                        "{}",
                        "c: expected an array, found an object"),
                arguments(
                        Types.ListType.ofRequired(2, Types.LongType.get()),
                        "[1,null]",
                        "c.element: null in a required column"),
                arguments(
                        Types.MapType.ofOptional(2, 3, Types.StringType.get(), Types.LongType.get()),
                        "{\"k\":1,\"\\u006b\":2}",
                        "c: key \"k\" stands twice"));
    }

    @ParameterizedTest
    @MethodSource("valuesThatDoNotFit")
    void aValueThatDoesNotFitIsRefusedWithItsColumn(Type type, String value, String message) {
        assertThatThrownBy(() -> decode(
                        type,
                        DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN),
                        "{\"c\":" + value + "}"))
                .isInstanceOfSatisfying(BadRecordException.class, e -> {
                    assertThat(e).hasMessage(message);
                    assertThat(e.byteOffset()).isBetween(5, 5 + value.length());
                });
    }

    @ParameterizedTest
    @MethodSource("valuesThatDoNotFit")
    void anErrorQuotesNoValueUnlessItIsAskedTo(Type type, String value, String message) {
        assertThatThrownBy(() -> decode(type, DecodeSettings.defaults(), "{\"c\":" + value + "}"))
                .isInstanceOf(BadRecordException.class)
                .hasMessage(message.replace(value, "the value").replace("\"k\"", "the value"));
    }

    static Stream<Arguments> recordsThatAreNotJson() {
        return Stream.of(
                arguments("", "the record ends where an object is expected", 0),
                arguments("null", "expected an object, found 'n'", 0),
                arguments("[{}]", "expected an object, found '['", 0),
                arguments("\ufeff{}", "expected an object, found byte 0xef", 0),
                arguments("{} {}", "there is more after the record's end", 3),
                arguments("{\"c\":1,}", "expected a string, found '}'", 7),
                arguments("{\"c\":1,\"c\":2}", "c: stands twice in its object", 7),
                arguments("{\"c\":1", "the record ends where ',' or '}' is expected", 6),
                arguments("{\"c\" 1}", "expected ':', found '1'", 5),
                arguments("{c:1}", "expected a string, found 'c'", 1),
                arguments("{\"x\":01}", "not a JSON number", 7),
                arguments("{\"x\":1.}", "not a JSON number", 7),
                arguments("{\"x\":1e}", "not a JSON number", 7),
                arguments("{\"x\":-}", "not a JSON number", 6),
                arguments("{\"x\":+1}", "expected a value, found '+'", 5),
                arguments("{\"x\":NaN}", "expected a value, found 'N'", 5),
                arguments("{\"x\":nul}", "not a JSON value", 5),
                arguments("{\"x\":\"a\nb\"}", "a control character must be escaped in a string", 7),
                arguments("{\"x\":\"\\x\"}", "not an escape sequence", 6),
                arguments("{\"x\":\"\\u00g0\"}", "not an escape sequence", 6),
                arguments("{\"x\":\"\\ud800\"}", "half of a surrogate pair is not a character", 6),
                arguments("{\"x\":\"\\udc00\\ud800\"}", "half of a surrogate pair is not a character", 6),
                arguments("{\"x\":\"abc", "the string has no end", 5),
                arguments("{\"x\":" + "[".repeat(64) + "]".repeat(64) + "}", "nested deeper than 64 levels", 68),
                arguments("{\"x\":" + "1".repeat(1001) + "}", "a number of more than 1000 characters", 5));
    }

    @ParameterizedTest
    @MethodSource("recordsThatAreNotJson")
    void whatIsNotStrictJsonIsRefusedWithItsByte(String record, String message, int byteOffset) {
        assertThatThrownBy(() -> decode(
                        Types.LongType.get(),
                        DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN),
                        record))
                .isInstanceOfSatisfying(BadRecordException.class, e -> {
                    assertThat(e).hasMessage(message);
                    assertThat(e.byteOffset()).isEqualTo(byteOffset);
                });
    }

    @Test
    void textThatIsNotUtf8IsRefused() {
        for (String hex : new String[] {"80", "c0af", "c3", "e28228", "eda080", "f4908080", "f8888080", "ff"}) {
            String record = "{\"x\":\"" + latin1(hex) + "\"}";
            assertThatThrownBy(() -> decode(
                            Types.LongType.get(),
                            DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN),
                            record.getBytes(StandardCharsets.ISO_8859_1)))
                    .as(hex)
                    .isInstanceOf(BadRecordException.class)
                    .hasMessage("not UTF-8");
        }
    }

    @Test
    void aRequiredColumnMustBeThere() {
        Schema schema = new Schema(Types.NestedField.required(1, "c", Types.LongType.get()));
        assertThatThrownBy(() -> decode(
                        schema, DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN), bytes("{\"x\":1}")))
                .hasMessage("c: required, but missing");
        assertThatThrownBy(() -> decode(
                        schema,
                        DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN),
                        bytes("{\"c\":null}")))
                .hasMessage("c: null in a required column");
    }

    @Test
    void unknownFieldsAreCountedOrRefused() {
        Row row = new Row(RowLayout.of(schema(Types.LongType.get())));
        JsonRowDecoder ignoring =
                new JsonRowDecoder(row, DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN));
        byte[] record = bytes("{\"x\":{\"c\":[1,2,\"\\n\"]},\"c\":1,\"y\":null}");
        ignoring.decode(record, 0, record.length);
        assertThat(ignoring.unknownFields()).isEqualTo(2);
        assertThat(row.column(0).bits(0)).isEqualTo(1);
        JsonRowDecoder stopping = new JsonRowDecoder(
                row,
                DecodeSettings.defaults()
                        .withValues(DecodeSettings.Values.SHOWN)
                        .withOnUnknownField(OnUnknownField.STOP));
        assertThatThrownBy(() -> stopping.decode(record, 0, record.length))
                .hasMessage("the object has a field that the table has no column for");
    }

    @Test
    void epochNumbersAreExactInTheirUnit() {
        assertThat(epoch(EpochUnit.SECONDS, "1700000000.123456")).isEqualTo(1_700_000_000_123_456L);
        assertThat(epoch(EpochUnit.MILLIS, "-1")).isEqualTo(-1_000L);
        assertThat(epoch(EpochUnit.MICROS, "1")).isEqualTo(1L);
        assertThat(epoch(EpochUnit.NANOS, "1000")).isEqualTo(1L);
        assertThatThrownBy(() -> epoch(EpochUnit.NANOS, "1001")).hasMessage("c: 1001 is finer than microseconds");
        assertThatThrownBy(() -> epoch(EpochUnit.SECONDS, "1.0000001"))
                .hasMessage("c: 1.0000001 is finer than microseconds");
        assertThatThrownBy(() -> epoch(EpochUnit.SECONDS, "9223372036855"))
                .hasMessage("c: 9223372036855 is out of the range of microseconds");
    }

    @Test
    void aMapWithOtherKeysThanStringsIsRefusedAtOnce() {
        Schema schema = schema(Types.MapType.ofOptional(2, 3, Types.LongType.get(), Types.LongType.get()));
        assertThatThrownBy(() -> new JsonRowDecoder(
                        new Row(RowLayout.of(schema)),
                        DecodeSettings.defaults().withValues(DecodeSettings.Values.SHOWN)))
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("a map with keys of type long");
    }

    private static long epoch(EpochUnit unit, String number) {
        return decode(
                        TIMESTAMPTZ,
                        DecodeSettings.defaults()
                                .withValues(DecodeSettings.Values.SHOWN)
                                .withEpochUnit(unit),
                        "{\"c\":" + number + "}")
                .column(0)
                .bits(0);
    }

    private static Types.NestedField field(int id, String name) {
        return Types.NestedField.optional(id, name, Types.LongType.get());
    }

    private static Schema schema(Type type) {
        return new Schema(Types.NestedField.optional(1, "c", type));
    }

    private static Row decode(Type type, DecodeSettings settings, String record) {
        return decode(schema(type), settings, bytes(record));
    }

    private static Row decode(Type type, DecodeSettings settings, byte[] record) {
        return decode(schema(type), settings, record);
    }

    private static Row decode(Schema schema, DecodeSettings settings, byte[] record) {
        Row row = new Row(RowLayout.of(schema));
        new JsonRowDecoder(row, settings).decode(record, 0, record.length);
        return row;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String latin1(String hex) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < hex.length(); i += 2) {
            text.append((char) Integer.parseInt(hex.substring(i, i + 2), 16));
        }
        return text.toString();
    }
}
