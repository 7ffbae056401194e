package io.firn.ingest.poll;

import io.firn.ingest.record.TopicSelection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The user's client properties with what Firn's guarantee rests on put above them, and sensible values below. */
final class ClientProperties {
    private static final Logger LOG = LoggerFactory.getLogger(ClientProperties.class);

    /** Records stay bytes until Firn decodes them. */
    static final String DESERIALIZER = ByteBufferDeserializer.class.getName();

    /** The guarantee rests on these: nothing uncommitted is read, and only the table says where to go on. */
    private static final Map<String, Object> OWNED = Map.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none",
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, DESERIALIZER,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, DESERIALIZER);

    /** Appended to a configured {@code group.instance.id} and {@code client.id}: each consumer has its own. */
    private static final String SEPARATOR = "-";

    /** The broker decides about these under the consumer protocol; a client that sets them is refused. */
    private static final List<String> CLASSIC_ONLY = List.of(
            ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
            ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
            ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG);

    /** The client's own default; never more than this even where memory is plenty. */
    private static final long MAX_FETCH_BYTES = 50L << 20;

    /** Below this the broker's answers get too small to be worth a round trip; a larger record is still delivered. */
    private static final long MIN_FETCH_BYTES = 1L << 20;

    /** A turn of the loop handles at most this many records before it looks at its limits again. */
    private static final int MAX_POLL_RECORDS = 2_000;

    private final String pipeline;
    private final Map<String, Object> user;
    private final long fetchBytesPerWorker;

    ClientProperties(String pipeline, TopicSelection topics, Map<String, Object> user, long fetchBytesPerWorker) {
        this.pipeline = pipeline;
        this.user = new TreeMap<>(user);
        this.fetchBytesPerWorker = fetchBytesPerWorker;
        OWNED.forEach((key, value) -> {
            Object other = user.get(key);
            if (other != null && !String.valueOf(other).equalsIgnoreCase(value.toString())) {
                LOG.warn("pipeline {} ({}): {} is {} for Firn and not as configured", pipeline, topics, key, value);
            }
        });
    }

    boolean namesProtocol() {
        return user.containsKey(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
    }

    boolean wantsConsumerProtocol() {
        Object protocol = user.getOrDefault(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
        return protocol.toString().toLowerCase(Locale.ROOT).equals("consumer");
    }

    Map<String, Object> admin() {
        Map<String, Object> properties = new TreeMap<>(user);
        properties.keySet().retainAll(AdminClientConfig.configNames());
        properties.put(AdminClientConfig.CLIENT_ID_CONFIG, clientId("admin"));
        return properties;
    }

    Map<String, Object> consumer(int worker, boolean consumerProtocol) {
        Map<String, Object> properties = new TreeMap<>();
        long fetch = Math.max(MIN_FETCH_BYTES, Math.min(MAX_FETCH_BYTES, fetchBytesPerWorker / 2));
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, "firn-" + pipeline);
        properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, (int) fetch);
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
        properties.putAll(user);
        properties.putAll(OWNED);
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId(Integer.toString(worker)));
        properties.computeIfPresent(
                ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, (key, instance) -> instance + SEPARATOR + worker);
        properties.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, consumerProtocol ? "consumer" : "classic");
        if (consumerProtocol) {
            CLASSIC_ONLY.forEach(properties::remove);
        } else {
            properties.putIfAbsent(
                    ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        }
        return properties;
    }

    /** For a consumer that is told what to read. */
    Map<String, Object> withoutGroup() {
        Map<String, Object> properties = consumer(0, false);
        properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
        properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        properties.remove(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG);
        properties.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId("backfill"));
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
