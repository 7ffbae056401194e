package io.firn.deploy.rig;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Random changes of few keys over all partitions of a topic: rows, delete marks and tombstones, with timestamps and
 * versions that go back and forth. Remembers all of them and folds them by the order's definition, as plainly as can
 * be.
 */
public final class ChangeStream {
    /** The columns of the changes, as a pipeline's {@code schema}. */
    public static final String SCHEMA = "id long not null, v int, op string, version long";

    private static final int KEYS = 200;
    private static final long SPREAD_MILLIS = 50;

    private final String bootstrap;
    private final String topic;
    private final int partitions;
    private final Random random = new Random(42);
    private final long epoch = System.currentTimeMillis() / 2;
    private final List<Change> changes = new ArrayList<>();
    private int creation;
    private long before;

    /**
     * @param creation which of the topics of that name it was sent to: the partitions of each are sources of their own
     */
    private record Change(
            long key,
            int creation,
            int partition,
            long offset,
            long timestamp,
            @Nullable Long version,
            boolean deletes,
            int value) {}

    public ChangeStream(String bootstrap, String topic, int partitions) {
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.partitions = partitions;
    }

    /** Sends so many more and waits until all are acknowledged. */
    public void send(int count) throws InterruptedException, ExecutionException {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        List<Change> made = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                Change change = next(changes.size() + i);
                made.add(change);
                sent.add(producer.send(new ProducerRecord<>(
                        topic,
                        change.partition(),
                        change.timestamp(),
                        Long.toString(change.key()).getBytes(StandardCharsets.UTF_8),
                        json(change))));
            }
        }
        for (int i = 0; i < count; i++) {
            Change change = made.get(i);
            changes.add(new Change(
                    change.key(),
                    change.creation(),
                    change.partition(),
                    sent.get(i).get().offset(),
                    change.timestamp(),
                    change.version(),
                    change.deletes(),
                    change.value()));
        }
    }

    private Change next(int number) {
        int kind = random.nextInt(10);
        Long version = kind == 0 || random.nextInt(8) == 0 ? null : Long.valueOf(random.nextInt(6));
        return new Change(
                random.nextInt(KEYS),
                creation,
                random.nextInt(partitions),
                -1,
                // No two creations share a timestamp: their topic's id, which is random, never has to decide.
                2 * (epoch + number / 20 + random.nextLong(SPREAD_MILLIS)) + creation % 2,
                version,
                kind < 2,
                kind == 0 ? -1 : number);
    }

    private static byte @Nullable [] json(Change change) {
        if (change.value() < 0) {
            return null;
        }
        return ("{\"id\":" + change.key() + ",\"v\":" + change.value() + ",\"op\":\"" + (change.deletes() ? "d" : "u")
                        + "\",\"version\":" + change.version() + "}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** What is sent from now on goes to another topic of the same name. */
    public void createdAgain() {
        creation++;
        before = changes.size();
    }

    /** Records sent so far to the topic as it was created last. */
    public long sent() {
        return changes.size() - before;
    }

    /** By key the record that its row must be of: partition, offset and value. */
    public SortedMap<Long, String> fold(boolean versioned) {
        Map<Long, List<Change>> byKey = new TreeMap<>();
        changes.forEach(change ->
                byKey.computeIfAbsent(change.key(), key -> new ArrayList<>()).add(change));
        SortedMap<Long, String> rows = new TreeMap<>();
        byKey.forEach((key, records) -> {
            Change last = last(records, versioned);
            if (!last.deletes()) {
                rows.put(key, last.partition() + "@" + last.offset() + ":" + last.value());
            }
        });
        return rows;
    }

    private static Change last(List<Change> records, boolean versioned) {
        long highest = records.stream().mapToLong(ChangeStream::version).max().orElseThrow();
        Map<Integer, Change> lastOf = new HashMap<>();
        Map<Integer, Long> timeOf = new HashMap<>();
        for (Change record : records) {
            if (!versioned || version(record) == highest) {
                lastOf.merge(source(record), record, (one, other) -> one.offset() > other.offset() ? one : other);
                timeOf.merge(source(record), record.timestamp(), Math::max);
            }
        }
        Change winner = null;
        for (Change candidate : lastOf.values()) {
            if (winner == null || isAfter(candidate, winner, timeOf)) {
                winner = candidate;
            }
        }
        return java.util.Objects.requireNonNull(winner);
    }

    private static boolean isAfter(Change one, Change other, Map<Integer, Long> timeOf) {
        int order = Long.compare(
                timeOf.getOrDefault(source(one), Long.MIN_VALUE), timeOf.getOrDefault(source(other), Long.MIN_VALUE));
        return order != 0 ? order > 0 : one.partition() > other.partition();
    }

    private static int source(Change change) {
        return 1_000 * change.creation() + change.partition();
    }

    private static long version(Change change) {
        return change.version() == null ? Long.MIN_VALUE : change.version();
    }
}
