package io.firn.deploy.watch;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Kafka for partitions, their ends and the members of groups, few requests for all pipelines of a process. */
final class KafkaEnds implements KafkaView {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaEnds.class);
    private static final int ANSWER_MILLIS = 5_000;

    private final Map<String, Object> kafka;
    private @Nullable Admin admin;

    /** @param kafka client properties */
    KafkaEnds(Map<String, String> kafka) {
        this.kafka = new HashMap<>(kafka);
    }

    @Override
    public Map<String, TopicDescription> topics(Collection<TopicSelection> selections) throws InterruptedException {
        Set<String> names = new TreeSet<>();
        selections.forEach(selection -> names.addAll(selection.names()));
        if (selections.stream().anyMatch(selection -> selection.pattern().isPresent())) {
            answer(admin().listTopics(new ListTopicsOptions().timeoutMs(ANSWER_MILLIS))
                            .names())
                    .ifPresent(all -> all.stream()
                            .filter(name -> selections.stream().anyMatch(selection -> selection.contains(name)))
                            .forEach(names::add));
        }
        Map<String, TopicDescription> topics = new TreeMap<>();
        if (names.isEmpty()) {
            return topics;
        }
        Map<String, KafkaFuture<TopicDescription>> asked = admin().describeTopics(
                        names, new DescribeTopicsOptions().timeoutMs(ANSWER_MILLIS))
                .topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> each : asked.entrySet()) {
            answer(each.getValue()).ifPresent(description -> topics.put(each.getKey(), description));
        }
        return topics;
    }

    @Override
    public Map<SourcePartition, Long> ends(Set<SourcePartition> partitions) throws InterruptedException {
        Map<SourcePartition, Long> ends = new HashMap<>();
        if (partitions.isEmpty()) {
            return ends;
        }
        var asked = admin().listOffsets(
                        partitions.stream().collect(Collectors.toMap(KafkaEnds::key, each -> OffsetSpec.latest())),
                        new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(ANSWER_MILLIS));
        for (SourcePartition partition : partitions) {
            answer(asked.partitionResult(key(partition))).ifPresent(end -> ends.put(partition, end.offset()));
        }
        return ends;
    }

    @Override
    public Map<String, Map<TopicPartition, GroupMember>> holders(Set<String> groups) throws InterruptedException {
        Map<String, Map<TopicPartition, GroupMember>> holders = new TreeMap<>();
        if (groups.isEmpty()) {
            return holders;
        }
        Map<String, KafkaFuture<ConsumerGroupDescription>> asked = admin().describeConsumerGroups(
                        groups, new DescribeConsumerGroupsOptions().timeoutMs(ANSWER_MILLIS))
                .describedGroups();
        for (Map.Entry<String, KafkaFuture<ConsumerGroupDescription>> each : asked.entrySet()) {
            answer(each.getValue()).ifPresent(group -> {
                Map<TopicPartition, GroupMember> members = new HashMap<>();
                group.members().forEach(member -> member.assignment()
                        .topicPartitions()
                        .forEach(partition ->
                                members.put(partition, new GroupMember(member.clientId(), member.host()))));
                holders.put(each.getKey(), members);
            });
        }
        return holders;
    }

    @Override
    public Map<String, Map<TopicPartition, Long>> reported(Set<String> groups) throws InterruptedException {
        Map<String, Map<TopicPartition, Long>> reported = new TreeMap<>();
        if (groups.isEmpty()) {
            return reported;
        }
        Map<String, ListConsumerGroupOffsetsSpec> asked = new TreeMap<>();
        groups.forEach(group -> asked.put(group, new ListConsumerGroupOffsetsSpec()));
        ListConsumerGroupOffsetsResult answers =
                admin().listConsumerGroupOffsets(asked, new ListConsumerGroupOffsetsOptions().timeoutMs(ANSWER_MILLIS));
        for (String group : groups) {
            answer(answers.partitionsToOffsetAndMetadata(group)).ifPresent(offsets -> {
                Map<TopicPartition, Long> known = new HashMap<>();
                offsets.forEach((partition, offset) -> {
                    if (offset != null) {
                        known.put(partition, offset.offset());
                    }
                });
                reported.put(group, known);
            });
        }
        return reported;
    }

    static TopicPartition key(SourcePartition partition) {
        return new TopicPartition(partition.topic(), partition.partition());
    }

    private static <T> java.util.Optional<T> answer(KafkaFuture<T> future) throws InterruptedException {
        try {
            return java.util.Optional.ofNullable(future.get(2L * ANSWER_MILLIS, TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException failed) {
            // Unknown is shown as unknown; that the brokers do not answer is told by the watch over them.
            LOG.debug("Kafka does not tell", failed);
            return java.util.Optional.empty();
        }
    }

    /** @throws KafkaException if the properties make no client, or no broker's name is known */
    private Admin admin() {
        if (admin == null) {
            admin = Admin.create(kafka);
        }
        return admin;
    }

    @Override
    public void close() {
        if (admin != null) {
            admin.close(Duration.ZERO);
        }
    }
}
