package io.firn.catalog.ledger;

import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/** What a table says about its sources: a ledger, or none, and then whether that is harmless. */
public sealed interface LedgerState {
    /** Where a ledger was found. */
    enum Origin {
        /** In the summary of the head or of an ancestor. */
        SUMMARY,
        /** In the table property, because the ancestors that held it were expired. */
        PROPERTY,
        /** In the summary of an expired ancestor, as an earlier version of the table's metadata still holds it. */
        EARLIER_METADATA
    }

    /**
     * The table has a ledger.
     *
     * @param watermark what the table was declared complete up to, if it was
     */
    record Present(Ledger ledger, Optional<Instant> watermark, Origin origin) implements LedgerState {}

    /** No ledger and no rows: a fresh table. */
    record Fresh() implements LedgerState {}

    /**
     * Rows, but no ledger: nobody can tell where they came from.
     *
     * @param lost whether the table once had a ledger, as its property still says: a rollback to before Firn's rows,
     *     say
     */
    record Unknown(boolean lost) implements LedgerState {}

    /** One of three, by case. */
    default <T> T fold(Function<Present, T> present, Function<Fresh, T> fresh, Function<Unknown, T> unknown) {
        if (this instanceof Present) {
            return present.apply((Present) this);
        }
        if (this instanceof Fresh) {
            return fresh.apply((Fresh) this);
        }
        return unknown.apply((Unknown) this);
    }
}
