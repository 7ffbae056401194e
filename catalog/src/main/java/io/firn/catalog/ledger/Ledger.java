package io.firn.catalog.ledger;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * For every pipeline and topic-partition that feeds a table: the next offset to consume. Immutable.
 *
 * <p>One incarnation of a topic per pipeline: an entry for another topic id replaces those of the earlier incarnation.
 */
public final class Ledger {
    private static final Ledger EMPTY = new Ledger(new TreeMap<>());

    private final SortedMap<String, SortedMap<SourcePartition, PartitionEntry>> pipelines;

    private Ledger(SortedMap<String, SortedMap<SourcePartition, PartitionEntry>> pipelines) {
        this.pipelines = pipelines;
    }

    /** A ledger of no pipeline. It is not "from the start": a table without a ledger has none. */
    public static Ledger empty() {
        return EMPTY;
    }

    public boolean isEmpty() {
        return pipelines.isEmpty();
    }

    /** Names of the pipelines that feed the table, with their partitions, both ascending; unmodifiable. */
    public SortedMap<String, SortedMap<SourcePartition, PartitionEntry>> pipelines() {
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> copy = new TreeMap<>();
        pipelines.forEach((name, entries) -> copy.put(name, java.util.Collections.unmodifiableSortedMap(entries)));
        return java.util.Collections.unmodifiableSortedMap(copy);
    }

    /** The partitions of one pipeline, ascending; empty where the table does not know the pipeline. */
    public SortedMap<SourcePartition, PartitionEntry> partitions(String pipeline) {
        SortedMap<SourcePartition, PartitionEntry> entries = pipelines.get(pipeline);
        return entries == null ? new TreeMap<>() : java.util.Collections.unmodifiableSortedMap(entries);
    }

    /** The entry of exactly this incarnation of the topic's partition. */
    public Optional<PartitionEntry> entry(String pipeline, SourcePartition partition) {
        return Optional.ofNullable(partitions(pipeline).get(partition));
    }

    /** The next offset to consume, or empty where the ledger does not hold the partition. */
    public OptionalLong next(String pipeline, SourcePartition partition) {
        return entry(pipeline, partition)
                .map(entry -> OptionalLong.of(entry.next()))
                .orElse(OptionalLong.empty());
    }

    /** The id of the topic's incarnation that this pipeline consumed, if it consumed any. */
    public Optional<String> topicId(String pipeline, String topic) {
        return partitions(pipeline).keySet().stream()
                .filter(partition -> partition.topic().equals(topic))
                .map(SourcePartition::topicId)
                .findFirst();
    }

    /** This ledger with these entries of one pipeline put in place of what it held for them. */
    public Ledger with(String pipeline, Map<SourcePartition, PartitionEntry> entries) {
        if (entries.isEmpty()) {
            return this;
        }
        TreeMap<SourcePartition, PartitionEntry> merged = new TreeMap<>(partitions(pipeline));
        for (SourcePartition partition : entries.keySet()) {
            merged.keySet()
                    .removeIf(known -> known.topic().equals(partition.topic())
                            && !known.topicId().equals(partition.topicId()));
        }
        merged.putAll(entries);
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> all = new TreeMap<>(pipelines);
        all.put(pipeline, merged);
        return new Ledger(all);
    }

    /** The same offsets, and nothing known of the times up to which they are complete. */
    public Ledger withoutTimes() {
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> all = new TreeMap<>();
        pipelines.forEach((pipeline, entries) -> {
            TreeMap<SourcePartition, PartitionEntry> timeless = new TreeMap<>();
            entries.forEach((partition, entry) -> timeless.put(
                    partition, new PartitionEntry(entry.start(), entry.next(), OptionalLong.empty(), entry.gaps())));
            all.put(pipeline, timeless);
        });
        return new Ledger(all);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ledger && pipelines.equals(((Ledger) other).pipelines);
    }

    @Override
    public int hashCode() {
        return pipelines.hashCode();
    }

    @Override
    public String toString() {
        return pipelines.toString();
    }
}
