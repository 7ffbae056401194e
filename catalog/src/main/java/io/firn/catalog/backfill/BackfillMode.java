package io.firn.catalog.backfill;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What becomes of the rows that a table has already. */
public enum BackfillMode {
    /** Rows of offsets that Kafka still delivers are swapped for newly decoded ones. */
    REPLACE,
    /** They stay; only offsets without a row get one. */
    MISSING;

    /** As people write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<BackfillMode> of(String text) {
        return Arrays.stream(values()).filter(mode -> mode.text().equals(text)).findFirst();
    }
}
