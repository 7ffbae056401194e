package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import org.jspecify.annotations.Nullable;

/** Decoders of date, time and the timestamps. */
final class TimeDecoders {
    private TimeDecoders() {}

    /** ISO dates. Numbers are refused: nothing says what they count. */
    static final class OfDate extends LeafDecoder {
        private final IsoText iso;

        OfDate(Place place, ColumnEntries column, IsoText iso) {
            super(place, column);
            this.iso = iso;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = in.position();
            long text = text(in, "a date as \"2026-01-31\"");
            if (!iso.readDate(row.bytes(text), Slice.start(text), Slice.length(text))) {
                throw bad(in, in.quote(row, text) + " is not a date as \"2026-01-31\"", at);
            }
            return iso.epochDay();
        }
    }

    /** ISO times of day without offset, to the microsecond. Numbers are refused. */
    static final class OfTime extends LeafDecoder {
        private final IsoText iso;

        OfTime(Place place, ColumnEntries column, IsoText iso) {
            super(place, column);
            this.iso = iso;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = in.position();
            long text = text(in, "a time as \"23:59:59.123456\"");
            if (!iso.readTime(row.bytes(text), Slice.start(text), Slice.length(text))) {
                throw bad(in, in.quote(row, text) + " is not a time as \"23:59:59.123456\"", at);
            }
            if (iso.finerThanNanos() || iso.nano() % 1000 != 0) {
                throw bad(in, in.quote(row, text) + " is finer than microseconds", at);
            }
            return iso.secondOfDay() * 1_000_000 + iso.nano() / 1000;
        }
    }

    /**
     * ISO date-times, and numbers where an epoch unit is configured. With zone an offset must be given and the value
     * is its UTC instant; without zone none may be given, and a number counts from 1970-01-01T00:00 of the same clock.
     */
    static final class OfTimestamp extends LeafDecoder {
        private static final long NANOS = 1_000_000_000L;

        /** 0000-01-01T00:00. Years beyond, which most other readers do not know, come of a wrong unit. */
        private static final long MIN_MICROS = -62_167_219_200_000_000L;

        /** 9999-12-31T23:59:59.999999. */
        private static final long MAX_MICROS = 253_402_300_799_999_999L;

        private final IsoText iso;
        private final NumberText number;
        private final boolean zoned;
        private final boolean nanos;
        private final DecodeSettings.@Nullable EpochUnit epochUnit;

        OfTimestamp(
                Place place,
                ColumnEntries column,
                Parsers parsers,
                boolean zoned,
                boolean nanos,
                DecodeSettings.@Nullable EpochUnit epochUnit) {
            super(place, column);
            this.iso = parsers.iso();
            this.number = parsers.number();
            this.zoned = zoned;
            this.nanos = nanos;
            this.epochUnit = epochUnit;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = in.position();
            byte c = in.peek();
            if (c == '"') {
                return parse(in, row, in.string(), at);
            }
            if (c != '-' && (c < '0' || c > '9')) {
                throw wrongKind(in, "a timestamp");
            }
            number.read(in);
            if (epochUnit == null) {
                throw bad(in, in.show(number) + " is a number, and no epoch unit is configured for timestamps", at);
            }
            long value = number.scaled(epochUnit.nanoDigits() - (nanos ? 0 : 3));
            switch (number.fit()) {
                case EXACT -> {
                    if (!isKnownYear(value)) {
                        throw outOfYears(in, in.show(number), at);
                    }
                    return value;
                }
                case TOO_PRECISE -> throw tooFine(in, in.show(number), at);
                case OUT_OF_RANGE -> throw outOfRange(in, in.show(number), at);
            }
            throw new AssertionError(number.fit());
        }

        private long parse(JsonCursor in, Row row, long text, int at) {
            if (!iso.readDateTime(row.bytes(text), Slice.start(text), Slice.length(text))) {
                throw bad(in, in.quote(row, text) + " is not a timestamp as \"2026-01-31T23:59:59.123456Z\"", at);
            }
            if (iso.hasOffset() != zoned) {
                throw bad(
                        in,
                        in.quote(row, text)
                                + (zoned ? " has no offset from UTC" : " has an offset, the column has no time zone"),
                        at);
            }
            if (iso.finerThanNanos() || !nanos && iso.nano() % 1000 != 0) {
                throw tooFine(in, in.quote(row, text), at);
            }
            long second = iso.epochSecond();
            if (!nanos) {
                // Four-digit years are far inside the range of microseconds.
                long micros = second * 1_000_000 + iso.nano() / 1000;
                if (!isKnownYear(micros)) {
                    throw outOfYears(in, in.quote(row, text), at);
                }
                return micros;
            }
            try {
                // Shifted by a second before the epoch, so that the smallest instant does not overflow on the way.
                return second < 0
                        ? Math.addExact(Math.multiplyExact(second + 1, NANOS), iso.nano() - NANOS)
                        : Math.addExact(Math.multiplyExact(second, NANOS), iso.nano());
            } catch (ArithmeticException e) {
                throw outOfRange(in, in.quote(row, text), at);
            }
        }

        /** All that nanoseconds can tell lies between the years 1677 and 2262. */
        private boolean isKnownYear(long value) {
            return nanos || value >= MIN_MICROS && value <= MAX_MICROS;
        }

        private RuntimeException outOfYears(JsonCursor in, String value, int at) {
            return bad(in, value + " is outside of the years 0000 to 9999", at);
        }

        private RuntimeException tooFine(JsonCursor in, String value, int at) {
            return bad(in, value + " is finer than " + (nanos ? "nanoseconds" : "microseconds"), at);
        }

        private RuntimeException outOfRange(JsonCursor in, String value, int at) {
            return bad(in, value + " is out of the range of " + (nanos ? "nanoseconds" : "microseconds"), at);
        }
    }
}
