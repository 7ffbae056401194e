package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Strings, whole documents, uuids and bytes beside Jackson and the JDK: the same, or refused. */
class TextOracleTest {
    private final ObjectMapper jackson = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @Property(tries = 2000)
    void aStringIsWhatJacksonReadsOrRefused(@ForAll("stringBodies") byte[] body) {
        byte[] quoted = new byte[body.length + 2];
        quoted[0] = '"';
        System.arraycopy(body, 0, quoted, 1, body.length);
        quoted[quoted.length - 1] = '"';
        String expected = isUtf8(quoted) ? jacksonText(quoted) : null;
        Decoded decoded = Decoded.of(Types.StringType.get(), quoted, DecodeSettings.defaults());
        if (expected == null || hasLoneSurrogate(expected)) {
            assertThat(decoded.accepted()).as("%s", Arrays.toString(body)).isFalse();
            assertThat(decoded.refusalByte()).isBetween(Decoded.BEFORE, Decoded.BEFORE + quoted.length + 1);
        } else {
            assertThat(decoded.accepted()).as("%s: %s", expected, decoded).isTrue();
            assertThat(new String(decoded.bytes(), StandardCharsets.UTF_8)).isEqualTo(expected);
        }
    }

    @Property(tries = 2000)
    void aFieldWithoutAColumnIsPassedOverWhereJacksonFindsItIsJson(@ForAll("documents") String value) {
        String record = "{\"u\":" + value + ",\"c\":1}";
        boolean json = jacksonReads(record) && !repeatsTheColumn(record);
        Decoded decoded = Decoded.of(Types.LongType.get(), "0,\"u\":" + value);
        assertThat(decoded.accepted()).as("%s: %s", record, decoded).isEqualTo(json);
    }

    @Property(tries = 100)
    void nestingIsRefusedBeyondItsLimit(@ForAll @IntRange(min = 1, max = 5000) int depth, @ForAll boolean objects) {
        String value =
                objects ? "{\"a\":".repeat(depth) + "1" + "}".repeat(depth) : "[".repeat(depth) + "]".repeat(depth);
        Decoded decoded = Decoded.of(Types.LongType.get(), "0,\"u\":" + value);
        assertThat(decoded.accepted()).isEqualTo(depth < JsonCursor.MAX_DEPTH);
    }

    @Property(tries = 500)
    void aUuidIsItsSixteenBytesOrRefused(@ForAll long high, @ForAll long low, @ForAll @IntRange(max = 60) int spoil) {
        UUID uuid = new UUID(high, low);
        StringBuilder text = new StringBuilder(
                high % 2 == 0 ? uuid.toString() : uuid.toString().toUpperCase(Locale.ROOT));
        if (spoil < text.length()) {
            text.setCharAt(spoil, text.charAt(spoil) == '-' ? '0' : 'g');
        }
        Decoded decoded = Decoded.of(Types.UUIDType.get(), "\"" + text + "\"");
        if (spoil < 36) {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        } else {
            assertThat(ByteBuffer.wrap(decoded.bytes()))
                    .isEqualTo(
                            ByteBuffer.allocate(16).putLong(high).putLong(low).flip());
        }
    }

    @Property(tries = 500)
    void bytesAreWhatTheJdkReadsFromBase64(
            @ForAll @Size(max = 20) byte[] bytes, @ForAll boolean padded, @ForAll @IntRange(min = 1, max = 20) int n) {
        Base64.Encoder encoder =
                padded ? Base64.getEncoder() : Base64.getEncoder().withoutPadding();
        String text = '"' + encoder.encodeToString(bytes) + '"';
        assertThat(Decoded.of(Types.BinaryType.get(), text).bytes()).isEqualTo(bytes);
        Decoded fixed = Decoded.of(Types.FixedType.ofLength(n), text);
        if (bytes.length == n) {
            assertThat(fixed.bytes()).isEqualTo(bytes);
        } else {
            assertThat(fixed.refusedAt(0)).as("%s", fixed).isTrue();
        }
    }

