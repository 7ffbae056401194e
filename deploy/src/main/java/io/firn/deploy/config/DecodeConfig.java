package io.firn.deploy.config;

import java.util.Optional;

/**
 * How JSON becomes rows.
 *
 * @param timestampUnit what numbers in timestamp columns count since 1970; empty: such numbers are refused
 * @param onUnknownField fields that the table has no column for
 * @param onNullValue records whose value is null; empty: a row where every column may be null, else counted
 * @param valuesInErrors whether errors and logs quote the value that cannot be taken
 */
public record DecodeConfig(
        Optional<TimestampUnit> timestampUnit,
        OnUnknownField onUnknownField,
        Optional<OnNullValue> onNullValue,
        ValuesInErrors valuesInErrors) {
    /** Of epoch numbers. */
    public enum TimestampUnit {
        SECONDS,
        MILLIS,
        MICROS,
        NANOS
    }

    /** Ignored, or the record is a bad record. */
    public enum OnUnknownField {
        IGNORE,
        STOP
    }

    /** A row of nulls, or counted in the snapshot's summary. */
    public enum OnNullValue {
        ROW,
        COUNT
    }

    /** What the errors of bad records say about a value. */
    public enum ValuesInErrors {
        HIDDEN,
        SHOWN
    }

    public static DecodeConfig defaults() {
        return new DecodeConfig(Optional.empty(), OnUnknownField.IGNORE, Optional.empty(), ValuesInErrors.HIDDEN);
    }
}
