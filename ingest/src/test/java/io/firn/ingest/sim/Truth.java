package io.firn.ingest.sim;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one snapshot must show, derived from its parent's truth and its own summary alone, whatever readers of the table
 * think.
 *
 * @param ledger of the nearest ancestor that carries one
 * @param covered every partition that ever fed this line of snapshots, those of deleted topics included
 * @param deleted rows that another engine deleted
 */
record Truth(Ledger ledger, Map<SourcePartition, PartitionEntry> covered, Set<Position> deleted) {
    static final Truth NOTHING = new Truth(Ledger.empty(), Map.of(), Set.of());

    /** After another engine's snapshot. */
    Truth without(Set<Position> rows) {
        if (rows.isEmpty()) {
            return this;
        }
        Set<Position> all = new HashSet<>(deleted);
        all.addAll(rows);
        return new Truth(ledger, covered, all);
    }

    /**
     * After a snapshot of Firn's.
     *
     * @throws AssertionError where the ledger forgets, goes back or claims a gap that is none
     */
    Truth with(Ledger next, Map<String, SimKafka> topics) {
        Map<SourcePartition, PartitionEntry> all = new TreeMap<>(covered);
        ledger.pipelines().forEach((pipeline, before) -> before.keySet().forEach(partition -> {
            boolean replaced = next.topicId(pipeline, partition.topic())
                    .filter(id -> !id.equals(partition.topicId()))
                    .isPresent();
            if (!replaced && next.entry(pipeline, partition).isEmpty()) {
                throw new AssertionError("the ledger has forgotten " + partition);
            }
        }));
        next.pipelines().forEach((pipeline, after) -> check(after, topics, all));
        return new Truth(next, all, deleted);
    }

    private static void check(
            SortedMap<SourcePartition, PartitionEntry> after,
            Map<String, SimKafka> topics,
            Map<SourcePartition, PartitionEntry> all) {
        after.forEach((partition, entry) -> {
            SimKafka.Log log = log(topics, partition);
            PartitionEntry before = all.put(partition, entry);
            if (before != null && (before.next() > entry.next() || before.start() != entry.start())) {
                throw new AssertionError("the ledger went from " + before + " to " + entry + " for " + partition);
            }
            if (before == null && entry.start() > log.start()) {
                throw new AssertionError("begins after what Kafka holds: " + partition + " " + entry);
            }
            for (OffsetRange gap : entry.gaps()) {
                if (gap.end() > log.start()) {
                    throw new AssertionError("no gap: Kafka holds records of " + partition + " " + gap);
                }
            }
        });
    }

    Set<Position> rows(Map<String, SimKafka> topics) {
        Set<Position> rows = new HashSet<>();
        covered.forEach((partition, entry) -> {
            SimKafka.Log log = log(topics, partition);
            for (long offset = entry.start(); offset < entry.next(); offset++) {
                if (log.isRecord(offset) && !isIn(entry.gaps(), offset)) {
                    rows.add(new Position(partition, offset));
                }
            }
        });
        rows.removeAll(deleted);
        return rows;
    }

    private static boolean isIn(Iterable<OffsetRange> gaps, long offset) {
        for (OffsetRange gap : gaps) {
            if (offset >= gap.start() && offset < gap.end()) {
                return true;
            }
        }
        return false;
    }

    private static SimKafka.Log log(Map<String, SimKafka> topics, SourcePartition partition) {
        return Objects.requireNonNull(topics.get(partition.topic()), partition::toString)
                .log(partition);
    }
}
