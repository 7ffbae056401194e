package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.jspecify.annotations.Nullable;

/** Dates and times beside java.time: exact, or refused at the text. */
class TimesOracleTest {
    private static final Pattern DATE_TIME = Pattern.compile("(\\d{4}-\\d{2}-\\d{2})[Tt ](\\d{2}:\\d{2}(?::\\d{2})?)"
            + "(?:(?<=:\\d{2}:\\d{2})\\.(\\d+))?([Zz]|[+-]\\d{2}(?::?\\d{2})?)?");

    @Property(tries = 2000)
    void aTimestampIsExactOrRefused(@ForAll("dateTimes") String text, @ForAll boolean zoned, @ForAll boolean nanos) {
        Type type = nanos
                ? zoned ? Types.TimestampNanoType.withZone() : Types.TimestampNanoType.withoutZone()
                : zoned ? Types.TimestampType.withZone() : Types.TimestampType.withoutZone();
        check(Decoded.of(type, '"' + text + '"'), text, expected(text, zoned, nanos ? 9 : 6));
    }

    @Property(tries = 1000)
    void aDateIsExactOrRefused(@ForAll("dates") String text) {
        BigInteger day = null;
        try {
            day = text.matches("\\d{4}-\\d{2}-\\d{2}")
                    ? BigInteger.valueOf(LocalDate.parse(text).toEpochDay())
                    : null;
        } catch (DateTimeException none) {
            // Not a date.
        }
        check(Decoded.of(Types.DateType.get(), '"' + text + '"'), text, day);
    }

    @Property(tries = 1000)
    void aTimeIsExactOrRefused(@ForAll("times") String text) {
        BigInteger instant = expected("1970-01-01T" + text, false, 6);
        check(Decoded.of(Types.TimeType.get(), '"' + text + '"'), text, instant);
    }

    private static void check(Decoded decoded, String text, @Nullable BigInteger expected) {
        if (expected == null) {
            assertThat(decoded.refusedAt(0)).as("%s: %s", text, decoded).isTrue();
        } else {
            assertThat(decoded.accepted()).as("%s: %s", text, decoded).isTrue();
            assertThat(decoded.bits()).as(text).isEqualTo(expected.longValueExact());
        }
    }

    /** Units of ten to the minus {@code digits} seconds since 1970, null where the text is to be refused. */
    private static @Nullable BigInteger expected(String text, boolean zoned, int digits) {
        Matcher parts = DATE_TIME.matcher(text);
        if (!parts.matches() || parts.group(4) != null != zoned) {
            return null;
        }
        long second;
        try {
            second = LocalDateTime.of(LocalDate.parse(parts.group(1)), LocalTime.parse(parts.group(2)))
                            .toEpochSecond(ZoneOffset.UTC)
                    - (zoned ? offsetSeconds(parts.group(4)) : 0);
        } catch (DateTimeException none) {
            return null;
        }
        String fraction = parts.group(3) == null ? "" : parts.group(3).replaceFirst("0+$", "");
        if (fraction.length() > digits) {
            return null;
        }
        BigInteger units = BigInteger.valueOf(second)
                .multiply(BigInteger.TEN.pow(digits))
                .add(new BigInteger("0" + fraction + "0".repeat(digits - fraction.length())));
        boolean isKnownYear = second >= -62_167_219_200L && second < 253_402_300_800L;
        return units.bitLength() < 64 && isKnownYear ? units : null;
    }

    private static int offsetSeconds(String text) {
        if (text.equalsIgnoreCase("Z")) {
            return 0;
        }
        int hours = Integer.parseInt(text.substring(1, 3));
        int minutes = text.length() > 3 ? Integer.parseInt(text.substring(text.length() - 2)) : 0;
        ChronoField.MINUTE_OF_HOUR.checkValidValue(minutes);
        if (hours > 18) {
            throw new DateTimeException("offset");
        }
        return (hours * 60 + minutes) * (text.charAt(0) == '-' ? -60 : 60);
    }

    @Provide
    Arbitrary<String> dates() {
        return maybeSpoiled(Combinators.combine(
                        Arbitraries.oneOf(
                                Arbitraries.integers().between(0, 9999),
                                Arbitraries.of(1600, 1677, 1900, 1970, 2000, 2024, 2262, 2100)),
                        Arbitraries.integers().between(0, 13),
                        Arbitraries.integers().between(0, 32))
                .as((year, month, day) -> String.format("%04d-%02d-%02d", year, month, day)));
    }

    @Provide
    Arbitrary<String> times() {
        Arbitrary<String> fraction = Arbitraries.oneOf(
                Arbitraries.just(""),
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(12).map(digits -> "." + digits),
                Arbitraries.integers().between(1, 999_999).map(micros -> String.format(".%06d000", micros)));
        Arbitrary<String> seconds = Combinators.combine(Arbitraries.integers().between(0, 60), fraction)
                .as((second, part) -> String.format(":%02d%s", second, part));
        return maybeSpoiled(Combinators.combine(
                        Arbitraries.integers().between(0, 24),
                        Arbitraries.integers().between(0, 60),
                        Arbitraries.oneOf(seconds, seconds, Arbitraries.just("")))
                .as((hour, minute, rest) -> String.format("%02d:%02d%s", hour, minute, rest)));
    }

    @Provide
    Arbitrary<String> dateTimes() {
        Arbitrary<String> offset = Arbitraries.oneOf(
                Arbitraries.of("", "Z", "z", "+01:00", "-0930", "+05", "+18:00", "+19:00", "-00:60"),
                Combinators.combine(
                                Arbitraries.of("+", "-"),
                                Arbitraries.integers().between(0, 18),
                                Arbitraries.integers().between(0, 59))
                        .as((sign, hours, minutes) -> String.format("%s%02d:%02d", sign, hours, minutes)));
        return maybeSpoiled(Combinators.combine(dates(), Arbitraries.of("T", "T", "t", " "), times(), offset)
                .as((date, between, time, at) -> date + between + time + at));
    }

    /** One in five with one character changed, left out or put in. */
    private static Arbitrary<String> maybeSpoiled(Arbitrary<String> texts) {
        return Combinators.combine(
                        texts,
                        Arbitraries.integers().between(0, 19),
                        Arbitraries.integers().between(0, 40),
                        Arbitraries.chars().with("0123456789TZ:-+. /a"))
                .as((text, way, where, c) -> {
                    int at = where % (text.length() + 1);
                    int after = Math.min(at + 1, text.length());
                    return switch (way) {
                        case 0 -> text.substring(0, at) + c + text.substring(after);
                        case 1 -> text.substring(0, at) + text.substring(after);
                        case 2 -> text.substring(0, at) + c + text.substring(at);
                        default -> text;
                    };
                });
    }
}
