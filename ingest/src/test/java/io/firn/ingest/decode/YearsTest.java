package io.firn.ingest.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other readers of the table, and most people, know the years 0000 to 9999. */
class YearsTest {
    @ParameterizedTest
    @CsvSource({
        "SECONDS, 253402300799, true",
        "SECONDS, 253402300800, false",
        "SECONDS, -62167219200, true",
        "SECONDS, -62167219201, false",
        "MILLIS, 253402300799999, true",
        "MILLIS, 253402300800000, false",
        "MILLIS, 1769900000000000, false",
        "MICROS, 253402300799999999, true",
        "MICROS, 253402300800000000, false",
    })
    void anEpochNumberBeyondTheYear9999IsRefused(DecodeSettings.EpochUnit unit, String number, boolean isAccepted) {
        Decoded decoded = Decoded.of(
                Types.TimestampType.withZone(),
                number.getBytes(StandardCharsets.UTF_8),
                DecodeSettings.defaults()
                        .withValues(DecodeSettings.Values.SHOWN)
                        .withEpochUnit(unit));
        assertThat(decoded.accepted()).isEqualTo(isAccepted);
        if (!isAccepted) {
            assertThat(decoded.refusedAt(0)).isTrue();
            assertThat(decoded.refusal()).hasMessageContaining(number + " is outside of the years 0000 to 9999");
        }
    }

    @Test
    void anOffsetCanMoveAnInstantBeyondTheYear9999() {
        assertThat(zoned("9999-12-31T23:59:59.999999Z").accepted()).isTrue();
        assertThat(zoned("9999-12-31T23:59:59-01:00").refusal()).hasMessageContaining("outside of the years");
        assertThat(zoned("0000-01-01T00:00:00Z").accepted()).isTrue();
        assertThat(zoned("0000-01-01T00:00:00+01:00").refusal()).hasMessageContaining("outside of the years");
    }

    @Test
    void yearsOfFiveDigitsAreNoDates() {
        assertThat(Decoded.of(Types.DateType.get(), "\"10000-01-01\"").accepted())
                .isFalse();
        assertThat(Decoded.of(Types.DateType.get(), "\"+10000-01-01\"").accepted())
                .isFalse();
        assertThat(zoned("10000-01-01T00:00:00Z").accepted()).isFalse();
    }

    private static Decoded zoned(String text) {
        return Decoded.of(Types.TimestampType.withZone(), '"' + text + '"');
    }
}
