package io.firn.deploy.rebuild;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.SpanSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** A topic of two partitions with retention and compaction, and the fold of all that was ever sent to it. */
final class MemoryTopic {
    static final String NAME = "orders";
    static final String ID = "topic-id";
    static final int PARTITIONS = 2;
    private static final int MOST_AT_ONCE = 7;

    /** One record; timestamps grow with each record of the topic, so the last one sent wins. */
    record Sent(long id, int partition, long offset, long time, OptionalLong value) {}

    private final List<Sent> sent = new ArrayList<>();
    private final long[] ends = new long[PARTITIONS];
    private final long[] begins = new long[PARTITIONS];
    private final Set<Sent> compacted = new HashSet<>();

    static SourcePartition partition(int number) {
        return new SourcePartition(NAME, ID, number);
    }

    void send(long id, int partition, OptionalLong value) {
        sent.add(new Sent(id, partition, ends[partition]++, 1_000 + sent.size(), value));
    }

    long end(int partition) {
        return ends[partition];
    }

    /** Kafka drops records below the offset. */
    void retain(int partition, long from) {
        begins[partition] = from;
    }

    /** Kafka drops what a later record of the key, in the same partition, makes superfluous. */
    void compact() {
        Map<String, Sent> last = new HashMap<>();
        for (Sent each : sent) {
            Sent before = last.put(each.partition() + ":" + each.id(), each);
            if (before != null) {
                compacted.add(before);
            }
        }
    }

    /** Records that Kafka holds of a span, in order. */
    List<Sent> held(int partition, OffsetRange span) {
        return sent.stream()
                .filter(each -> each.partition() == partition
                        && each.offset() >= Math.max(span.start(), begins[partition])
                        && each.offset() < span.end()
                        && !compacted.contains(each))
                .toList();
    }

    /** Value by key as the keyed table has to show them. */
    SortedMap<Long, Long> fold() {
        TreeMap<Long, Long> rows = new TreeMap<>();
        for (Sent each : sent) {
            if (each.value().isPresent()) {
                rows.put(each.id(), each.value().getAsLong());
            } else {
                rows.remove(each.id());
            }
        }
        return rows;
    }

    static void deliver(Sent record, RecordSource.RecordConsumer consumer) {
        byte[] value = record.value().isPresent()
                ? ("{\"id\": " + record.id() + ", \"n\": " + record.value().getAsLong() + "}")
                        .getBytes(StandardCharsets.UTF_8)
                : new byte[0];
        consumer.record(
                partition(record.partition()),
                record.offset(),
                record.time(),
                value,
                0,
                record.value().isPresent() ? value.length : -1,
                ByteBuffer.wrap(Long.toString(record.id()).getBytes(StandardCharsets.UTF_8)));
    }

    SpanSource source() {
        return new Source();
    }

    private final class Source implements SpanSource {
        private final TreeMap<SourcePartition, OffsetRange> left = new TreeMap<>();

        @Override
        public void begin(Map<SourcePartition, OffsetRange> spans) {
            left.clear();
            left.putAll(spans);
        }

        @Override
        public int poll(Duration timeout, RecordSource.RecordConsumer consumer) {
            for (Map.Entry<SourcePartition, OffsetRange> each : left.entrySet()) {
                int partition = each.getKey().partition();
                OffsetRange span = each.getValue();
                if (span.isEmpty()) {
                    continue;
                }
                if (span.start() < begins[partition]) {
                    throw new OffsetGapException(
                            each.getKey(), span.start(), new OffsetRange(begins[partition], ends[partition]));
                }
                List<Sent> records = held(partition, span);
                List<Sent> now = records.subList(0, Math.min(MOST_AT_ONCE, records.size()));
                now.forEach(record -> deliver(record, consumer));
                long next = now.size() == records.size()
                        ? span.end()
                        : now.get(now.size() - 1).offset() + 1;
                each.setValue(new OffsetRange(next, span.end()));
                return now.size();
            }
            return 0;
        }

        @Override
        public Map<SourcePartition, Long> positions() {
            Map<SourcePartition, Long> positions = new TreeMap<>();
            left.forEach((partition, span) -> positions.put(partition, span.start()));
            return positions;
        }

        @Override
        public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
            Map<SourcePartition, OffsetRange> bounds = new TreeMap<>();
            partitions.forEach(partition ->
                    bounds.put(partition, new OffsetRange(begins[partition.partition()], ends[partition.partition()])));
            return bounds;
        }

        @Override
        public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
            return Map.of();
        }

        @Override
        public Map<String, String> topicIds(Set<String> topics) {
            return topics.contains(NAME) ? Map.of(NAME, ID) : Map.of();
        }

        @Override
        public void close() {}
    }

    /** The last record of a key, for messages. */
    Optional<Sent> last(long id) {
        return sent.stream().filter(each -> each.id() == id).reduce((one, other) -> other);
    }
}
