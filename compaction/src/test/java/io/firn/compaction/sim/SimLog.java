package io.firn.compaction.sim;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.fold.NaiveFold.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What Kafka holds, or held: the records of each partition by offset, with offsets left out as by transactions. A topic
 * may be deleted and created again.
 */
final class SimLog {
    private final TreeMap<SourcePartition, TreeMap<Long, Event>> partitions = new TreeMap<>();
    private final TreeMap<SourcePartition, Long> ends = new TreeMap<>();
    private final TreeMap<SourcePartition, Long> starts = new TreeMap<>();
    private final Random random;
    private final boolean versioned;
    private final boolean marked;
    private final int keys;
    private final boolean steady;
    private final Map<String, Integer> incarnations = new HashMap<>();
    private long ids;
    private long time = 1_000;

    /**
     * @param versioned whether records have a version
     * @param marked whether a delete may be a mark in a record; else all are tombstones
     */
    SimLog(Random random, boolean versioned, boolean marked) {
        this.random = random;
        this.versioned = versioned;
        this.marked = marked;
        this.keys = 1 + random.nextInt(8);
        this.steady = random.nextInt(3) == 0;
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            addPartition();
        }
    }

    void addPartition() {
        int number = ends.size();
        add(number == 1 ? "returns" : "orders", number / 2 + (number == 1 ? 0 : number % 2));
    }

    private void add(String topic, int partition) {
        int incarnation = incarnations.computeIfAbsent(topic, each -> 0);
        // Ids in no order, as Kafka's are.
        String id = "id-" + Integer.toHexString((incarnation + 1) * 0x9E3779B9) + "-of-" + topic;
        SourcePartition added = new SourcePartition(topic, id, partition);
        partitions.put(added, new TreeMap<>());
        ends.put(added, 0L);
    }

    /** With as many partitions as it had. Those of before are no longer among {@link #ends}. */
    void createTopicAgain() {
        String topic = random.nextInt(3) == 0 && incarnations.containsKey("returns") ? "returns" : "orders";
        List<SourcePartition> gone = ends.keySet().stream()
                .filter(partition -> partition.topic().equals(topic))
                .toList();
        incarnations.merge(topic, 1, Integer::sum);
        gone.forEach(partition -> {
            ends.remove(partition);
            add(topic, partition.partition());
        });
    }

    /** All partitions, and where each ends. */
    TreeMap<SourcePartition, Long> ends() {
        return ends;
    }

    void produce() {
        int count = 1 + random.nextInt(12);
        List<SourcePartition> all = List.copyOf(ends.keySet());
        for (int i = 0; i < count; i++) {
            SourcePartition into = all.get(random.nextInt(all.size()));
            long offset = ends.getOrDefault(into, 0L);
            Event event = event(into, offset);
            partitions.computeIfAbsent(into, each -> new TreeMap<>()).put(offset, event);
            ends.put(into, offset + 1 + (random.nextInt(6) == 0 ? 1 : 0));
        }
    }

    private Event event(SourcePartition into, long offset) {
        boolean deletes = random.nextInt(4) == 0;
        Optional<Long> version = versioned && random.nextInt(4) > 0 && (marked || !deletes)
                ? Optional.of((long) random.nextInt(5))
                : Optional.empty();
        time += random.nextInt(3);
        return new Event(
                ids++,
                "key-" + random.nextInt(keys),
                into.topic(),
                into.topicId(),
                into.partition(),
                offset,
                steady ? time : offset % 7 == 3 ? Event.NO_TIMESTAMP : time + random.nextInt(16) - 8,
                version,
                deletes);
    }

    /** The first offset that Kafka still holds. */
    long start(SourcePartition partition) {
        return starts.getOrDefault(partition, 0L);
    }

    /** Kafka no longer holds what lies before that offset. */
    void forget(SourcePartition partition, long before) {
        starts.merge(partition, before, Math::max);
    }

    /** Whether Kafka still holds the record. */
    boolean isHeld(Event event) {
        SourcePartition partition = new SourcePartition(event.topic(), event.topicId(), event.partition());
        return ends.containsKey(partition) && event.offset() >= start(partition);
    }

    /** Those of a span of offsets, whether Kafka still holds them or not. */
    List<Event> records(SourcePartition partition, long from, long to) {
        TreeMap<Long, Event> log = partitions.get(partition);
        return from >= to || log == null
                ? List.of()
                : new ArrayList<>(log.subMap(from, to).values());
    }

    @Nullable
    Event at(Row row) {
        TreeMap<Long, Event> log = partitions.get(new SourcePartition(row.topic(), row.topicId(), row.partition()));
        return log == null ? null : log.get(row.offset());
    }

    /** Whether a record's delete is a null value; else it is a mark. */
    boolean isTombstone(Event event) {
        return event.deletes() && event.version().isEmpty() && (!marked || event.id() % 2 == 0);
    }
}
