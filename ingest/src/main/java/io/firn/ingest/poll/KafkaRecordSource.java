package io.firn.ingest.poll;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.TopicSelection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka consumer as a {@link RecordSource}. A partition is sought to 0 and paused the moment it is assigned: a position
 * that is set keeps the client from looking for group offsets, and a paused partition delivers nothing.
 */
final class KafkaRecordSource implements RecordSource {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaRecordSource.class);

    /** A revocation holds up the whole group: well below the client's max.poll.interval of five minutes. */
    private static final Duration REVOCATION_TIME = Duration.ofSeconds(30);

    private final int worker;
    private final TopicSelection selection;
    private final ClientProperties properties;
    private final KafkaTopics topics;
    private final Outage outage = new Outage("Kafka", LOG::warn);
    private final CountDownLatch woken = new CountDownLatch(1);
    private final Map<TopicPartition, SourcePartition> held = new HashMap<>();
    private final Set<TopicPartition> unnamed = new HashSet<>();
    private final Map<SourcePartition, Long> next = new TreeMap<>();
    private volatile @Nullable KafkaConsumer<ByteBuffer, ByteBuffer> consumer;
    private @Nullable AssignmentListener listener;
    private boolean paused;

    KafkaRecordSource(int worker, TopicSelection selection, ClientProperties properties, KafkaTopics topics) {
        this.worker = worker;
        this.selection = selection;
        this.properties = properties;
        this.topics = topics;
    }

    @Override
    public int poll(Duration timeout, AssignmentListener assignments, RecordConsumer records) {
        KafkaConsumer<ByteBuffer, ByteBuffer> client = joined(timeout);
        if (client == null) {
            return 0;
        }
        listener = assignments;
        ConsumerRecords<ByteBuffer, ByteBuffer> polled;
        try {
            polled = client.poll(unnamed.isEmpty() ? timeout : Duration.ZERO);
        } catch (WakeupException wake) {
            return 0;
        } catch (OffsetOutOfRangeException gone) {
            throwIfGap(client, gone);
            return 0;
        } catch (RetriableException away) {
            outage.met(away.toString());
            return 0;
        } catch (KafkaException failure) {
            throw KafkaFailures.translated(failure, "poll", properties.brokers());
        } finally {
            listener = null;
        }
        int delivered = deliver(polled, records);
        nameAssigned(assignments);
        return delivered;
    }

    private int deliver(ConsumerRecords<ByteBuffer, ByteBuffer> polled, RecordConsumer records) {
        int delivered = 0;
        for (TopicPartition key : polled.partitions()) {
            SourcePartition partition = held.get(key);
            if (partition == null || !next.containsKey(partition)) {
                continue;
            }
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> batch = polled.records(key);
            for (int i = 0; i < batch.size(); i++) {
                hand(partition, batch.get(i), records);
                delivered++;
            }
        }
        for (Map.Entry<TopicPartition, OffsetAndMetadata> advanced :
                polled.nextOffsets().entrySet()) {
            SourcePartition partition = held.get(advanced.getKey());
            if (partition != null) {
                long to = advanced.getValue().offset();
                next.computeIfPresent(partition, (known, from) -> Math.max(from, to));
            }
        }
        return delivered;
    }

    private static void hand(
            SourcePartition partition, ConsumerRecord<ByteBuffer, ByteBuffer> record, RecordConsumer records) {
        ByteBuffer value = record.value();
        if (value == null) {
            records.record(partition, record.offset(), record.timestamp(), new byte[0], 0, -1);
        } else if (value.hasArray()) {
            records.record(
                    partition,
                    record.offset(),
                    record.timestamp(),
                    value.array(),
                    value.arrayOffset() + value.position(),
                    value.remaining());
        } else {
            byte[] copy = new byte[value.remaining()];
            value.duplicate().get(copy);
            records.record(partition, record.offset(), record.timestamp(), copy, 0, copy.length);
        }
    }

    /** The ids of what was assigned come from the admin client, which may not answer at once: then at the next poll. */
    private void nameAssigned(AssignmentListener assignments) {
        if (unnamed.isEmpty()) {
            return;
        }
        Set<String> names = new TreeSet<>();
        unnamed.forEach(key -> names.add(key.topic()));
        Map<String, String> ids;
        try {
            ids = topics.ids(names);
            outage.over();
        } catch (FirnException failure) {
            if (failure.kind() != FirnException.Kind.EXTERNAL) {
                throw failure;
            }
            outage.met(String.valueOf(failure.getMessage()));
            return;
        }
        Set<SourcePartition> named = new TreeSet<>();
        for (TopicPartition key : Set.copyOf(unnamed)) {
            String id = ids.get(key.topic());
            if (id != null) {
                SourcePartition partition = new SourcePartition(key.topic(), id, key.partition());
                unnamed.remove(key);
                held.put(key, partition);
                named.add(partition);
            }
        }
        if (!named.isEmpty()) {
            assignments.assigned(named);
        }
    }

    private void throwIfGap(KafkaConsumer<ByteBuffer, ByteBuffer> client, OffsetOutOfRangeException gone) {
        for (Map.Entry<TopicPartition, Long> entry :
                gone.offsetOutOfRangePartitions().entrySet()) {
            SourcePartition partition = held.get(entry.getKey());
            if (partition == null || !next.containsKey(partition)) {
                continue;
            }
            long expected = next.getOrDefault(partition, entry.getValue());
            OffsetRange bounds = topics.bounds(Set.of(partition)).get(partition);
            if (bounds == null) {
                return;
            }
            if (gone instanceof LogTruncationException) {
                OffsetAndMetadata divergent =
                        ((LogTruncationException) gone).divergentOffsets().get(entry.getKey());
                long end = divergent == null ? bounds.start() : Math.max(bounds.start(), divergent.offset());
                throw new OffsetGapException(partition, expected, new OffsetRange(bounds.start(), end));
            }
            if (expected < bounds.start() || expected > bounds.end()) {
                throw new OffsetGapException(partition, expected, bounds);
            }
            client.seek(entry.getKey(), expected);
        }
    }

    private @Nullable KafkaConsumer<ByteBuffer, ByteBuffer> joined(Duration timeout) {
        if (consumer == null) {
            try {
                boolean protocol = properties.namesProtocol()
                        ? properties.wantsConsumerProtocol()
                        : topics.consumerProtocolOffered();
                consumer = subscribed(protocol);
                outage.over();
            } catch (FirnException failure) {
                if (failure.kind() != FirnException.Kind.EXTERNAL) {
                    throw failure;
                }
                outage.met(String.valueOf(failure.getMessage()));
                pause(timeout);
            }
        }
        return consumer;
    }

    private void pause(Duration timeout) {
        try {
            if (woken.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("worker {} woken before it could join its group", worker);
            }
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
    }

    private KafkaConsumer<ByteBuffer, ByteBuffer> subscribed(boolean protocol) {
        try {
            KafkaConsumer<ByteBuffer, ByteBuffer> client = new KafkaConsumer<>(properties.consumer(worker, protocol));
            ConsumerRebalanceListener rebalances = new Rebalances(client);
            if (selection.pattern().isPresent()) {
                client.subscribe(selection.pattern().get(), rebalances);
            } else {
                client.subscribe(selection.names(), rebalances);
            }
            return client;
        } catch (KafkaException failure) {
            throw KafkaFailures.translated(failure, "join the group", properties.brokers());
        }
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        private final KafkaConsumer<ByteBuffer, ByteBuffer> client;

        Rebalances(KafkaConsumer<ByteBuffer, ByteBuffer> client) {
            this.client = client;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            client.pause(partitions);
            partitions.forEach(partition -> client.seek(partition, 0));
            unnamed.addAll(partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            Set<SourcePartition> leaving = known(partitions);
            AssignmentListener told = listener;
            try {
                if (told != null && !leaving.isEmpty()) {
                    told.revoking(leaving, REVOCATION_TIME);
                }
            } finally {
                forget(partitions);
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            Set<SourcePartition> leaving = known(partitions);
            forget(partitions);
            AssignmentListener told = listener;
            if (told != null && !leaving.isEmpty()) {
                told.lost(leaving);
            }
        }

        private Set<SourcePartition> known(Collection<TopicPartition> partitions) {
            Set<SourcePartition> known = new TreeSet<>();
            for (TopicPartition key : partitions) {
                SourcePartition partition = held.get(key);
                if (partition != null) {
                    known.add(partition);
                }
            }
            return known;
        }

        private void forget(Collection<TopicPartition> partitions) {
            for (TopicPartition key : partitions) {
                unnamed.remove(key);
                SourcePartition partition = held.remove(key);
                if (partition != null) {
                    next.remove(partition);
                }
            }
        }
    }

    @Override
    public void seek(SourcePartition partition, long offset) {
        TopicPartition key = new TopicPartition(partition.topic(), partition.partition());
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        SourcePartition before = held.get(key);
        if (client == null || before == null) {
            throw new IllegalStateException(partition + " is not assigned");
        }
        next.remove(before);
        held.put(key, partition);
        next.put(partition, offset);
        client.seek(key, offset);
        if (!paused) {
            client.resume(Set.of(key));
        }
    }

    @Override
    public Map<SourcePartition, Long> positions() {
        return new TreeMap<>(next);
    }

    @Override
    public void pauseAll() {
        paused = true;
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            client.pause(client.assignment());
        }
    }

    @Override
    public void resumeAll() {
        paused = false;
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            Set<TopicPartition> sought = new HashSet<>();
            next.keySet().forEach(known -> sought.add(new TopicPartition(known.topic(), known.partition())));
            client.resume(sought);
        }
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
    public Set<SourcePartition> partitions() {
        return topics.partitions();
    }

    @Override
    public void reportCommitted(Map<SourcePartition, Long> committed) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        committed.forEach((partition, offset) -> {
            TopicPartition key = new TopicPartition(partition.topic(), partition.partition());
            if (partition.equals(held.get(key))) {
                offsets.put(key, new OffsetAndMetadata(offset));
            }
        });
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null && !offsets.isEmpty()) {
            client.commitAsync(offsets, (reported, failure) -> {
                if (failure != null) {
                    LOG.debug("group offsets were not reported: {}", failure.toString());
                }
            });
        }
    }

    @Override
    public void wakeUp() {
        woken.countDown();
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            client.wakeup();
        }
    }

    @Override
    public void close() {
        listener = null;
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            consumer = null;
            client.close(CloseOptions.timeout(Duration.ofSeconds(5)));
        }
    }
}
