package io.firn.deploy.quickstart;

import io.firn.catalog.FirnException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Produces sample orders on a thread of its own, from where an earlier run ended. */
final class OrderStream implements AutoCloseable {
    static final String TOPIC = "orders";
    static final int PARTITIONS = 4;

    private final String bootstrap;
    private final long first;
    private final long records;
    private final AtomicLong produced = new AtomicLong();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private final Thread thread = new Thread(this::produce, "order-stream");
    private volatile boolean closed;

    private OrderStream(String bootstrap, long first, long records) {
        this.bootstrap = bootstrap;
        this.first = first;
        this.records = records;
        thread.setDaemon(true);
    }

    /** Creates the topic where it is not there and looks where the stream ended. */
    static OrderStream prepare(String bootstrap, long records) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            if (!admin.listTopics().names().get().contains(TOPIC)) {
                NewTopic topic = new NewTopic(TOPIC, Optional.of(PARTITIONS), Optional.of((short) 1));
                admin.createTopics(List.of(topic)).all().get();
                return new OrderStream(bootstrap, 0, records);
            }
            Map<TopicPartition, OffsetSpec> ends = IntStream.range(0, PARTITIONS)
                    .boxed()
                    .collect(Collectors.toMap(
                            number -> new TopicPartition(TOPIC, number), number -> OffsetSpec.latest()));
            long first = admin.listOffsets(ends).all().get().values().stream()
                    .mapToLong(end -> end.offset())
                    .sum();
            return new OrderStream(bootstrap, first, records);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw failed(interrupted);
        } catch (ExecutionException refused) {
            throw failed(refused);
        }
    }

    private static FirnException failed(Exception cause) {
        return FirnException.external(
                "quickstart-broker", "the embedded broker does not answer: " + cause.getMessage(), "", "", cause);
    }

    void start() {
        thread.start();
    }

    private void produce() {
        // One request at a time: where the leader of a new topic is late, the broker could take the second before the
        // first, and then refuses that one for good.
        Map<String, Object> settings = new HashMap<>(Map.of(
                "max.in.flight.requests.per.connection", "1",
                "bootstrap.servers", bootstrap,
                "linger.ms", "20",
                "batch.size", "131072",
                "compression.type", "lz4"));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (long index = first; index < first + records && !closed; index++) {
                producer.send(
                        new ProducerRecord<>(TOPIC, SampleOrders.key(index), SampleOrders.value(index)),
                        (metadata, refused) -> {
                            if (refused == null) {
                                produced.incrementAndGet();
                            } else {
                                failure.compareAndSet(null, refused);
                            }
                        });
            }
        } catch (KafkaException failed) {
            failure.compareAndSet(null, failed);
        }
    }

    /** Records of earlier runs. */
    long first() {
        return first;
    }

    /** Records of this run that Kafka acknowledged. */
    long produced() {
        Exception failed = failure.get();
        if (failed != null && !closed) {
            throw failed(failed);
        }
        return produced.get();
    }

    boolean isComplete() {
        return produced() == records;
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join(10_000);
    }
}
