package io.firn.compaction;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * A topic from its creation to its deletion, as a staging table knows it, and how far the keyed table is with it. The
 * merge takes incarnations in one by one, the oldest first, so one id in the keyed table's ledger tells it of all.
 * Pure.
 *
 * @param partitions what staging's ledger holds, or held, of each
 */
public record Incarnation(SortedMap<SourcePartition, PartitionEntry> partitions, Standing standing) {
    public enum Standing {
        /** The keyed table went on to a later one, which it does only after the last record. */
        MERGED,
        /** The keyed table's ledger holds its partitions. */
        BEGUN,
        WAITING
    }

    /** Those of one topic, the oldest first. */
    public static List<Incarnation> of(Ledger staging, Ledger keyed, String pipeline, String topic) {
        List<SortedMap<SourcePartition, PartitionEntry>> all = staging.incarnations(pipeline, topic);
        Optional<String> merging = keyed.topicId(pipeline, topic);
        int begun = -1;
        for (int i = 0; i < all.size(); i++) {
            if (merging.equals(Optional.of(all.get(i).firstKey().topicId()))) {
                begun = i;
            }
        }
        // Where staging was rolled back it may not know the one that is being merged any more.
        Set<SourcePartition> left = new HashSet<>();
        keyed.earlier(pipeline, topic).forEach(each -> left.addAll(each.keySet()));
        List<Incarnation> incarnations = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            boolean isMerged =
                    i < begun || !Collections.disjoint(left, all.get(i).keySet());
            Standing standing = i == begun ? Standing.BEGUN : isMerged ? Standing.MERGED : Standing.WAITING;
            incarnations.add(new Incarnation(all.get(i), standing));
        }
        return incarnations;
    }

    /** Names of the topics that a pipeline stages, ascending. */
    public static List<String> topics(Ledger staging, String pipeline) {
        TreeSet<String> topics = new TreeSet<>();
        staging.partitions(pipeline).keySet().forEach(partition -> topics.add(partition.topic()));
        return List.copyOf(topics);
    }

    /** How many offsets are staged and not merged. */
    public long waiting(Ledger keyed, String pipeline) {
        long waiting = 0;
        if (standing != Standing.MERGED) {
            for (Map.Entry<SourcePartition, PartitionEntry> each : partitions.entrySet()) {
                waiting += Math.max(0, each.getValue().next() - from(keyed, pipeline, each));
            }
        }
        return waiting;
    }

    /** Where a partition that the keyed table does not know begins is where staging began to cover it. */
    public static long from(Ledger keyed, String pipeline, Map.Entry<SourcePartition, PartitionEntry> staged) {
        return keyed.next(pipeline, staged.getKey()).orElse(staged.getValue().start());
    }
}
