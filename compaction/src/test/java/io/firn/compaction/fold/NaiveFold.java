package io.firn.compaction.fold;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The order as it is written down, with all records at hand: slow, and too simple to be wrong. */
public final class NaiveFold {
    /**
     * One record.
     *
     * @param id tells records apart
     * @param topicId of the topic's incarnation; empty where rows do not tell
     * @param timestamp seconds, or {@link #NO_TIMESTAMP}
     * @param version empty where the order-by column is null or there is none
     */
    public record Event(
            long id,
            String key,
            String topic,
            String topicId,
            int partition,
            long offset,
            long timestamp,
            Optional<Long> version,
            boolean deletes) {
        /** The record has no timestamp in Kafka; before every other. */
        public static final long NO_TIMESTAMP = Long.MIN_VALUE;

        /** Of a topic that was never created again. */
        public Event(
                long id,
                String key,
                String topic,
                int partition,
                long offset,
                long timestamp,
                Optional<Long> version,
                boolean deletes) {
            this(id, key, topic, "", partition, offset, timestamp, version, deletes);
        }

        /** Whether the offsets of both are of one log. */
        public boolean isOfSamePartition(Event other) {
            return other.topic.equals(topic) && other.topicId.equals(topicId) && other.partition == partition;
        }
    }

    private NaiveFold() {}

    /** For each key the record that wins, one that deletes too. */
    public static Map<String, Event> winners(List<Event> events, boolean versioned) {
        Map<String, List<Event>> byKey = new HashMap<>();
        events.forEach(event ->
                byKey.computeIfAbsent(event.key(), key -> new ArrayList<>()).add(event));
        Map<String, Event> winners = new HashMap<>();
        byKey.forEach((key, all) ->
                winners.put(key, all.stream().max(order(all, versioned)).orElseThrow()));
        return winners;
    }

    public static long orderTimestamp(Event of, List<Event> sameKey, boolean versioned) {
        return sameKey.stream()
                .filter(each -> each.isOfSamePartition(of)
                        && each.offset() <= of.offset()
                        && (!versioned || each.version().equals(of.version())))
                .mapToLong(Event::timestamp)
                .max()
                .orElseThrow();
    }

    private static Comparator<Event> order(List<Event> sameKey, boolean versioned) {
        Comparator<Event> byVersion = Comparator.comparing(
                        (Event event) -> event.version().isPresent())
                .thenComparing(event -> event.version().orElse(0L));
        Comparator<Event> byTime = Comparator.comparingLong(event -> orderTimestamp(event, sameKey, versioned));
        Comparator<Event> rest = byTime.thenComparing(Event::topic)
                .thenComparing(Event::topicId)
                .thenComparingInt(Event::partition)
                .thenComparingLong(Event::offset);
        return versioned ? byVersion.thenComparing(rest) : rest;
    }
}
