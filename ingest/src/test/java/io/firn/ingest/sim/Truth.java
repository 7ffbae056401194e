package io.firn.ingest.sim;

import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What one snapshot must show, derived from its parent's truth and its own summary alone, whatever readers of the table
 * think.
 *
 * @param ledger of the nearest ancestor that carries one
 * @param covered every partition that ever fed this line of snapshots, those of deleted topics included
 * @param watermark of the nearest ancestor that carries one
 * @param deleted rows that another engine deleted
 */
record Truth(
        Ledger ledger,
        Map<SourcePartition, PartitionEntry> covered,
        Optional<Instant> watermark,
        Set<Position> deleted) {
    static final Truth NOTHING = new Truth(Ledger.empty(), Map.of(), Optional.empty(), Set.of());

    /** After another engine's snapshot. */
    Truth without(Set<Position> rows) {
        if (rows.isEmpty()) {
            return this;
        }
        Set<Position> all = new HashSet<>(deleted);
        all.addAll(rows);
        return new Truth(ledger, covered, watermark, all);
    }

    /** After a person has said what the snapshot holds, who knows offsets and no times. */
    Truth vouchedFor() {
        return new Truth(ledger.withoutTimes(), covered, Optional.empty(), deleted);
    }

    /**
     * After a snapshot of Firn's.
     *
     * @param complain is told where the summary does not say what the snapshot added
     * @throws Violation where the ledger forgets, goes back or claims a gap that is none, or the watermark tells of
     *     more than was consumed
     */
    Truth with(Ledger next, Map<String, String> summary, Map<String, SimKafka> topics, Consumer<String> complain) {
        ledger.pipelines().forEach((pipeline, before) -> before.keySet().forEach(partition -> {
            // Under whatever name its pipeline has meanwhile.
            boolean replaced = next.pipelines().keySet().stream()
                    .flatMap(name -> next.topicId(name, partition.topic()).stream())
                    .anyMatch(id -> !id.equals(partition.topicId()));
            boolean kept = next.pipelines().values().stream().anyMatch(entries -> entries.containsKey(partition));
            if (!replaced && !kept) {
                throw new Violation("the ledger has forgotten " + partition);
            }
        }));
        Map<SourcePartition, PartitionEntry> all = new TreeMap<>(covered);
        StringBuilder ranges = new StringBuilder();
        StringBuilder skipped = new StringBuilder();
        next.pipelines()
                .forEach((pipeline, after) -> after.forEach((partition, entry) -> {
                    SimKafka.Log log = log(topics, partition);
                    PartitionEntry before = all.put(partition, entry);
                    checkEntry(partition, before, entry, log);
                    if (before != null) {
                        describe(pipeline, partition, before, entry, log, ranges, skipped);
                    }
                }));
        expectSaid(ranges, summary, LedgerKeys.RANGES, complain);
        expectSaid(skipped, summary, LedgerKeys.SKIPPED, complain);
        Optional<Instant> said =
                Optional.ofNullable(summary.get(LedgerKeys.WATERMARK)).map(Instant::parse);
        checkWatermark(next, said, topics);
        return new Truth(next, all, said, deleted);
    }

    private static void checkEntry(
            SourcePartition partition, @Nullable PartitionEntry before, PartitionEntry entry, SimKafka.Log log) {
        if (before != null && (before.next() > entry.next() || before.start() != entry.start())) {
            throw new Violation("the ledger went from " + before + " to " + entry + " for " + partition);
        }
        if (before == null && entry.start() > log.start()) {
            throw new Violation("begins after what Kafka holds: " + partition + " " + entry);
        }
        for (OffsetRange gap : entry.gaps()) {
            if (gap.end() > log.start()) {
                throw new Violation("no gap: Kafka holds records of " + partition + " " + gap);
            }
        }
        if (entry.until().isPresent() && !isCompleteUntil(entry.until().getAsLong(), entry, log)) {
            throw new Violation("not complete until then: " + partition + " " + entry);
        }
    }

    /** Whether a record of that time was consumed or, at that time or later, there was no more to consume. */
    private static boolean isCompleteUntil(long millis, PartitionEntry entry, SimKafka.Log log) {
        for (long offset = entry.next() - 1; offset >= entry.start(); offset--) {
            if (log.isRecord(offset) && log.timestamp(offset) >= millis && !isIn(entry.gaps(), offset)) {
                return true;
            }
        }
        return log.endedHereMillis(entry.next()) >= millis;
    }

    private void checkWatermark(Ledger next, Optional<Instant> said, Map<String, SimKafka> topics) {
        if (watermark.isPresent() && (said.isEmpty() || said.get().isBefore(watermark.get()))) {
            throw new Violation("the watermark went back from " + watermark + " to " + said);
        }
        if (said.equals(watermark)) {
            return;
        }
        long millis = said.orElseThrow().toEpochMilli();
        next.pipelines()
                .values()
                .forEach(entries -> entries.forEach((partition, entry) -> {
                    if (!isCompleteUntil(millis, entry, log(topics, partition))) {
                        throw new Violation("the watermark says " + said + ", and that is not true of " + partition);
                    }
                }));
    }

    /** What the snapshot added to the partition, and what of it became no row, in the words of the summary. */
    private static void describe(
            String pipeline,
            SourcePartition partition,
            PartitionEntry before,
            PartitionEntry after,
            SimKafka.Log log,
            StringBuilder ranges,
            StringBuilder skipped) {
        List<OffsetRange> gaps =
                after.gaps().subList(before.gaps().size(), after.gaps().size());
        long from = gaps.isEmpty() ? before.next() : gaps.get(gaps.size() - 1).end();
        if (from < after.next()) {
            append(ranges, pipeline, partition, "[" + from + "," + after.next() + "]");
        }
        long nullValues = 0;
        for (long offset = from; offset < after.next(); offset++) {
            nullValues += log.isNullValue(offset) ? 1 : 0;
        }
        if (nullValues > 0) {
            append(skipped, pipeline, partition, "{\"null-value\":" + nullValues + "}");
        }
    }

    private static void append(StringBuilder text, String pipeline, SourcePartition partition, String value) {
        text.append(text.length() == 0 ? "{\"" + pipeline + "\":{\"" + partition.topic() + "\":{" : ",")
                .append("\"" + partition.partition() + "\":")
                .append(value);
    }

    private static void expectSaid(
            StringBuilder expected, Map<String, String> summary, String key, Consumer<String> complain) {
        String text = expected.length() == 0 ? "{}" : expected + "}}}";
        String said = summary.getOrDefault(key, "{}");
        if (!said.equals(text)) {
            complain.accept(key + " says " + said + ", true is " + text);
        }
    }

    Set<Position> rows(Map<String, SimKafka> topics) {
        Set<Position> rows = new HashSet<>();
        covered.forEach((partition, entry) -> {
            SimKafka.Log log = log(topics, partition);
            for (long offset = entry.start(); offset < entry.next(); offset++) {
                if (log.isRecord(offset) && !log.isNullValue(offset) && !isIn(entry.gaps(), offset)) {
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
