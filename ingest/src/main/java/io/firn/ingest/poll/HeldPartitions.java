package io.firn.ingest.poll;

import io.firn.catalog.ledger.SourcePartition;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** What one consumer was assigned: at first by name, then with the topic's id, then with a position. */
final class HeldPartitions {
    private final Set<TopicPartition> unnamed = new HashSet<>();
    private final Map<TopicPartition, SourcePartition> named = new HashMap<>();
    private final Map<SourcePartition, Long> next = new TreeMap<>();

    void add(TopicPartition key) {
        unnamed.add(key);
    }

    /** The topics of partitions whose topic ids are not known yet. */
    Set<String> unnamedTopics() {
        Set<String> topics = new TreeSet<>();
        unnamed.forEach(key -> topics.add(key.topic()));
        return topics;
    }

    boolean allNamed() {
        return unnamed.isEmpty();
    }

    /** @return the partitions that have a name from now on */
    Set<SourcePartition> name(Map<String, String> topicIds) {
        Set<SourcePartition> fresh = new TreeSet<>();
        for (TopicPartition key : Set.copyOf(unnamed)) {
            String id = topicIds.get(key.topic());
            if (id != null) {
                SourcePartition partition = new SourcePartition(key.topic(), id, key.partition());
                unnamed.remove(key);
                named.put(key, partition);
                fresh.add(partition);
            }
        }
        return fresh;
    }

    /** Those of these that have a name. */
    Set<SourcePartition> named(Collection<TopicPartition> keys) {
        Set<SourcePartition> known = new TreeSet<>();
        for (TopicPartition key : keys) {
            SourcePartition partition = named.get(key);
            if (partition != null) {
                known.add(partition);
            }
        }
        return known;
    }

    @Nullable
    SourcePartition named(TopicPartition key) {
        return named.get(key);
    }

    /** The partition, where it has a position. */
    @Nullable
    SourcePartition sought(TopicPartition key) {
        SourcePartition partition = named.get(key);
        return partition == null || !next.containsKey(partition) ? null : partition;
    }

    /** All that have a position. */
    Set<TopicPartition> sought() {
        Set<TopicPartition> keys = new HashSet<>();
        next.keySet().forEach(partition -> keys.add(key(partition)));
        return keys;
    }

    /** The next offset of a sought partition. */
    long next(SourcePartition partition, long otherwise) {
        return next.getOrDefault(partition, otherwise);
    }

    Map<SourcePartition, Long> positions() {
        return new TreeMap<>(next);
    }

    /** The partition may come with another topic id than it was named with: a topic that was created again. */
    void seek(SourcePartition partition, long offset) {
        SourcePartition before = named.put(key(partition), partition);
        if (before != null) {
            next.remove(before);
        }
        next.put(partition, offset);
    }

    void advance(TopicPartition key, long to) {
        SourcePartition partition = named.get(key);
        if (partition != null) {
            next.computeIfPresent(partition, (known, from) -> Math.max(from, to));
        }
    }

    /** What is here and not among these. */
    Set<TopicPartition> besides(Set<TopicPartition> assignment) {
        Set<TopicPartition> others = new HashSet<>(unnamed);
        others.addAll(named.keySet());
        others.removeAll(assignment);
        return others;
    }

    boolean holds(TopicPartition key) {
        return unnamed.contains(key) || named.containsKey(key);
    }

    void forget(Collection<TopicPartition> keys) {
        for (TopicPartition key : keys) {
            unnamed.remove(key);
            SourcePartition partition = named.remove(key);
            if (partition != null) {
                next.remove(partition);
            }
        }
    }

    static TopicPartition key(SourcePartition partition) {
        return new TopicPartition(partition.topic(), partition.partition());
    }
}
