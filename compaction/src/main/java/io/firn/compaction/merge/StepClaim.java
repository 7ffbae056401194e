package io.firn.compaction.merge;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.RowCount;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What staging must hold for one partition before its step can be committed. Immutable.
 *
 * @param parts of the step's range that have to be proven; backfills that read all that Kafka holds have proven the
 *     rest
 * @param before count of rows at the step's start, if known
 * @param after count of rows at the step's end; empty if it is not known yet
 * @param read spans of the step of which staging has every record that Kafka held when a backfill read them: an offset
 *     without a row is one that Kafka no longer has, for example because it compacted the topic
 */
record StepClaim(List<Part> parts, Optional<RowCount> before, Optional<RowCount> after, List<OffsetRange> read) {
    /** How much is known of the offsets of a part. */
    enum Evidence {
        /** Appends counted so many rows. */
        COUNTED,
        /** The step was cut inside of a commit: it can be taken only if no offset is absent. */
        CUT,
        /** The table was appended to by a Firn that did not count. */
        UNKNOWN
    }

    /** @param rows of a counted part that staging must hold at least */
    record Part(OffsetRange span, Evidence evidence, OptionalLong rows) {
        static Part counted(OffsetRange span, long rows) {
            return new Part(span, Evidence.COUNTED, OptionalLong.of(rows));
        }

        static Part of(OffsetRange span, Evidence evidence) {
            return new Part(span, evidence, OptionalLong.empty());
        }
    }

    StepClaim {
        parts = List.copyOf(parts);
        read = List.copyOf(read);
    }
}
