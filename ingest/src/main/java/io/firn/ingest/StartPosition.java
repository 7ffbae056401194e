package io.firn.ingest;

import java.time.Instant;
import java.util.Optional;

/**
 * Where a table without a ledger begins. Once the table has a ledger it has no say any more.
 *
 * @param where first record held, end at that moment, or the first record at or after a time
 * @param time only for {@link Where#TIMESTAMP}
 */
public record StartPosition(Where where, Optional<Instant> time) {
    /** Kinds of start. */
    public enum Where {
        EARLIEST,
        LATEST,
        TIMESTAMP
    }

    public StartPosition {
        if ((where == Where.TIMESTAMP) != time.isPresent()) {
            throw new IllegalArgumentException("a time goes with TIMESTAMP and with nothing else");
        }
    }

    public static StartPosition earliest() {
        return new StartPosition(Where.EARLIEST, Optional.empty());
    }

    public static StartPosition latest() {
        return new StartPosition(Where.LATEST, Optional.empty());
    }

    /** The first record whose Kafka timestamp is not before this; the end where there is none. */
    public static StartPosition at(Instant time) {
        return new StartPosition(Where.TIMESTAMP, Optional.of(time));
    }
}
