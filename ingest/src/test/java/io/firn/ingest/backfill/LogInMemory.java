package io.firn.ingest.backfill;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.SpanSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A topic as Kafka would hold it, with offsets that it does not deliver; each record's time is its offset. */
final class LogInMemory {
    private static final int A_POLL = 7;

    private final Map<SourcePartition, TreeMap<Long, @Nullable String>> records = new TreeMap<>();
    private final Map<SourcePartition, Long> starts = new TreeMap<>();
    private final Map<SourcePartition, Long> ends = new TreeMap<>();
    private final Map<String, String> ids = new TreeMap<>();

    void create(SourcePartition partition) {
        records.put(partition, new TreeMap<>());
        starts.put(partition, 0L);
        ends.put(partition, 0L);
        ids.put(partition.topic(), partition.topicId());
    }

    /** @param value null for a record without one */
    void put(SourcePartition partition, @Nullable String value) {
        of(partition).put(ends.merge(partition, 1L, Long::sum) - 1, value);
    }

    /** An offset that is never delivered, as a transaction's marker. */
    void skip(SourcePartition partition) {
        ends.merge(partition, 1L, Long::sum);
    }

    /** As log compaction does. */
    void compactAway(SourcePartition partition, long offset) {
        of(partition).remove(offset);
    }

    void deleteBefore(SourcePartition partition, long offset) {
        starts.put(partition, offset);
        of(partition).headMap(offset).clear();
    }

    void recreate(String topic, String id) {
        ids.put(topic, id);
    }

    void replaceAll(java.util.function.UnaryOperator<String> changed) {
        records.values().forEach(all -> all.replaceAll((offset, value) -> value == null ? null : changed.apply(value)));
    }

    long end(SourcePartition partition) {
        return ends.getOrDefault(partition, 0L);
    }

    boolean holds(SourcePartition partition, long offset) {
        return of(partition).containsKey(offset);
    }

    TreeMap<Long, @Nullable String> of(SourcePartition partition) {
        return java.util.Objects.requireNonNull(records.get(partition));
    }

    SpanSource source() {
        return new Source();
    }

    private final class Source implements SpanSource {
        private final Map<SourcePartition, OffsetRange> spans = new TreeMap<>();
        private final Map<SourcePartition, Long> next = new TreeMap<>();

        @Override
        public void begin(Map<SourcePartition, OffsetRange> wanted) {
            spans.clear();
            next.clear();
            spans.putAll(wanted);
            wanted.forEach((partition, span) -> next.put(partition, span.start()));
        }

        @Override
        public int poll(Duration timeout, RecordConsumer consumer) {
            int delivered = 0;
            for (Map.Entry<SourcePartition, OffsetRange> each : spans.entrySet()) {
                SourcePartition partition = each.getKey();
                long at = next.getOrDefault(partition, 0L);
                long start = starts.getOrDefault(partition, 0L);
                if (at < each.getValue().end() && at < start) {
                    throw new OffsetGapException(partition, at, new OffsetRange(start, end(partition)));
                }
                for (int i = 0; i < A_POLL && at < each.getValue().end() && at < end(partition); at++, i++) {
                    if (holds(partition, at)) {
                        hand(partition, at, consumer);
                        delivered++;
                    }
                }
                next.put(partition, at);
            }
            return delivered;
        }

        private void hand(SourcePartition partition, long at, RecordConsumer consumer) {
            String value = of(partition).get(at);
            byte[] bytes = value == null ? new byte[0] : value.getBytes(StandardCharsets.UTF_8);
            ByteBuffer key = StandardCharsets.UTF_8.encode("{\"id\":" + at + "}");
            consumer.record(partition, at, at, bytes, 0, value == null ? -1 : bytes.length, key);
        }

        @Override
        public Map<SourcePartition, Long> positions() {
            return new TreeMap<>(next);
        }

        @Override
        public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
            Map<SourcePartition, OffsetRange> bounds = new HashMap<>();
            partitions.forEach(partition ->
                    bounds.put(partition, new OffsetRange(starts.getOrDefault(partition, 0L), end(partition))));
            return bounds;
        }

        @Override
        public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
            Map<SourcePartition, Long> offsets = new HashMap<>();
            partitions.forEach(partition -> {
                Long found = of(partition).ceilingKey(timestampMillis);
                offsets.put(partition, found == null ? end(partition) : found);
            });
            return offsets;
        }

        @Override
        public Map<String, String> topicIds(Set<String> topics) {
            Map<String, String> found = new TreeMap<>(ids);
            found.keySet().retainAll(topics);
            return found;
        }

        @Override
        public void close() {}
    }
}
