package io.firn.compaction.expire;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.Snapshot;

/**
 * Of a history that is young enough to stay, what stays of it: a table that is committed to every ten seconds would
 * have 43,000 snapshots after five days, and every commit reads and writes them all. The last half hour is whole, what
 * came before gets fewer and fewer snapshots, about evenly in time.
 */
final class SpacedHistory {
    private SpacedHistory() {}

    /** A snapshot and when it was made. */
    record Moment(long id, long millis) {
        static Moment of(Snapshot snapshot) {
            return new Moment(snapshot.snapshotId(), snapshot.timestampMillis());
        }
    }

    /**
     * Ids of the snapshots that stay.
     *
     * @param wholeFrom milliseconds; everything from there on stays
     */
    static Set<Long> kept(List<Moment> snapshots, int keepOlder, long wholeFrom) {
        Set<Long> kept = new HashSet<>();
        for (Moment snapshot : snapshots) {
            if (snapshot.millis() >= wholeFrom) {
                kept.add(snapshot.id());
            }
        }
        List<Moment> older = snapshots.stream()
                .filter(snapshot -> snapshot.millis() < wholeFrom)
                .sorted(Comparator.comparingLong(Moment::millis).thenComparingLong(Moment::id))
                .toList();
        // Twice as long each time, and from the same begin, so that what one run keeps another one does not take.
        long span = 1;
        Set<Long> chosen = firstOfEach(older, span);
        while (chosen.size() > keepOlder) {
            span *= 2;
            chosen = firstOfEach(older, span);
        }
        kept.addAll(chosen);
        return kept;
    }

    /** From when on a history is whole. */
    static long wholeFrom(Instant now) {
        return now.minus(ExpireSettings.WHOLE_AGE).toEpochMilli();
    }

    private static Set<Long> firstOfEach(List<Moment> oldestFirst, long spanMillis) {
        Set<Long> ids = new HashSet<>();
        long last = Long.MIN_VALUE;
        for (Moment snapshot : oldestFirst) {
            long span = Math.floorDiv(snapshot.millis(), spanMillis);
            if (span != last) {
                ids.add(snapshot.id());
                last = span;
            }
        }
        return ids;
    }
}
