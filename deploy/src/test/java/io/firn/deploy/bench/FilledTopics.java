package io.firn.deploy.bench;

import io.firn.deploy.rig.BrokerProcess;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Topics of one broker, each filled once. */
final class FilledTopics {
    private final BrokerProcess broker;
    private final int partitions;
    private final Map<String, Long> bytes = new HashMap<>();

    FilledTopics(BrokerProcess broker, int partitions) {
        this.broker = broker;
        this.partitions = partitions;
    }

    /** @return the name of a topic with the first {@code records} records of the shape */
    String topic(Shape shape, long records) {
        String topic = shape.topic() + "-" + records;
        if (!bytes.containsKey(topic)) {
            broker.createTopic(topic, partitions, Map.of());
            bytes.put(topic, fill(topic, shape, records));
        }
        return topic;
    }

    /** Of the values, as they were before compression. */
    long bytes(String topic) {
        return bytes.getOrDefault(topic, 0L);
    }

    private long fill(String topic, Shape shape, long records) {
        AtomicReference<@Nullable Exception> failed = new AtomicReference<>();
        long total = 0;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", broker.bootstrap(),
                        "compression.type", "lz4",
                        "linger.ms", "20",
                        "batch.size", "262144",
                        "buffer.memory", "134217728"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            StringBuilder scratch = new StringBuilder();
            for (long n = 0; n < records; n++) {
                byte[] value = shape.record(scratch, n);
                total += value.length;
                producer.send(new ProducerRecord<>(topic, (int) (n % partitions), null, value), (metadata, error) -> {
                    if (error != null) {
                        failed.set(error);
                    }
                });
            }
        }
        Exception error = failed.get();
        if (error != null) {
            throw new IllegalStateException("cannot fill " + topic, error);
        }
        return total;
    }
}
