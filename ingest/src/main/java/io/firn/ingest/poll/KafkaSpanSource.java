package io.firn.ingest.poll;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.SpanSource;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Kafka consumer of no group that reads what it is told to, committed transactions only. */
final class KafkaSpanSource implements SpanSource {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaSpanSource.class);

    /** A position that was sought is known at once; this is for the client's own book-keeping. */
    private static final Duration POSITION_TIME = Duration.ofSeconds(5);

    private final ClientProperties properties;
    private final KafkaTopics topics;
    private final PollBudget budget;
    private final Outage outage = new Outage("Kafka, for a backfill", LOG::warn);
    private final Map<TopicPartition, SourcePartition> names = new HashMap<>();
    private final Map<TopicPartition, OffsetRange> spans = new HashMap<>();
    private final Map<TopicPartition, Long> next = new HashMap<>();
    private @Nullable KafkaConsumer<ByteBuffer, ByteBuffer> consumer;

    KafkaSpanSource(ClientProperties properties, KafkaTopics topics) {
        this.properties = properties;
        this.topics = topics;
        this.budget = properties.pollBudget();
    }

    @Override
    public void begin(Map<SourcePartition, OffsetRange> wanted) {
        names.clear();
        spans.clear();
        next.clear();
        wanted.forEach((partition, span) -> {
            TopicPartition key = HeldPartitions.key(partition);
            names.put(key, partition);
            spans.put(key, span);
            next.put(key, span.start());
        });
        KafkaConsumer<ByteBuffer, ByteBuffer> client = client();
        List<TopicPartition> unfinished =
                spans.keySet().stream().filter(key -> !isDone(key)).toList();
        client.assign(unfinished);
        unfinished.forEach(key -> client.seek(key, at(key)));
    }

    @Override
    public int poll(Duration timeout, RecordConsumer records) {
        KafkaConsumer<ByteBuffer, ByteBuffer> client = client();
        if (client.assignment().isEmpty()) {
            return 0;
        }
        ConsumerRecords<ByteBuffer, ByteBuffer> polled;
        budget.reset();
        try {
            polled = client.poll(timeout);
        } catch (OffsetOutOfRangeException gone) {
            throwIfGap(client, gone);
            return 0;
        } catch (RetriableException away) {
            outage.met(away.toString());
            return 0;
        } catch (KafkaException failure) {
            throw KafkaFailures.translated(failure, "poll for a backfill", properties.brokers());
        } catch (OutOfMemoryError none) {
            throw new LargeRecordSearch(properties, (partition, offset, timestamp, bytes, start, length, key) -> {})
                    .from(unfinished(), none)
                    .orElseThrow(() -> none);
        }
        int delivered = 0;
        for (TopicPartition key : polled.partitions()) {
            delivered += deliver(key, polled.records(key), records);
        }
        advance(client);
        return delivered;
    }

    private int deliver(
            TopicPartition key, List<ConsumerRecord<ByteBuffer, ByteBuffer>> batch, RecordConsumer records) {
        SourcePartition partition = names.get(key);
        OffsetRange span = spans.get(key);
        if (partition == null || span == null) {
            return 0;
        }
        int delivered = 0;
        for (ConsumerRecord<ByteBuffer, ByteBuffer> record : batch) {
            if (record.offset() >= span.start() && record.offset() < span.end()) {
                KafkaRecordSource.hand(partition, record, records);
                delivered++;
            }
        }
        return delivered;
    }

    /** Past markers and aborted records as well, which come with no record at the end of a span. */
    private void advance(KafkaConsumer<ByteBuffer, ByteBuffer> client) {
        try {
            boolean ended = false;
            for (TopicPartition key : client.assignment()) {
                next.put(key, client.position(key, POSITION_TIME));
                ended |= isDone(key);
            }
            outage.over();
            if (ended) {
                // Its records would only be fetched to be dropped. Positions of the others outlive the change.
                client.assign(
                        client.assignment().stream().filter(key -> !isDone(key)).toList());
            }
        } catch (RetriableException away) {
            outage.met(away.toString());
        } catch (KafkaException failure) {
            throw KafkaFailures.translated(failure, "poll for a backfill", properties.brokers());
        }
    }

    private void throwIfGap(KafkaConsumer<ByteBuffer, ByteBuffer> client, OffsetOutOfRangeException gone) {
        for (TopicPartition key : gone.offsetOutOfRangePartitions().keySet()) {
            SourcePartition partition = names.get(key);
            OffsetRange held =
                    partition == null ? null : topics.bounds(Set.of(partition)).get(partition);
            if (partition == null || held == null) {
                continue;
            }
            if (at(key) < held.start() || at(key) > held.end()) {
                throw new OffsetGapException(partition, at(key), held);
            }
            client.seek(key, at(key));
        }
    }

    private Map<SourcePartition, Long> unfinished() {
        Map<SourcePartition, Long> positions = new TreeMap<>();
        names.forEach((key, partition) -> {
            if (!isDone(key)) {
                positions.put(partition, at(key));
            }
        });
        return positions;
    }

    @Override
    public Map<SourcePartition, Long> positions() {
        Map<SourcePartition, Long> positions = new TreeMap<>();
        names.forEach((key, partition) -> {
            OffsetRange span = spans.get(key);
            positions.put(partition, span == null ? at(key) : Math.min(span.end(), at(key)));
        });
        return positions;
    }

    @Override
    public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
        return topics.bounds(partitions);
    }

    @Override
    public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
        return topics.offsetsAt(partitions, timestampMillis);
    }

    @Override
    public Map<String, String> topicIds(Set<String> wanted) {
        return topics.ids(wanted);
    }

    private boolean isDone(TopicPartition key) {
        OffsetRange span = spans.get(key);
        return span == null || at(key) >= span.end();
    }

    private long at(TopicPartition key) {
        return next.getOrDefault(key, 0L);
    }

    private KafkaConsumer<ByteBuffer, ByteBuffer> client() {
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client == null) {
            try {
                client = properties.open(properties.withoutGroup(), budget);
            } catch (KafkaException failure) {
                throw KafkaFailures.translated(failure, "open a consumer", properties.brokers());
            }
            consumer = client;
        }
        return client;
    }

    @Override
    public void close() {
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            try {
                client.close(CloseOptions.timeout(Duration.ofSeconds(1)));
            } catch (KafkaException failure) {
                LOG.debug("a consumer did not close", failure);
            }
        }
    }
}
