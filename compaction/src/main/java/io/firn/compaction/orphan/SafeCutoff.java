package io.firn.compaction.orphan;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.TableMetadata;

/**
 * Before when a file must have been written to be nobody's work in progress. Pure.
 *
 * <p>Age alone is not enough: while the catalog was away for a week, writers held a week's files, and the first who
 * gets through to it may be this job. So the age counts back not from now, but from the last snapshot that has been
 * there for a while: once one writer got through, all others did within their longest back-off.
 */
final class SafeCutoff {
    /** Many times the longest back-off of a commit. */
    private static final Duration SETTLED = Duration.ofMinutes(10);

    private SafeCutoff() {}

    /** Empty where the table has no snapshot of that kind: then nothing can be told. */
    static Optional<Instant> of(TableMetadata table, Duration safetyAge, Instant now) {
        long settled = now.minus(SETTLED).toEpochMilli();
        long last = Long.MIN_VALUE;
        for (Snapshot snapshot : table.snapshots()) {
            if (snapshot.timestampMillis() <= settled) {
                last = Math.max(last, snapshot.timestampMillis());
            }
        }
        return last == Long.MIN_VALUE
                ? Optional.empty()
                : Optional.of(Instant.ofEpochMilli(last).minus(safetyAge));
    }
}
