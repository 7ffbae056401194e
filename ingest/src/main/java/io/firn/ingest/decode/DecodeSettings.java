package io.firn.ingest.decode;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How records become rows.
 *
 * @param epochUnit what numbers in timestamp columns count since 1970-01-01T00:00Z; null, the default: such numbers
 *     are refused, since a wrong guess would be silent
 * @param onUnknownField what to do with fields that the table has no column for; default: ignore and count
 * @param onNullValue what to do with records whose value is null; default: a row of nulls where the table allows it
 * @param tombstones where null values delete: how their keys are read; default: they do not
 */
public record DecodeSettings(
        @Nullable EpochUnit epochUnit,
        OnUnknownField onUnknownField,
        OnNullValue onNullValue,
        Optional<Tombstones> tombstones,
        Values values) {
    /** What a number in a timestamp column counts. */
    public enum EpochUnit {
        SECONDS(9),
        MILLIS(6),
        MICROS(3),
        NANOS(0);

        private final int nanoDigits;

        EpochUnit(int nanoDigits) {
            this.nanoDigits = nanoDigits;
        }

        /** Power of ten from this unit to nanoseconds. */
        int nanoDigits() {
            return nanoDigits;
        }
    }

    /** For JSON fields without a column. */
    public enum OnUnknownField {
        IGNORE,
        /** The record is a bad record. */
        STOP
    }

    /** For records without a value. */
    public enum OnNullValue {
        /** {@link #ROW} where every column but the source columns may be null, else {@link #COUNT}. */
        ROW_WHERE_POSSIBLE,
        ROW,
        COUNT
    }

    /** What errors say about the value that cannot be taken; they name column, position and reason in any case. */
    public enum Values {
        /** Whoever reads a log need not be allowed to read the data. */
        HIDDEN,
        SHOWN
    }

    public DecodeSettings {
        Objects.requireNonNull(onUnknownField, "onUnknownField");
        Objects.requireNonNull(onNullValue, "onNullValue");
    }

    public static DecodeSettings defaults() {
        return new DecodeSettings(
                null, OnUnknownField.IGNORE, OnNullValue.ROW_WHERE_POSSIBLE, Optional.empty(), Values.HIDDEN);
    }

    public DecodeSettings withEpochUnit(EpochUnit unit) {
        return new DecodeSettings(unit, onUnknownField, onNullValue, tombstones, values);
    }

    public DecodeSettings withOnUnknownField(OnUnknownField choice) {
        return new DecodeSettings(epochUnit, choice, onNullValue, tombstones, values);
    }

    public DecodeSettings withOnNullValue(OnNullValue choice) {
        return new DecodeSettings(epochUnit, onUnknownField, choice, tombstones, values);
    }

    /** For staging tables: null values become tombstones. */
    public DecodeSettings withTombstones(Tombstones reading) {
        return new DecodeSettings(epochUnit, onUnknownField, onNullValue, Optional.of(reading), values);
    }

    public DecodeSettings withValues(Values choice) {
        return new DecodeSettings(epochUnit, onUnknownField, onNullValue, tombstones, choice);
    }
}
