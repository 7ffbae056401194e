package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What Kafka holds above a table's ledger: records that are not in the table yet, or never will be if nobody reads.
 *
 * @param partitions those that have such records, with how many offsets and when the oldest was produced
 * @param unknown why it is not known; empty text if it is
 */
record AboveLedger(SortedMap<SourcePartition, Waiting> partitions, String unknown) {
    private static final long FETCH_BYTES = 1L << 20;
    private static final Duration POLL = Duration.ofMillis(500);

    /** Ten seconds at most: the age of the oldest record is worth no more. */
    private static final int MAX_POLLS = 20;

    /** @param oldest Kafka's time of the first record; empty if there is none but transaction markers, or it did not come */
    record Waiting(long offsets, Optional<Instant> oldest) {}

    /** @param kafka client properties */
    static AboveLedger read(String pipeline, TopicSelection topics, Map<String, String> kafka, Ledger ledger) {
        try (KafkaSources sources = KafkaSources.withoutGroup(pipeline, topics, new HashMap<>(kafka), FETCH_BYTES);
                SpanSource spans = sources.spans()) {
            Map<SourcePartition, OffsetRange> above = new HashMap<>();
            spans.bounds(sources.partitions()).forEach((partition, held) -> {
                long next =
                        Math.max(held.start(), ledger.next(pipeline, partition).orElse(held.start()));
                if (next < held.end()) {
                    above.put(partition, new OffsetRange(next, held.end()));
                }
            });
            Map<SourcePartition, Instant> oldest = oldest(spans, above);
            TreeMap<SourcePartition, Waiting> waiting = new TreeMap<>();
            above.forEach((partition, range) -> waiting.put(
                    partition, new Waiting(range.end() - range.start(), Optional.ofNullable(oldest.get(partition)))));
            return new AboveLedger(waiting, "");
        } catch (FirnException failed) {
            return new AboveLedger(new TreeMap<>(), failed.what());
        }
    }

    private static Map<SourcePartition, Instant> oldest(SpanSource spans, Map<SourcePartition, OffsetRange> above) {
        Map<SourcePartition, Instant> oldest = new HashMap<>();
        if (above.isEmpty()) {
            return oldest;
        }
        spans.begin(above);
        for (int poll = 0; poll < MAX_POLLS && oldest.size() < above.size(); poll++) {
            spans.poll(POLL, (partition, offset, timestampMillis, bytes, start, length, key) -> {
                if (timestampMillis != RecordConsumer.NO_TIMESTAMP) {
                    oldest.putIfAbsent(partition, Instant.ofEpochMilli(timestampMillis));
                }
            });
        }
        return oldest;
    }

    long offsets() {
        return partitions.values().stream().mapToLong(Waiting::offsets).sum();
    }

    Optional<Instant> oldest() {
        return partitions.values().stream()
                .flatMap(waiting -> waiting.oldest().stream())
                .min(Instant::compareTo);
    }
}
