package io.firn.ingest.poll;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.RecordSource.RecordConsumer;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the admin client knows of topics. Safe for use by several threads; the client is opened at first use. */
final class KafkaTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);

    /** Long enough for a broker that fails over, short enough for a loop that has other things to do. */
    private static final int ANSWER_MILLIS = 10_000;

    /** A broker learns of a new topic a moment after it was created; a topic that is missing longer does not exist. */
    private static final int TOPIC_LOOKUPS = 9;

    private static final Duration LOOKUP_PAUSE = Duration.ofMillis(250);

    /** What missing answers are reported as. */
    private static final String OFFSETS = "Kafka offsets";

    private final TopicSelection selection;
    private final ClientProperties properties;
    private final PipelineHealth health;
    private final Outage offsetsOutage;
    private final RepeatedLookup lookup = new RepeatedLookup(TOPIC_LOOKUPS, LOOKUP_PAUSE, this::pause);
    private @Nullable Admin admin;

    KafkaTopics(TopicSelection selection, ClientProperties properties, PipelineHealth health) {
        this.selection = selection;
        this.properties = properties;
        this.health = health;
        this.offsetsOutage = new Outage("Kafka, offsets of partitions", LOG::warn, health.outageOf(OFFSETS));
    }

    Map<String, String> ids(Set<String> topics) {
        Map<String, String> ids = new TreeMap<>();
        describe(topics)
                .forEach((topic, description) ->
                        ids.put(topic, description.topicId().toString()));
        return ids;
    }

    Set<SourcePartition> partitions() {
        Set<String> names = selection.pattern().isPresent()
                ? answer(admin().listTopics().names(), "list topics").stream()
                        .filter(selection::contains)
                        .collect(Collectors.toSet())
                : Set.copyOf(selection.names());
        Map<String, TopicDescription> found =
                lookup.ask(() -> describe(names), known -> known.keySet().containsAll(selection.names()));
        Set<String> missing = new TreeSet<>(selection.names());
        missing.removeAll(found.keySet());
        if (!missing.isEmpty()) {
            throw FirnException.user(
                    "topic-missing",
                    "topic does not exist: " + String.join(", ", missing),
                    "brokers " + properties.brokers(),
                    "create it or correct the pipeline's topics");
        }
        Set<SourcePartition> partitions = new TreeSet<>();
        found.forEach((topic, description) -> description
                .partitions()
                .forEach(partition -> partitions.add(
                        new SourcePartition(topic, description.topicId().toString(), partition.partition()))));
        return partitions;
    }

    Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
        Map<SourcePartition, Long> first = offsets(partitions, OffsetSpec.earliest());
        Map<SourcePartition, Long> end = offsets(first.keySet(), OffsetSpec.latest());
        Map<SourcePartition, OffsetRange> bounds = new HashMap<>();
        // Retention may move the first offset between the two answers, never past the end: the earlier one stands.
        end.forEach((partition, last) -> {
            long start = first.getOrDefault(partition, last);
            bounds.put(partition, new OffsetRange(Math.min(start, last), last));
        });
        return bounds;
    }

    Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
        Map<SourcePartition, Long> end = offsets(partitions, OffsetSpec.latest());
        Map<SourcePartition, Long> at = offsets(end.keySet(), OffsetSpec.forTimestamp(timestampMillis));
        Set<SourcePartition> later = at.entrySet().stream()
                .filter(each -> each.getValue() < 0)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        requireTimestamps(later, end);
        at.replaceAll((partition, offset) -> offset >= 0 ? offset : end.getOrDefault(partition, offset));
        return at;
    }

    /** That no record is later than a time means nothing if none has a timestamp. */
    private void requireTimestamps(Set<SourcePartition> partitions, Map<SourcePartition, Long> ends) {
        Map<SourcePartition, Long> starts = offsets(partitions, OffsetSpec.earliest());
        starts.entrySet().removeIf(start -> start.getValue() >= ends.getOrDefault(start.getKey(), 0L));
        lookUp(starts.keySet(), OffsetSpec.maxTimestamp()).forEach((partition, latest) -> {
            if (latest.timestamp() == RecordConsumer.NO_TIMESTAMP) {
                throw FirnException.user(
                        "topic-without-timestamps",
                        "no record of the partition has a timestamp in Kafka, so a time is no position in it",
                        partition.toString(),
                        "say offsets, earliest or latest instead of a time");
            }
        });
    }

    private Map<SourcePartition, Long> offsets(Collection<SourcePartition> partitions, OffsetSpec spec) {
        Map<SourcePartition, Long> offsets = new HashMap<>();
        lookUp(partitions, spec).forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    private Map<SourcePartition, ListOffsetsResultInfo> lookUp(
            Collection<SourcePartition> partitions, OffsetSpec spec) {
        Map<SourcePartition, ListOffsetsResultInfo> offsets = new HashMap<>();
        if (partitions.isEmpty()) {
            // Whoever has partitions reports again.
            health.clear(OFFSETS);
            return offsets;
        }
        Function<SourcePartition, TopicPartition> key = held -> new TopicPartition(held.topic(), held.partition());
        ListOffsetsOptions options = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED).timeoutMs(ANSWER_MILLIS);
        ListOffsetsResult result;
        try {
            result = admin().listOffsets(partitions.stream().collect(Collectors.toMap(key, held -> spec)), options);
        } catch (FirnException away) {
            if (away.kind() == FirnException.Kind.EXTERNAL) {
                offsetsOutage.met(String.valueOf(away.getMessage()));
                return offsets;
            }
            throw away;
        }
        for (SourcePartition partition : partitions) {
            offset(partition, result.partitionResult(key.apply(partition))).ifPresent(at -> offsets.put(partition, at));
        }
        if (offsets.size() == partitions.size()) {
            offsetsOutage.over();
        }
        return offsets;
    }

    private Optional<ListOffsetsResultInfo> offset(
            SourcePartition partition, KafkaFuture<ListOffsetsResultInfo> future) {
        try {
            return Optional.of(answer(future, "list offsets"));
        } catch (FirnException failure) {
            if (failure.kind() == FirnException.Kind.EXTERNAL) {
                offsetsOutage.met(partition + ": " + failure.getMessage());
                return Optional.empty();
            }
            throw failure;
        }
    }

    private Map<String, TopicDescription> describe(Set<String> topics) {
        Map<String, TopicDescription> found = new TreeMap<>();
        if (topics.isEmpty()) {
            return found;
        }
        admin().describeTopics(List.copyOf(topics)).topicNameValues().forEach((topic, future) -> {
            try {
                found.put(topic, answer(future, "describe topic " + topic));
            } catch (FirnException failure) {
                if (!(failure.getCause() instanceof UnknownTopicOrPartitionException)) {
                    throw failure;
                }
            }
        });
        return found;
    }

    private <T> T answer(KafkaFuture<T> future, String operation) {
        try {
            return future.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException failure) {
            throw KafkaFailures.translated(failure.getCause(), operation, properties.brokers());
        } catch (TimeoutException failure) {
            throw KafkaFailures.translated(failure, operation, properties.brokers());
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw KafkaFailures.translated(interrupt, operation, properties.brokers());
        }
    }

    private void pause(Duration time) {
        try {
            TimeUnit.MILLISECONDS.sleep(time.toMillis());
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw KafkaFailures.translated(interrupt, "describe topics", properties.brokers());
        }
    }

    private synchronized Admin admin() {
        if (admin == null) {
            try {
                Map<String, Object> settings = properties.admin();
                settings.putIfAbsent(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MILLIS);
                settings.putIfAbsent(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MILLIS / 2);
                admin = Admin.create(settings);
            } catch (KafkaException failure) {
                throw KafkaFailures.translated(failure, "open the admin client", properties.brokers());
            }
        }
        return admin;
    }

    @Override
    public synchronized void close() {
        if (admin != null) {
            admin.close(Duration.ofSeconds(1));
        }
    }
}
