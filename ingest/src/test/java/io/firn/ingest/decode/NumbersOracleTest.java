package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Numbers beside {@link BigDecimal}, {@link Double#parseDouble} and {@link Float#parseFloat}: exact, or refused. */
class NumbersOracleTest {
    @Property(tries = 1500)
    void aWholeNumberIsKeptExactlyWhereItFits(@ForAll("numbers") String text, @ForAll boolean fourBytes) {
        Type type = fourBytes ? Types.IntegerType.get() : Types.LongType.get();
        Decoded decoded = Decoded.of(type, text);
        BigDecimal exact = new BigDecimal(text);
        boolean fits = isWholeOf(exact, fourBytes ? 32 : 64);
        if (fits) {
            assertThat(decoded.accepted()).as(text).isTrue();
            assertThat(decoded.bits()).isEqualTo(exact.longValueExact());
        } else {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        }
    }

    @Property(tries = 1500)
    void aDecimalIsKeptExactlyWhereItFits(
            @ForAll("numbers") String text,
            @ForAll @IntRange(min = 1, max = 38) int precision,
            @ForAll @IntRange(max = 38) int anyScale,
            @ForAll boolean quoted) {
        int scale = anyScale % (precision + 1);
        Decoded decoded = Decoded.of(Types.DecimalType.of(precision, scale), quoted ? '"' + text + '"' : text);
        BigDecimal exact = new BigDecimal(text).stripTrailingZeros();
        boolean fits = exact.signum() == 0
                || exact.scale() <= scale && (long) exact.precision() - exact.scale() + scale <= precision;
        if (fits) {
            assertThat(decoded.accepted()).as(text).isTrue();
            BigInteger unscaled =
                    precision <= 18 ? BigInteger.valueOf(decoded.bits()) : new BigInteger(decoded.bytes());
            assertThat(new BigDecimal(unscaled, scale)).as(text).isEqualByComparingTo(exact);
        } else {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        }
    }

    @Property(tries = 1500)
    void aDoubleIsTheNearestOneOrRefused(@ForAll("numbers") String text) {
        Decoded decoded = Decoded.of(Types.DoubleType.get(), text);
        double nearest = Double.parseDouble(text);
        if (Double.isInfinite(nearest) || nearest == 0 && new BigDecimal(text).signum() != 0) {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        } else {
            assertThat(decoded.accepted()).as(text).isTrue();
            assertThat(decoded.bits()).as(text).isEqualTo(Double.doubleToRawLongBits(nearest));
        }
    }

    @Property(tries = 1500)
    void aFloatIsTheNearestOneOrRefused(@ForAll("numbers") String text) {
        Decoded decoded = Decoded.of(Types.FloatType.get(), text);
        float nearest = Float.parseFloat(text);
        if (Float.isInfinite(nearest) || nearest == 0 && new BigDecimal(text).signum() != 0) {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        } else {
            assertThat(decoded.accepted()).as(text).isTrue();
            assertThat((int) decoded.bits()).as(text).isEqualTo(Float.floatToRawIntBits(nearest));
        }
    }

    @Property(tries = 1500)
    void whatIsNotANumberInJsonIsNoneHere(@ForAll("nearlyNumbers") String text) {
        boolean isNumber = text.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
        Decoded decoded = Decoded.of(Types.DoubleType.get(), text);
        if (!isNumber) {
            assertThat(decoded.accepted()).as(text).isFalse();
        }
    }

    @Property(tries = 500)
    void aNumberForATimestampIsKeptExactlyOrRefused(
            @ForAll("numbers") String text, @ForAll DecodeSettings.EpochUnit unit, @ForAll boolean nanos) {
        Type type = nanos ? Types.TimestampNanoType.withZone() : Types.TimestampType.withZone();
        Decoded decoded = Decoded.of(
                type,
                text.getBytes(StandardCharsets.US_ASCII),
                DecodeSettings.defaults().withEpochUnit(unit));
        BigDecimal exact = new BigDecimal(text).scaleByPowerOfTen(unit.nanoDigits() - (nanos ? 0 : 3));
        int digits = nanos ? 9 : 6;
        boolean fits = isWholeOf(exact, 64)
                && exact.compareTo(second("0000-01-01T00:00:00Z", digits)) >= 0
                && exact.compareTo(second("+10000-01-01T00:00:00Z", digits)) < 0;
        if (fits) {
            assertThat(decoded.accepted()).as("%s %s: %s", text, unit, decoded).isTrue();
            assertThat(decoded.bits()).isEqualTo(exact.longValueExact());
        } else {
            assertThat(decoded.refusedAt(0))
                    .as("%s %s: %s", text, unit, decoded)
                    .isTrue();
        }
    }

    /** Counted from 1970, in units of which a second has so many digits. */
    private static BigDecimal second(String time, int digits) {
        return BigDecimal.valueOf(Instant.parse(time).getEpochSecond()).scaleByPowerOfTen(digits);
    }

    @Provide
    Arbitrary<String> numbers() {
        Arbitrary<String> whole = Arbitraries.oneOf(
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(42).map(NumbersOracleTest::trimmed),
                Arbitraries.longs().map(value -> Long.toString(value).replace("-", "")),
                Arbitraries.of(
                        "0",
                        "2147483647",
                        "2147483648",
                        "9223372036854775807",
                        "9223372036854775808",
                        "9007199254740993",
                        "16777217",
                        "999999999999999999",
                        "1000000000000000000"));
        Arbitrary<String> fraction = Arbitraries.oneOf(
                Arbitraries.just(""),
                Arbitraries.just(".0"),
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(40).map(digits -> "." + digits),
                Arbitraries.integers().between(1, 30).map(zeros -> "." + "0".repeat(zeros)));
        Arbitrary<String> exponent = Arbitraries.oneOf(
                Arbitraries.just(""),
                Arbitraries.integers().between(-40, 40).map(e -> "e" + e),
                Arbitraries.integers().between(0, 30).map(e -> "E+" + e),
                Arbitraries.integers().between(-400, 400).map(e -> "e" + e));
        return Combinators.combine(Arbitraries.of("", "-"), whole, fraction, exponent)
                .as((sign, digits, point, power) -> sign + digits + point + power);
    }

    @Provide
    Arbitrary<String> nearlyNumbers() {
        return Arbitraries.strings().withChars("0123456789+-.eE").ofMinLength(1).ofMaxLength(7);
    }

    private static boolean isWholeOf(BigDecimal exact, int bits) {
        BigDecimal shortest = exact.stripTrailingZeros();
        return shortest.signum() == 0
                || shortest.scale() <= 0
                        && shortest.precision() - shortest.scale() < 40
                        && shortest.toBigInteger().bitLength() < bits;
    }

    private static String trimmed(String digits) {
        String trimmed = digits.replaceFirst("^0+", "");
        return trimmed.isEmpty() ? "0" : trimmed;
    }
}
