package io.firn.deploy.check;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Asks Kafka what the configured user may do. Changes nothing. */
final class KafkaRights {
    private static final int ANSWER_MILLIS = 8_000;

    /** No topic has this name; offsets of it are refused by every broker, whatever the user may do. */
    private static final TopicPartition NO_TOPIC = new TopicPartition("__firn_check_no_such_topic", 0);

    /** What a user may do with a topic. */
    enum Topic {
        READABLE,
        REFUSED,
        MISSING
    }

    private final Admin admin;
    private final Map<String, Integer> partitions = new HashMap<>();

    KafkaRights(Admin admin) {
        this.admin = admin;
    }

    Map<String, Topic> topics(Collection<String> names)
            throws InterruptedException, ExecutionException, TimeoutException {
        var futures = admin.describeTopics(names, new DescribeTopicsOptions().includeAuthorizedOperations(true))
                .topicNameValues();
        Map<String, Topic> topics = new HashMap<>();
        for (var named : futures.entrySet()) {
            try {
                TopicDescription described = named.getValue().get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
                partitions.put(named.getKey(), described.partitions().size());
                topics.put(named.getKey(), rights(described));
            } catch (ExecutionException failed) {
                if (failed.getCause() instanceof TopicAuthorizationException) {
                    topics.put(named.getKey(), Topic.REFUSED);
                } else if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                    topics.put(named.getKey(), Topic.MISSING);
                } else {
                    throw failed;
                }
            }
        }
        return topics;
    }

    /** Returns how many partitions these topics have together, as far as {@link #topics} was answered. */
    int partitions(Collection<String> names) {
        return names.stream().mapToInt(name -> partitions.getOrDefault(name, 0)).sum();
    }

    /** An old broker does not say. */
    private static Topic rights(TopicDescription described) {
        Set<AclOperation> operations = described.authorizedOperations();
        return operations == null
                        || operations.isEmpty()
                        || operations.contains(AclOperation.READ)
                        || operations.contains(AclOperation.ALL)
                ? Topic.READABLE
                : Topic.REFUSED;
    }

    /**
     * Returns whether the user has READ on the group. Kafka checks that before anything else when offsets are committed,
     * so the commit for a topic that does not exist tells, and stores nothing. Describing the group would not do: it
     * needs less, and says nothing of a group that does not exist yet.
     */
    boolean canJoin(String group) throws InterruptedException, ExecutionException, TimeoutException {
        try {
            admin.alterConsumerGroupOffsets(
                            group,
                            Map.of(NO_TOPIC, new OffsetAndMetadata(0)),
                            new AlterConsumerGroupOffsetsOptions().timeoutMs(ANSWER_MILLIS))
                    .partitionResult(NO_TOPIC)
                    .get(2L * ANSWER_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof AuthenticationException) {
                throw failed;
            }
            return !(failed.getCause() instanceof GroupAuthorizationException);
        }
    }

    /** Returns {@code max.message.bytes} of the topics; without those that the user may not see it of. */
    Map<String, Long> largestRecords(Collection<String> topics) throws InterruptedException, TimeoutException {
        Map<String, Long> largest = new HashMap<>();
        var futures = admin.describeConfigs(topics.stream()
                        .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                        .toList())
                .values();
        for (var topic : futures.entrySet()) {
            try {
                ConfigEntry entry = topic.getValue()
                        .get(ANSWER_MILLIS, TimeUnit.MILLISECONDS)
                        .get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
                if (entry != null && entry.value() != null) {
                    largest.put(topic.getKey().name(), Long.parseLong(entry.value()));
                }
            } catch (ExecutionException refused) {
                // DESCRIBE_CONFIGS is not needed to ingest.
                continue;
            }
        }
        return largest;
    }
}
