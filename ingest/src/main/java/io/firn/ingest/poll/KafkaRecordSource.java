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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka consumer as a {@link RecordSource}. A partition is sought to 0 and paused the moment it is assigned: a
 * position that is set keeps the client from looking for group offsets, and a paused partition delivers nothing.
 */
final class KafkaRecordSource implements RecordSource {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaRecordSource.class);

    /** A revocation holds up the whole group: well below the client's max.poll.interval of five minutes. */
    private static final Duration REVOCATION_TIME = Duration.ofSeconds(30);

    private static final Duration CLOSE_TIME = Duration.ofSeconds(5);

    /** A request that the client refuses so often is wrong itself: its partitions did not come and go each time. */
    private static final int MAX_REFUSALS = 5;

    private static final byte[] NO_VALUE = new byte[0];

    private final int worker;
    private final ReaderIdentity identity;
    private final TopicSelection selection;
    private final ClientProperties properties;
    private final KafkaTopics topics;
    private final PollBudget budget;
    private final Outage outage;
    private final CountDownLatch woken = new CountDownLatch(1);
    private final HeldPartitions held = new HeldPartitions();
    private final Membership membership = new Membership(System::nanoTime);
    private volatile @Nullable KafkaConsumer<ByteBuffer, ByteBuffer> consumer;
    private @Nullable AssignmentListener listener;
    private boolean paused;
    private boolean isStatic = true;

    /** @param outages receives when Kafka does not answer */
    KafkaRecordSource(
            int worker,
            ReaderIdentity identity,
            TopicSelection selection,
            ClientProperties properties,
            KafkaTopics topics,
            Outage.Listener outages) {
        this.worker = worker;
        this.identity = identity;
        this.selection = selection;
        this.properties = properties;
        this.topics = topics;
        this.budget = properties.pollBudget();
        this.outage = new Outage("Kafka", LOG::warn, outages);
    }

    @Override
    public int poll(Duration timeout, AssignmentListener assignments, RecordConsumer records) {
        KafkaConsumer<ByteBuffer, ByteBuffer> client = joined(timeout);
        if (client == null) {
            return 0;
        }
        listener = assignments;
        ConsumerRecords<ByteBuffer, ByteBuffer> polled;
        budget.reset();
        try {
            polled = client.poll(held.allNamed() ? timeout : Duration.ZERO);
        } catch (WakeupException wake) {
            return 0;
        } catch (OffsetOutOfRangeException gone) {
            throwIfGap(client, gone);
            return 0;
        } catch (RetriableException away) {
            outage.met(away.toString());
            return 0;
        } catch (FencedInstanceIdException fenced) {
            joinWithoutInstanceId(client, assignments);
            return 0;
        } catch (KafkaException failure) {
            throw KafkaFailures.translated(failure, "poll", properties.brokers());
        } catch (OutOfMemoryError none) {
            throw new LargeRecordSearch(properties, records)
                    .from(held.positions(), none)
                    .orElseThrow(() -> none);
        } finally {
            listener = null;
        }
        if (held.allNamed()) {
            outage.over();
        }
        dropVanished(client, assignments);
        if (membership.isOver()) {
            leave(client, assignments);
            return 0;
        }
        int delivered = deliver(polled, records);
        nameAssigned(assignments);
        return delivered;
    }

    private int deliver(ConsumerRecords<ByteBuffer, ByteBuffer> polled, RecordConsumer records) {
        int delivered = 0;
        for (TopicPartition key : polled.partitions()) {
            SourcePartition partition = held.sought(key);
            if (partition == null) {
                continue;
            }
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> batch = polled.records(key);
            for (int i = 0; i < batch.size(); i++) {
                hand(partition, batch.get(i), records);
                delivered++;
            }
        }
        polled.nextOffsets().forEach((key, next) -> held.advance(key, next.offset()));
        return delivered;
    }

    static void hand(SourcePartition partition, ConsumerRecord<ByteBuffer, ByteBuffer> record, RecordConsumer records) {
        ByteBuffer value = record.value();
        if (value == null) {
            records.record(partition, record.offset(), record.timestamp(), NO_VALUE, 0, -1, record.key());
        } else if (value.hasArray()) {
            records.record(
                    partition,
                    record.offset(),
                    record.timestamp(),
                    value.array(),
                    value.arrayOffset() + value.position(),
                    value.remaining(),
                    record.key());
        } else {
            byte[] copy = new byte[value.remaining()];
            value.duplicate().get(copy);
            records.record(partition, record.offset(), record.timestamp(), copy, 0, copy.length, record.key());
        }
    }

    /** The ids of what was assigned come from the admin client, which may not answer at once: then at the next poll. */
    private void nameAssigned(AssignmentListener assignments) {
        if (held.allNamed()) {
            return;
        }
        Map<String, String> ids;
        try {
            ids = topics.ids(held.unnamedTopics());
            outage.over();
        } catch (FirnException failure) {
            if (failure.kind() != FirnException.Kind.EXTERNAL) {
                throw failure;
            }
            outage.met(String.valueOf(failure.getMessage()));
            return;
        }
        Set<SourcePartition> named = held.name(ids);
        if (!named.isEmpty()) {
            assignments.assigned(named);
        }
    }

    /**
     * The client can lose partitions without saying so: under the consumer protocol a member that is fenced while new
     * partitions are on their way to it is told that it has lost the old ones, and the new ones vanish with them.
     */
    private void dropVanished(KafkaConsumer<ByteBuffer, ByteBuffer> client, AssignmentListener assignments) {
        Set<TopicPartition> vanished = held.besides(client.assignment());
        if (!vanished.isEmpty()) {
            drop(vanished, assignments);
        }
    }

    /** Two processes with one instance ID would take turns for ever; this one goes on as a member without. */
    private void joinWithoutInstanceId(KafkaConsumer<ByteBuffer, ByteBuffer> client, AssignmentListener assignments) {
        LOG.warn(
                "worker {}: another process has the group.instance.id {} in group {}; joining without one. Give each"
                        + " process a name of its own (key instance, or kafka.group.instance.id where it is set)",
                worker,
                client.groupMetadata().groupInstanceId().orElse(""),
                client.groupMetadata().groupId());
        isStatic = false;
        consumer = null;
        drop(held.besides(Set.of()), assignments);
        closeQuietly(client);
    }

    private void closeQuietly(KafkaConsumer<ByteBuffer, ByteBuffer> client) {
        try {
            client.close(CloseOptions.timeout(CLOSE_TIME));
        } catch (KafkaException failure) {
            LOG.debug("worker {}: the client that was given up did not close", worker, failure);
        }
    }

    /** The next poll joins the group with a client of its own time. */
    private void leave(KafkaConsumer<ByteBuffer, ByteBuffer> client, AssignmentListener assignments) {
        LOG.warn(
                "worker {}: group {} has not known this member for {} s, and Kafka's client does not notice (was the"
                        + " machine's clock set back?); joining it again, uncommitted work is dropped",
                worker,
                client.groupMetadata().groupId(),
                Membership.PATIENCE.toSeconds());
        consumer = null;
        drop(held.besides(Set.of()), assignments);
        closeQuietly(client);
        // Whatever its last reports came to.
        membership.heardOf();
    }

    private void drop(Collection<TopicPartition> partitions, @Nullable AssignmentListener told) {
        Set<SourcePartition> leaving = held.named(partitions);
        held.forget(partitions);
        if (told != null && !leaving.isEmpty()) {
            told.lost(leaving);
        }
    }

    /**
     * Asks the client for something about partitions that its background thread may take away at any moment, and may
     * bring back before the next look.
     *
     * @return those that it was done for; of the others {@link #dropVanished} tells the loop at the next poll
     */
    private static Set<TopicPartition> done(
            KafkaConsumer<ByteBuffer, ByteBuffer> client,
            Collection<TopicPartition> partitions,
            Consumer<Collection<TopicPartition>> request) {
        Set<TopicPartition> present = new HashSet<>(partitions);
        int refusals = 0;
        while (present.retainAll(client.assignment()) || !present.isEmpty()) {
            try {
                request.accept(present);
                return present;
            } catch (IllegalStateException refused) {
                refusals++;
                if (refusals == MAX_REFUSALS) {
                    throw refused;
                }
            }
        }
        return present;
    }

    private void throwIfGap(KafkaConsumer<ByteBuffer, ByteBuffer> client, OffsetOutOfRangeException gone) {
        for (Map.Entry<TopicPartition, Long> entry :
                gone.offsetOutOfRangePartitions().entrySet()) {
            SourcePartition partition = held.sought(entry.getKey());
            if (partition == null) {
                continue;
            }
            long expected = held.next(partition, entry.getValue());
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
            done(client, Set.of(entry.getKey()), keys -> keys.forEach(key -> client.seek(key, expected)));
        }
    }

    private @Nullable KafkaConsumer<ByteBuffer, ByteBuffer> joined(Duration timeout) {
        if (consumer == null) {
            try {
                consumer = subscribed();
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

    private KafkaConsumer<ByteBuffer, ByteBuffer> subscribed() {
        try {
            KafkaConsumer<ByteBuffer, ByteBuffer> client = properties.open(memberProperties(), budget);
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

    private Map<String, Object> memberProperties() {
        Map<String, Object> member = properties.consumer(identity, worker);
        if (!isStatic) {
            member.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        }
        return member;
    }

    private final class Rebalances implements ConsumerRebalanceListener {
        private final KafkaConsumer<ByteBuffer, ByteBuffer> client;

        Rebalances(KafkaConsumer<ByteBuffer, ByteBuffer> client) {
            this.client = client;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            membership.heardOf();
            // Assigned again without having been taken away: between the two they were somebody else's.
            drop(partitions.stream().filter(held::holds).toList(), listener);
            done(client, partitions, keys -> {
                        client.pause(keys);
                        keys.forEach(key -> client.seek(key, 0));
                    })
                    .forEach(held::add);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            membership.heardOf();
            Set<SourcePartition> leaving = held.named(partitions);
            AssignmentListener told = listener;
            try {
                if (told != null && !leaving.isEmpty()) {
                    told.revoking(leaving, REVOCATION_TIME);
                }
            } finally {
                held.forget(partitions);
            }
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            membership.heardOf();
            drop(partitions, listener);
        }
    }

    @Override
    public void seek(SourcePartition partition, long offset) {
        TopicPartition key = HeldPartitions.key(partition);
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client == null || held.named(key) == null) {
            throw new IllegalStateException(partition + " is not assigned");
        }
        done(client, Set.of(key), keys -> {
                    client.seek(key, offset);
                    if (!paused) {
                        client.resume(keys);
                    }
                })
                .forEach(still -> held.seek(partition, offset));
    }

    @Override
    public Map<SourcePartition, Long> positions() {
        return held.positions();
    }

    @Override
    public void pauseAll() {
        paused = true;
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            done(client, held.sought(), client::pause);
        }
    }

    @Override
    public void resumeAll() {
        paused = false;
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null) {
            done(client, held.sought(), client::resume);
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
            TopicPartition key = HeldPartitions.key(partition);
            if (partition.equals(held.named(key))) {
                offsets.put(key, new OffsetAndMetadata(offset));
            }
        });
        KafkaConsumer<ByteBuffer, ByteBuffer> client = consumer;
        if (client != null && !offsets.isEmpty()) {
            client.commitAsync(offsets, (reported, failure) -> {
                membership.reported(failure);
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
            // A static member that stays in the group would keep its partitions until its session is over.
            client.close(CloseOptions.timeout(CLOSE_TIME)
                    .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
        }
    }
}