    @Provide
    Arbitrary<byte[]> stringBodies() {
        Arbitrary<byte[]> character = Arbitraries.oneOf(
                        Arbitraries.chars()
                                .range(' ', '~')
                                .filter(c -> c != '"')
                                .map(String::valueOf),
                        Arbitraries.of(
                                "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\x", "\\", "\n", "\0"),
                        Arbitraries.integers().between(0, 0xffff).map(c -> String.format("\\u%04x", c)),
                        Arbitraries.integers()
                                .between(0x10000, 0x10ffff)
                                .map(c -> String.format(
                                        "\\u%04X\\u%04x",
                                        (int) Character.highSurrogate(c), (int) Character.lowSurrogate(c))),
                        Arbitraries.integers()
                                .between(0x80, 0x10ffff)
                                .filter(c -> c < 0xd800 || c > 0xdfff)
                                .map(Character::toString))
                .map(text -> text.getBytes(StandardCharsets.UTF_8));
        Arbitrary<byte[]> broken = Arbitraries.of(
                        "c0af",
                        "e0809f",
                        "eda080",
                        "f4908080",
                        "f8888080",
                        "80",
                        "e282",
                        "f09f98",
                        "c3",
                        "ff",
                        "edbfbf")
                .map(TextOracleTest::fromHex);
        return Arbitraries.frequencyOf(Tuple.of(40, character), Tuple.of(1, broken))
                .list()
                .ofMaxSize(24)
                .map(TextOracleTest::joined);
    }

    @Provide
    Arbitrary<String> documents() {
        Arbitrary<String> scalars = Arbitraries.of(
                "1",
                "-0.5e3",
                "0",
                "true",
                "false",
                "null",
                "\"\"",
                "\"a b\"",
                "\"\\u00e9\"",
                "{}",
                "[]",
                " [ ] ",
                "01",
                "1.",
                "nul",
                "tru",
                "+1",
                "'a'",
                ".5",
                "1e",
                "-",
                "NaN",
                "");
        Arbitrary<String> valid =
                Arbitraries.of("1", "-0.5e3", "true", "null", "\"x\"", "[1,2]", "{\"k\":{}}", "[[],[]]");
        Arbitrary<String> arrays = valid.list().ofMaxSize(4).map(parts -> "[" + String.join(" , ", parts) + "]");
        Arbitrary<String> objects = valid.list().ofMaxSize(3).map(parts -> {
            StringBuilder object = new StringBuilder("{");
            for (int i = 0; i < parts.size(); i++) {
                object.append(i > 0 ? "," : "")
                        .append("\"k")
                        .append(i)
                        .append("\" :\t")
                        .append(parts.get(i));
            }
            return object.append('}').toString();
        });
        Arbitrary<String> whole = Arbitraries.oneOf(scalars, arrays, objects);
        Arbitrary<String> spoiled = Combinators.combine(
                        whole,
                        Arbitraries.integers().between(0, 60),
                        Arbitraries.chars().with("{}[],:\"0 -e.x"))
                .as((text, where, c) -> {
                    int at = where % (text.length() + 1);
                    return text.substring(0, at) + c + text.substring(Math.min(at + (where & 1), text.length()));
                });
        return Arbitraries.oneOf(whole, spoiled);
    }

    private @Nullable String jacksonText(byte[] quoted) {
        try {
            return jackson.readValue(quoted, String.class);
        } catch (IOException none) {
            return null;
        }
    }

    private boolean jacksonReads(String record) {
        try {
            jackson.readTree(record);
            return true;
        } catch (IOException none) {
            return false;
        }
    }

    /** A spoiled value may end early and bring a column's name of its own. */
    private boolean repeatsTheColumn(String record) {
        return record.split("\"c\"", -1).length > 2;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException none) {
            return false;
        }
    }

    private static boolean hasLoneSurrogate(String text) {
        return text.codePoints().anyMatch(c -> c >= 0xd800 && c <= 0xdfff);
    }

    private static byte[] joined(List<byte[]> parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        parts.forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static byte[] fromHex(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
