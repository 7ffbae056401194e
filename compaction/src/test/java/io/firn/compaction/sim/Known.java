package io.firn.compaction.sim;

import io.firn.compaction.fold.NaiveFold.Event;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * A record that counts for its key, with the order timestamp that is known of it from records that are forgotten.
 *
 * @param floor {@link Long#MIN_VALUE} where nothing is known
 */
record Known(Event event, long floor) {
    static Known of(Event event) {
        return new Known(event, Long.MIN_VALUE);
    }

    /** The last one by the order, with all records of a key at hand: slow, and too simple to be wrong. */
    static Optional<Known> winner(Collection<Known> sameKey, boolean versioned) {
        Comparator<Known> byVersion = Comparator.<Known, Boolean>comparing(
                        known -> known.event().version().isPresent())
                .thenComparing(known -> known.event().version().orElse(0L));
        Comparator<Known> byTime = Comparator.<Known>comparingLong(known -> known.orderTimestamp(sameKey, versioned))
                .thenComparing(known -> known.event().topic())
                .thenComparing(known -> known.event().topicId())
                .thenComparingInt(known -> known.event().partition())
                .thenComparingLong(known -> known.event().offset());
        return sameKey.stream().max(versioned ? byVersion.thenComparing(byTime) : byTime);
    }

    long orderTimestamp(Collection<Known> sameKey, boolean versioned) {
        long highest = Long.MIN_VALUE;
        for (Known each : sameKey) {
            Event other = each.event();
            if (other.isOfSamePartition(event)
                    && other.offset() <= event.offset()
                    && (!versioned || other.version().equals(event.version()))) {
                highest = Math.max(highest, Math.max(other.timestamp(), each.floor()));
            }
        }
        return highest;
    }
}
