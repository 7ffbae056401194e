package io.firn.ingest.poll;

import io.firn.ingest.record.TopicSelection;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/** The user's client properties with what Firn's guarantee rests on put above them, and sensible values below. */
final class ClientProperties {
    /** Appended to a configured {@code client.id}: each client has its own. */
    private static final String SEPARATOR = "-";

    /** The client's own default; never more than this even where memory is plenty. */
    private static final long MAX_FETCH_BYTES = 50L << 20;

    /** Below this the broker's answers get too small to be worth a round trip; a larger record is still delivered. */
    private static final long MIN_FETCH_BYTES = 1L << 20;

    /** A turn of the loop handles at most this many records before it looks at its limits again. */
    static final int MAX_POLL_RECORDS = 2_000;

    /** A dead member's partitions wait for this; above the broker's least of 6 s, and long enough for a pause of the JVM. */
    private static final int SESSION_MILLIS = 10_000;

    private static final int HEARTBEAT_MILLIS = 3_000;

    private final String pipeline;
    private final Map<String, Object> user;
    private final long fetchBytesPerWorker;

    /** @throws io.firn.catalog.FirnException {@code kafka-config} if a property cannot be honoured */
    ClientProperties(String pipeline, TopicSelection topics, Map<String, Object> user, long fetchBytesPerWorker) {
        ReservedProperties.require(user, "pipeline " + pipeline + " (" + topics + ")");
        this.pipeline = pipeline;
        this.user = new TreeMap<>(user);
        this.fetchBytesPerWorker = fetchBytesPerWorker;
    }

    Map<String, Object> admin() {
        Map<String, Object> properties = new TreeMap<>(user);
        properties.keySet().retainAll(AdminClientConfig.configNames());
        properties.put(AdminClientConfig.CLIENT_ID_CONFIG, clientId("admin"));
        return properties;
    }

    /** For a member of the group. */
    Map<String, Object> consumer(ReaderIdentity identity, int worker) {
        Map<String, Object> properties = reader(Integer.toString(worker));
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, identity.group());
        if (!ReservedProperties.isConsumerProtocol(user)) {
            properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
            properties.putIfAbsent(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
            putSession(properties);
            // Not under the consumer protocol: there a killed member's ID is refused for a whole session.
            identity.instance()
                    .ifPresent(instance -> properties.putIfAbsent(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, instance));
        }
        properties.computeIfPresent(
                ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, (key, instance) -> instance + SEPARATOR + worker);
        return properties;
    }

    /** A configured session or heartbeat stays; the other follows from it, at a third, as Kafka advises. */
    private static void putSession(Map<String, Object> properties) {
        Object heartbeat = properties.get(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG);
        if (heartbeat == null) {
            properties.putIfAbsent(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MILLIS);
            properties.put(
                    ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
                    Math.max(
                            1,
                            Math.min(
                                    HEARTBEAT_MILLIS,
                                    millis(properties.get(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG)) / 3)));
        } else {
            properties.putIfAbsent(
                    ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, Math.max(SESSION_MILLIS, 3 * millis(heartbeat)));
        }
    }

    /** What is no number is Kafka's client to refuse. */
    private static int millis(@Nullable Object value) {
        String text = String.valueOf(value).strip();
        return text.matches("\\d{1,8}") ? Integer.parseInt(text) : SESSION_MILLIS;
    }

    /** For a consumer that is told what to read. */
    Map<String, Object> withoutGroup() {
        Map<String, Object> properties = reader("backfill");
        properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
        properties.remove(ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG);
        properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        properties.remove(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG);
        return properties;
    }

    /** Returns the bound on one poll's records: one half of a worker's memory is for what is fetched, one for this. */
    PollBudget pollBudget() {
        return new PollBudget(halfOfFetchBytes());
    }

    /** Returns a client whose polls keep to the budget. */
    KafkaConsumer<ByteBuffer, ByteBuffer> open(Map<String, Object> client, PollBudget budget) {
        return new KafkaConsumer<>(client, budget, budget);
    }

    private long halfOfFetchBytes() {
        return Math.max(MIN_FETCH_BYTES, Math.min(MAX_FETCH_BYTES, fetchBytesPerWorker / 2));
    }

    private Map<String, Object> reader(String role) {
        Map<String, Object> properties = new TreeMap<>();
        properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, (int) halfOfFetchBytes());
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
        properties.putAll(user);
        properties.putAll(ReservedProperties.FIXED);
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId(role));
        return properties;
    }

    private String clientId(String role) {
        return user.getOrDefault(ConsumerConfig.CLIENT_ID_CONFIG, "firn") + SEPARATOR + pipeline + SEPARATOR + role;
    }

    /** For a message: which brokers. */
    String brokers() {
        return Objects.toString(user.get("bootstrap.servers"), "no bootstrap.servers");
    }
}
