package io.firn.ingest.poll;

import io.firn.catalog.FirnException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;

/**
 * The Kafka client properties that Firn does not pass through as they are. A value that differs from what Firn needs is
 * refused; nothing is dropped silently.
 */
final class ReservedProperties {
    /** The guarantee rests on these: nothing uncommitted is read, and only the table says where to resume. */
    static final Map<String, String> FIXED = Map.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false",
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none",
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteBufferDeserializer.class.getName(),
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteBufferDeserializer.class.getName());

    /** The broker decides about these under the consumer protocol; a client that sets them does not start. */
    private static final Set<String> CLASSIC_ONLY = Set.of(
            ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
            ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
            ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG);

    private static final String REMOVE = "leave it out";

    /** Names that a user cannot set to anything of use. */
    static final Set<String> OWNED = Set.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            ConsumerConfig.AUTO_COMMIT_INTERVAL_MS_CONFIG,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
            ConsumerConfig.GROUP_ID_CONFIG);

    private ReservedProperties() {}

    /** @throws FirnException {@code kafka-config} for the first property that cannot be honoured */
    static void require(Map<String, ?> properties, String where) {
        properties.keySet().stream()
                .sorted()
                .flatMap(key -> refusal(key, properties).stream())
                .findFirst()
                .ifPresent(refusal -> {
                    throw FirnException.user(
                            "kafka-config",
                            "kafka." + refusal.key() + " cannot be honoured: " + refusal.what(),
                            where,
                            refusal.action());
                });
    }

    /** Returns why this property cannot be honoured beside the others; empty if it can, or if Firn leaves it alone. */
    static Optional<ClientPropertyRules.Finding> refusal(String key, Map<String, ?> all) {
        String value = String.valueOf(all.get(key));
        String fixed = FIXED.get(key);
        if (fixed != null) {
            return fixed.equalsIgnoreCase(value) ? Optional.empty() : owned(key, reason(key), REMOVE);
        }
        return switch (key) {
            case ConsumerConfig.GROUP_ID_CONFIG ->
                owned(
                        key,
                        "the consumer group is named firn-PIPELINE-UUID, with the UUID of the table; two readers of one"
                                + " group each get a part",
                        "leave it out; if access to groups is restricted, grant READ on the prefix "
                                + ReaderIdentity.GROUP_PREFIX);
            case ConsumerConfig.AUTO_COMMIT_INTERVAL_MS_CONFIG ->
                owned(key, "offsets are committed with the table", REMOVE);
            case ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG ->
                isConsumerProtocol(all)
                        ? Optional.empty()
                        : noEffect(
                                key,
                                key + " has an effect under group.protocol: consumer only",
                                "leave it out, or write group.protocol: consumer");
            default ->
                CLASSIC_ONLY.contains(key) && isConsumerProtocol(all)
                        ? noEffect(
                                key,
                                key + " has no effect under group.protocol: consumer, where the broker decides",
                                "leave it out and set the broker's group.consumer settings, or write group.protocol:"
                                        + " classic")
                        : Optional.empty();
        };
    }

    static boolean isConsumerProtocol(Map<String, ?> properties) {
        Object protocol = properties.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
        return protocol != null && protocol.toString().toLowerCase(Locale.ROOT).equals("consumer");
    }

    private static String reason(String key) {
        return switch (key) {
            case ConsumerConfig.ISOLATION_LEVEL_CONFIG ->
                "it is always read_committed: other records may still be aborted";
            case ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG -> "only the table says how far a pipeline is";
            case ConsumerConfig.AUTO_OFFSET_RESET_CONFIG ->
                "a pipeline begins where the table or its key start says, and on-gap handles the rest";
            default -> "records are decoded from their bytes";
        };
    }

    private static Optional<ClientPropertyRules.Finding> owned(String key, String what, String action) {
        return Optional.of(new ClientPropertyRules.Finding(ClientPropertyRules.Kind.OWNED, key, what, action));
    }

    private static Optional<ClientPropertyRules.Finding> noEffect(String key, String what, String action) {
        return Optional.of(new ClientPropertyRules.Finding(ClientPropertyRules.Kind.NO_EFFECT, key, what, action));
    }
}
