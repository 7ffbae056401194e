package io.firn.catalog.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * For every pipeline and topic-partition that feeds a table: the next offset to consume. Immutable.
 *
 * <p>One incarnation of a topic per pipeline is consumed: an entry for another topic id replaces those of the earlier
 * incarnation, which stay known as such, with where each began and ended.
 */
public final class Ledger {
    private static final Ledger EMPTY = new Ledger(new TreeMap<>(), new TreeMap<>());

    private final SortedMap<String, SortedMap<SourcePartition, PartitionEntry>> pipelines;
    /** By pipeline and topic, the oldest first. */
    private final SortedMap<String, SortedMap<String, List<SortedMap<SourcePartition, PartitionEntry>>>> earlier;

    private Ledger(
            SortedMap<String, SortedMap<SourcePartition, PartitionEntry>> pipelines,
            SortedMap<String, SortedMap<String, List<SortedMap<SourcePartition, PartitionEntry>>>> earlier) {
        this.pipelines = pipelines;
        this.earlier = earlier;
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

    /** As {@link #entry}, of an incarnation before the one that is consumed now too. */
    public Optional<PartitionEntry> known(String pipeline, SourcePartition partition) {
        return incarnations(pipeline, partition.topic()).stream()
                .flatMap(each -> Optional.ofNullable(each.get(partition)).stream())
                .findFirst();
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

    /** The partitions of each incarnation of a topic before the one that is consumed now, the oldest first. */
    public List<SortedMap<SourcePartition, PartitionEntry>> earlier(String pipeline, String topic) {
        return earlier.getOrDefault(pipeline, new TreeMap<>()).getOrDefault(topic, List.of());
    }

    /** As {@link #earlier}, and the incarnation that is consumed now, where there is one, last. */
    public List<SortedMap<SourcePartition, PartitionEntry>> incarnations(String pipeline, String topic) {
        List<SortedMap<SourcePartition, PartitionEntry>> all = new ArrayList<>(earlier(pipeline, topic));
        TreeMap<SourcePartition, PartitionEntry> current = new TreeMap<>(partitions(pipeline));
        current.keySet().removeIf(partition -> !partition.topic().equals(topic));
        if (!current.isEmpty()) {
            all.add(java.util.Collections.unmodifiableSortedMap(current));
        }
        return all;
    }

    /** This ledger with these entries of one pipeline put in place of what it held for them. */
    public Ledger with(String pipeline, Map<SourcePartition, PartitionEntry> entries) {
        if (entries.isEmpty()) {
            return this;
        }
        TreeMap<SourcePartition, PartitionEntry> merged = new TreeMap<>(partitions(pipeline));
        TreeMap<String, TreeMap<SourcePartition, PartitionEntry>> replaced = new TreeMap<>();
        for (SourcePartition partition : entries.keySet()) {
            merged.entrySet().removeIf(known -> {
                boolean goes = known.getKey().topic().equals(partition.topic())
                        && !known.getKey().topicId().equals(partition.topicId());
                if (goes) {
                    replaced.computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
                            .put(known.getKey(), timeless(known.getValue()));
                }
                return goes;
            });
        }
        merged.putAll(entries);
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> all = new TreeMap<>(pipelines);
        all.put(pipeline, merged);
        Ledger ledger = new Ledger(all, earlier);
        for (Map.Entry<String, TreeMap<SourcePartition, PartitionEntry>> each : replaced.entrySet()) {
            ledger = ledger.withEarlier(pipeline, each.getKey(), each.getValue());
        }
        return ledger;
    }

    /** This ledger with a further incarnation of a topic, later than those that are known to be earlier. */
    Ledger withEarlier(String pipeline, String topic, SortedMap<SourcePartition, PartitionEntry> incarnation) {
        TreeMap<String, SortedMap<String, List<SortedMap<SourcePartition, PartitionEntry>>>> all =
                new TreeMap<>(earlier);
        TreeMap<String, List<SortedMap<SourcePartition, PartitionEntry>>> topics =
                new TreeMap<>(earlier.getOrDefault(pipeline, new TreeMap<>()));
        List<SortedMap<SourcePartition, PartitionEntry>> known = new ArrayList<>(earlier(pipeline, topic));
        known.add(java.util.Collections.unmodifiableSortedMap(new TreeMap<>(incarnation)));
        topics.put(topic, List.copyOf(known));
        all.put(pipeline, topics);
        return new Ledger(pipelines, all);
    }

    /** Whether the ledger knows the pipeline, by the incarnations of topics that it consumes or by earlier ones. */
    public boolean knows(String pipeline) {
        return pipelines.containsKey(pipeline) || earlier.containsKey(pipeline);
    }

    /**
     * Returns the other pipelines that consume a topic of this name, ascending. Whether it is the same incarnation does
     * not count: a pipeline that was renamed keeps to the name also where its topic was created again.
     */
    public SortedSet<String> otherReaders(String pipeline, String topic) {
        TreeSet<String> others = new TreeSet<>();
        pipelines.forEach((name, entries) -> {
            boolean reads =
                    entries.keySet().stream().anyMatch(each -> each.topic().equals(topic));
            if (reads && !name.equals(pipeline)) {
                others.add(name);
            }
        });
        return java.util.Collections.unmodifiableSortedSet(others);
    }

    /**
     * Returns this ledger with everything of one pipeline under another name, earlier incarnations included.
     *
     * @throws IllegalArgumentException if the ledger does not know the old name or knows the new one
     */
    public Ledger renamed(String from, String to) {
        if (!knows(from) || knows(to)) {
            throw new IllegalArgumentException("cannot rename " + from + " to " + to + " in " + this);
        }
        return new Ledger(renamed(pipelines, from, to), renamed(earlier, from, to));
    }

    private static <V> SortedMap<String, V> renamed(SortedMap<String, V> byName, String from, String to) {
        TreeMap<String, V> all = new TreeMap<>(byName);
        V moved = all.remove(from);
        if (moved != null) {
            all.put(to, moved);
        }
        return all;
    }

    /** The same offsets, and nothing known of the times up to which they are complete. */
    public Ledger withoutTimes() {
        TreeMap<String, SortedMap<SourcePartition, PartitionEntry>> all = new TreeMap<>();
        pipelines.forEach((pipeline, entries) -> {
            TreeMap<SourcePartition, PartitionEntry> timeless = new TreeMap<>();
            entries.forEach((partition, entry) -> timeless.put(partition, timeless(entry)));
            all.put(pipeline, timeless);
        });
        return new Ledger(all, earlier);
    }

    private static PartitionEntry timeless(PartitionEntry entry) {
        return new PartitionEntry(entry.start(), entry.next(), OptionalLong.empty(), entry.gaps(), entry.rows());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ledger
                && pipelines.equals(((Ledger) other).pipelines)
                && earlier.equals(((Ledger) other).earlier);
    }

    @Override
    public int hashCode() {
        return Objects.hash(pipelines, earlier);
    }

    @Override
    public String toString() {
        return earlier.isEmpty() ? pipelines.toString() : pipelines + " after " + earlier;
    }
}
