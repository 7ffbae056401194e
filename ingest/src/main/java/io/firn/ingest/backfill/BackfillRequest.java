package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;

/**
 * What a person asks for.
 *
 * @param partitions empty for all that the ledger has
 * @param from the first record, inclusive; empty for the first that Kafka holds
 * @param to the record before which it ends; empty for the ledger
 * @param chunk offsets of one commit at most; a process may make smaller ones
 * @param by who asks; may be empty
 * @param branch that it is to take effect on first; empty for main
 */
public record BackfillRequest(
        String pipeline,
        String topic,
        SortedSet<Integer> partitions,
        Optional<Position> from,
        Optional<Position> to,
        BackfillMode mode,
        long chunk,
        String by,
        Optional<String> branch) {
    /** One that takes effect on main. */
    public BackfillRequest(
            String pipeline,
            String topic,
            SortedSet<Integer> partitions,
            Optional<Position> from,
            Optional<Position> to,
            BackfillMode mode,
            long chunk,
            String by) {
        this(pipeline, topic, partitions, from, to, mode, chunk, by, Optional.empty());
    }

    /** The same on a branch. */
    public BackfillRequest on(String name) {
        return new BackfillRequest(pipeline, topic, partitions, from, to, mode, chunk, by, Optional.of(name));
    }

    /**
     * A place in a topic: an offset, the same in each partition, or the first record not before a time.
     *
     * @param offset empty where it is a time
     * @param time empty where it is an offset
     */
    public record Position(OptionalLong offset, Optional<Instant> time) {
        public static Position at(long offset) {
            return new Position(OptionalLong.of(offset), Optional.empty());
        }

        public static Position at(Instant time) {
            return new Position(OptionalLong.empty(), Optional.of(time));
        }

        /**
         * @param text a number or an ISO-8601 instant
         * @param where for the error
         * @throws FirnException {@code backfill-invalid}
         */
        public static Position parse(String text, String where) {
            try {
                if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
                    return at(Long.parseLong(text));
                }
                return at(Instant.parse(text));
            } catch (DateTimeParseException | NumberFormatException neither) {
                throw FirnException.user(
                        "backfill-invalid",
                        "neither an offset nor an instant: " + text,
                        where,
                        "write a number, or a time as 2026-11-21T00:00:00Z");
            }
        }
    }
}
