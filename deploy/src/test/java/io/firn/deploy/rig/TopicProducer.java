package io.firn.deploy.rig;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes orders to a topic at a steady pace until it is closed: order {@code n} goes to partition {@code n} modulo the
 * partitions and its content follows from {@code n}. Idempotent, and it outlives a broker that is away.
 */
public final class TopicProducer implements AutoCloseable {
    /** The columns of the orders, as a pipeline's {@code schema}. */
    public static final String SCHEMA =
            "order_id string not null, quantity int, amount decimal(10,2), placed_at timestamptz";

    /** Enough table partitions to matter, few enough to keep files few. */
    public static final int FEW_DAYS = 3;

    private static final Instant FIRST_ORDER = Instant.parse("2026-03-01T00:00:00Z");

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int partitions;
    private final int days;
    private final long keys;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;

    private TopicProducer(String bootstrap, String topic, int partitions, int recordsPerSecond, int days, long keys) {
        this.producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "enable.idempotence", "true",
                        "acks", "all",
                        "linger.ms", "20",
                        "max.in.flight.requests.per.connection", "1",
                        "delivery.timeout.ms", "90000",
                        "max.block.ms", "90000",
                        "reconnect.backoff.max.ms", "500"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.topic = topic;
        this.partitions = partitions;
        this.days = days;
        this.keys = keys;
        this.thread = new Thread(() -> run(recordsPerSecond), "producer-" + topic);
        this.thread.setDaemon(true);
    }

    /**
     * Starts producing.
     *
     * @param days over which the orders' {@code placed_at} is scattered
     */
    public static TopicProducer steady(String bootstrap, String topic, int partitions, int recordsPerSecond, int days) {
        return steady(bootstrap, topic, partitions, recordsPerSecond, days, Long.MAX_VALUE);
    }

    /**
     * As above, with keys that come again.
     *
     * @param keys order {@code n} has the id of order {@code n} modulo this
     */
    public static TopicProducer steady(
            String bootstrap, String topic, int partitions, int recordsPerSecond, int days, long keys) {
        TopicProducer producer = new TopicProducer(bootstrap, topic, partitions, recordsPerSecond, days, keys);
        producer.thread.start();
        return producer;
    }

    /** Sends the first {@code count} orders and waits until all are acknowledged. */
    public static void orders(String bootstrap, String topic, int partitions, int count) {
        try (TopicProducer producer = new TopicProducer(bootstrap, topic, partitions, 1, FEW_DAYS, Long.MAX_VALUE)) {
            for (int n = 0; n < count; n++) {
                producer.sendNext();
            }
        }
    }

    /** The value of order {@code n}. */
    public static byte[] order(long n, int days) {
        return order(n, n, days);
    }

    private static byte[] order(long id, long n, int days) {
        return String.format(
                        Locale.ROOT,
                        "{\"order_id\":\"o-%d\",\"quantity\":%d,\"amount\":\"%d.%02d\",\"placed_at\":\"%s\"}",
                        id,
                        n % 17,
                        n % 1000,
                        n % 100,
                        FIRST_ORDER.plusSeconds((n * 2_654_435_761L >>> 16) % days * 86_400 + n % 86_400))
                .getBytes(StandardCharsets.UTF_8);
    }

    private void run(int recordsPerSecond) {
        long start = System.nanoTime();
        while (!stopping) {
            long due = (System.nanoTime() - start) / 1_000_000 * recordsPerSecond / 1000;
            while (sent.get() < due && !stopping) {
                sendNext();
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private void sendNext() {
        long n = sent.getAndIncrement();
        int partition = (int) (n % partitions);
        producer.send(new ProducerRecord<>(topic, partition, null, order(n % keys, n, days)), (metadata, error) -> {
            if (error == null) {
                acknowledged.incrementAndGet();
            } else {
                failed.incrementAndGet();
            }
        });
    }

    /** Records that Kafka has confirmed. */
    public long acknowledged() {
        return acknowledged.get();
    }

    /** Stops and waits until every record sent is confirmed. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        producer.flush();
        producer.close(Duration.ofSeconds(30));
        if (failed.get() > 0 || acknowledged.get() != sent.get()) {
            throw new AssertionError("sent " + sent + " records, confirmed " + acknowledged + ", refused " + failed);
        }
    }
}
