package io.firn.ingest.poll;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.RecordSourceContractTest;
import io.firn.ingest.record.SourceWorld;
import io.firn.ingest.record.TopicSelection;
import io.firn.ingest.rig.EmbeddedBroker;
import io.firn.ingest.rig.GroupMembers;
import io.firn.ingest.rig.Until;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** The real source on a real broker, under the classic group protocol, which is the default. */
@ResourceLock(EmbeddedBroker.LOCK)
class KafkaRecordSourceTest extends RecordSourceContractTest {
    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;

    private static int topics;

    @BeforeAll
    static void startBroker() {
        broker = new EmbeddedBroker(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @Override
    protected SourceWorld world(int partitions) {
        return new KafkaWorld("contract-" + topics++, partitions, clientProperties());
    }

    /** Client properties beside those that reach the broker. */
    protected Map<String, Object> clientProperties() {
        return Map.of();
    }

    private static final class KafkaWorld implements SourceWorld {
        /** Compaction runs only on segments that are full, and only when there is something to gain. */
        private static final Map<String, String> COMPACTED = Map.of(
                "cleanup.policy", "compact",
                "segment.ms", "100",
                "min.cleanable.dirty.ratio", "0.01");

        private final String topic;
        private final ReaderIdentity identity;
        private final KafkaSources sources;
        private int partitions;
        private int members;

        KafkaWorld(String topic, int partitions, Map<String, Object> properties) {
            this.topic = topic;
            this.partitions = partitions;
            broker.createTopic(topic, partitions, Map.of());
            Map<String, Object> client = new HashMap<>(broker.client());
            client.put("metadata.max.age.ms", "300");
            client.putAll(properties);
            identity = new ReaderIdentity(topic, new UUID(0, 0));
            sources = new KafkaSources(identity, TopicSelection.named(List.of(topic)), client, 8 << 20, 2);
        }

        @Override
        public RecordSource join() {
            return sources.open(members++);
        }

        @Override
        public SourcePartition partition(int number) {
            Map<String, TopicDescription> described =
                    admin(admin -> admin.describeTopics(List.of(topic)).allTopicNames());
            String id = Objects.requireNonNull(described.get(topic)).topicId().toString();
            return new SourcePartition(topic, id, number);
        }

        @Override
        public void addPartition() {
            partitions++;
            admin(admin -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions)))
                    .all());
        }

        @Override
        public void produce(int partition, int records) {
            for (int i = 0; i < records; i++) {
                send(partition, null, "value " + i);
            }
        }

        @Override
        public void produceNullValue(int partition) {
            send(partition, "key", null);
        }

        @Override
        public int abortTransaction(int partition) {
            try (KafkaProducer<String, String> producer = broker.producer(Map.of("transactional.id", topic))) {
                producer.initTransactions();
                producer.beginTransaction();
                EmbeddedBroker.await(producer.send(new ProducerRecord<>(topic, partition, null, "aborted")));
                producer.flush();
                producer.abortTransaction();
            }
            return 2;
        }

        @Override
        public void compactFirst() {
            ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
            List<AlterConfigOp> settings = COMPACTED.entrySet().stream()
                    .map(entry -> new AlterConfigOp(
                            new ConfigEntry(entry.getKey(), entry.getValue()), AlterConfigOp.OpType.SET))
                    .toList();
            admin(admin ->
                    admin.incrementalAlterConfigs(Map.of(resource, settings)).all());
            send(0, "key", "old");
            send(0, "key", "new");
            // A segment is closed by the first record that comes after its time.
            Until.holds("offset 0 is compacted away", () -> {
                send(0, "other", "closes the segment");
                return firstOffset() > 0;
            });
        }

        private long firstOffset() {
            Map<String, Object> properties = new HashMap<>(broker.client());
            properties.put("auto.offset.reset", "earliest");
            TopicPartition first = new TopicPartition(topic, 0);
            try (KafkaConsumer<String, String> consumer =
                    new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
                consumer.assign(List.of(first));
                consumer.seekToBeginning(List.of(first));
                List<ConsumerRecord<String, String>> records =
                        consumer.poll(Duration.ofSeconds(2)).records(first);
                return records.isEmpty() ? 0 : records.get(0).offset();
            }
        }

        @Override
        public void deleteBefore(int partition, long offset) {
            admin(admin -> admin.deleteRecords(
                            Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)))
                    .all());
        }

        @Override
        public void recreateTopic() {
            deleteTopic();
            Until.holds("the topic can be created again", () -> {
                broker.createTopic(topic, partitions, Map.of());
                return true;
            });
        }

        @Override
        public void deleteTopic() {
            admin(admin -> admin.deleteTopics(List.of(topic)).all());
            Until.holds(
                    "the topic is gone", () -> sources.topicIds(Set.of(topic)).isEmpty());
        }

        @Override
        public void expireOnlyMember() {
            GroupMembers group = new GroupMembers(broker, identity.group());
            if (group.isClassic()) {
                group.expelAll();
            } else {
                group.expel(group.all().iterator().next().consumerId());
            }
        }

        @Override
        public void pass() {}

        private void send(int partition, @Nullable String key, @Nullable String value) {
            try (KafkaProducer<String, String> producer = broker.producer(Map.of())) {
                EmbeddedBroker.await(producer.send(new ProducerRecord<>(topic, partition, key, value)));
            }
        }

        private interface Request<T> {
            KafkaFuture<T> ask(Admin admin);
        }

        private static <T> T admin(Request<T> request) {
            try (Admin admin = broker.admin()) {
                return request.ask(admin).get();
            } catch (InterruptedException | ExecutionException failure) {
                throw new AssertionError(failure);
            }
        }

        @Override
        public void close() {
            sources.close();
        }
    }
}
