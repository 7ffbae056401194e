package io.firn.deploy.bench;

import io.firn.deploy.rig.Eventually;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends flat records, from the first one on, at an even rate until it is closed. */
final class EvenProducer implements AutoCloseable {
    private static final Duration STEP = Duration.ofMillis(20);

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int partitions;
    private final Thread thread;
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicReference<@Nullable Exception> failed = new AtomicReference<>();
    private volatile boolean stopping;
    private long sent;

    EvenProducer(String bootstrap, String topic, int partitions, int recordsPerSecond) {
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "compression.type", "lz4", "linger.ms", "5", "acks", "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.topic = topic;
        this.partitions = partitions;
        this.thread = new Thread(() -> run(recordsPerSecond), "producer-" + topic);
        this.thread.setDaemon(true);
        thread.start();
    }

    private void run(int recordsPerSecond) {
        StringBuilder scratch = new StringBuilder();
        long began = System.nanoTime();
        while (!stopping) {
            long due = (long) ((System.nanoTime() - began) / 1e9 * recordsPerSecond);
            for (; sent < due; sent++) {
                byte[] value = Shape.FLAT.record(scratch, sent);
                producer.send(
                        new ProducerRecord<>(topic, (int) (sent % partitions), null, value), (metadata, error) -> {
                            if (error == null) {
                                acknowledged.incrementAndGet();
                            } else {
                                failed.set(error);
                            }
                        });
            }
            Eventually.pause(STEP);
        }
    }

    /**
     * Stops it, and waits until Kafka has everything.
     *
     * @return how many records it has: those from 0 up to this
     */
    long stop() throws InterruptedException {
        stopping = true;
        thread.join();
        producer.flush();
        Exception error = failed.get();
        if (error != null || acknowledged.get() != sent) {
            throw new IllegalStateException("Kafka took " + acknowledged + " of " + sent + " records", error);
        }
        return sent;
    }

    @Override
    public void close() {
        stopping = true;
        producer.close(Duration.ofSeconds(5));
    }
}
