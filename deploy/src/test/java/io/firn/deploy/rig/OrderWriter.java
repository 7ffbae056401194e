package io.firn.deploy.rig;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes chosen records: with keys, without values, inside transactions. */
public final class OrderWriter implements AutoCloseable {
    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final List<Future<?>> sent = new ArrayList<>();
    private long next;

    private OrderWriter(KafkaProducer<byte[], byte[]> producer, String topic) {
        this.producer = producer;
        this.topic = topic;
    }

    public static OrderWriter plain(String bootstrap, String topic) {
        return new OrderWriter(producer(Map.of("bootstrap.servers", bootstrap)), topic);
    }

    /** Everything goes through {@link #commit} or {@link #abort}. */
    public static OrderWriter transactional(String bootstrap, String topic) {
        KafkaProducer<byte[], byte[]> producer =
                producer(Map.of("bootstrap.servers", bootstrap, "transactional.id", "writer-" + topic));
        producer.initTransactions();
        return new OrderWriter(producer, topic);
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> properties) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put("acks", "all");
        // Where the leader of a new topic is late, the broker could take the second before the first, and then refuses
        // that one for good.
        all.put("max.in.flight.requests.per.connection", "1");
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Orders to one partition, without keys. */
    public OrderWriter orders(int partition, int count) {
        for (int i = 0; i < count; i++) {
            send(partition, null, TopicProducer.order(next++, TopicProducer.FEW_DAYS));
        }
        return this;
    }

    /** One order under a key, or a tombstone for it. */
    public OrderWriter keyed(int partition, String key, boolean tombstone) {
        byte[] value = tombstone ? null : TopicProducer.order(next++, TopicProducer.FEW_DAYS);
        send(partition, key.getBytes(StandardCharsets.UTF_8), value);
        return this;
    }

    private void send(int partition, byte @Nullable [] key, byte @Nullable [] value) {
        sent.add(producer.send(new ProducerRecord<>(topic, partition, key, value)));
    }

    public OrderWriter begin() {
        producer.beginTransaction();
        return this;
    }

    public OrderWriter commit() {
        producer.commitTransaction();
        return this;
    }

    public OrderWriter abort() {
        producer.flush();
        sent.clear();
        producer.abortTransaction();
        return this;
    }

    /** Waits until Kafka has confirmed everything. */
    @Override
    public void close() {
        producer.flush();
        try {
            for (Future<?> record : sent) {
                record.get();
            }
        } catch (InterruptedException | ExecutionException failed) {
            throw new AssertionError("Kafka refused a record", failed);
        } finally {
            producer.close(Duration.ofSeconds(20));
        }
    }
}
