package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.LargeRecords;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** What Kafka holds: positions and whether there is a value, never the values themselves. */
final class KafkaLog implements AutoCloseable {
    /** Hears of one record. */
    interface Seen {
        void record(long offset, boolean nullValue);

        /** Retention removed everything before this offset while the span was being read. */
        void deletedBefore(long offset);
    }

    /** Tells values from nulls without copying them. */
    static final class Presence implements Deserializer<Boolean> {
        @Override
        public Boolean deserialize(String topic, byte[] data) {
            return Boolean.TRUE;
        }

        @Override
        public Boolean deserialize(String topic, Headers headers, ByteBuffer data) {
            return Boolean.TRUE;
        }
    }

    /** Properties of members of a group, which this reader is not: some of them keep a client from starting. */
    private static final Set<String> OF_MEMBERS = Set.of(
            "group.id",
            "group.protocol",
            "group.remote.assignor",
            "group.instance.id",
            "partition.assignment.strategy",
            "session.timeout.ms",
            "heartbeat.interval.ms");

    private static final Duration POLL = Duration.ofMillis(500);

    /** A minute without a record and without progress: the broker is away. */
    private static final int IDLE_POLLS = 120;

    private final Admin admin;
    private final KafkaConsumer<@Nullable Boolean, @Nullable Boolean> consumer;

    KafkaLog(Map<String, String> properties) {
        Map<String, Object> settings = new HashMap<>(properties);
        settings.keySet().removeAll(OF_MEMBERS);
        settings.putIfAbsent("default.api.timeout.ms", "30000");
        settings.putIfAbsent("request.timeout.ms", "15000");
        this.admin = Admin.create(settings);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "none");
        settings.put("max.poll.records", "10000");
        this.consumer = new KafkaConsumer<>(settings, new Presence(), new Presence());
    }

    /** The ids that these topics have now; none for one that does not exist. */
    Map<String, String> topicIds(Set<String> topics) {
        Map<String, String> ids = new HashMap<>();
        admin.describeTopics(topics).topicNameValues().forEach((topic, described) -> get(described, "topic " + topic)
                .map(TopicDescription::topicId)
                .ifPresent(id -> ids.put(topic, id.toString())));
        return ids;
    }

    /** Whether compaction may have removed records of the topic. */
    Compaction compaction(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try {
            Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
            ConfigEntry policy = config == null ? null : config.get("cleanup.policy");
            if (policy == null || policy.value() == null) {
                return Compaction.NOT_TOLD;
            }
            return policy.value().contains("compact") ? Compaction.ON : Compaction.NEVER;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw FirnException.external("interrupted", "interrupted", "topic " + topic, "", interrupted);
        } catch (ExecutionException notTold) {
            return Compaction.NOT_TOLD;
        }
    }

    private static <T> Optional<T> get(KafkaFuture<T> future, String where) {
        try {
            return Optional.of(future.get());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw FirnException.external("interrupted", "interrupted", where, "", interrupted);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            if (failed.getCause() instanceof AuthenticationException
                    || failed.getCause() instanceof AuthorizationException) {
                throw new FirnException(
                        "kafka-auth",
                        FirnException.Kind.USER,
                        "Kafka refuses access: " + failed.getCause().getMessage(),
                        where,
                        "check the credentials and permissions under kafka:",
                        failed);
            }
            throw FirnException.external(
                    "kafka-unavailable",
                    "Kafka does not answer: "
                            + Objects.requireNonNullElse(failed.getCause(), failed)
                                    .getMessage(),
                    where,
                    "check kafka.bootstrap.servers and the broker",
                    failed);
        }
    }

    /** First offset and last stable offset of each. */
    Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
        Map<TopicPartition, SourcePartition> names =
                partitions.stream().collect(Collectors.toMap(KafkaLog::name, partition -> partition));
        try {
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(names.keySet());
            Map<TopicPartition, Long> ends = consumer.endOffsets(names.keySet());
            Map<SourcePartition, OffsetRange> bounds = new HashMap<>();
            names.forEach((name, partition) ->
                    bounds.put(partition, new OffsetRange(begins.getOrDefault(name, 0L), ends.getOrDefault(name, 0L))));
            return bounds;
        } catch (KafkaException failed) {
            throw FirnException.external(
                    "kafka-unavailable", "Kafka does not tell its offsets: " + failed.getMessage(), "", "", failed);
        }
    }

    private static TopicPartition name(SourcePartition partition) {
        return new TopicPartition(partition.topic(), partition.partition());
    }

    /** Every record of the span that Kafka still holds, in offset order. */
    void read(SourcePartition partition, OffsetRange span, Seen seen, Progress progress) {
        try {
            readFrom(partition, span, seen, progress);
        } catch (KafkaException failed) {
            throw FirnException.external(
                    "kafka-unavailable",
                    "Kafka delivers nothing more: " + failed.getMessage(),
                    partition.toString(),
                    "check the broker and run the audit again",
                    failed);
        }
    }

    private void readFrom(SourcePartition partition, OffsetRange span, Seen seen, Progress progress) {
        TopicPartition name = name(partition);
        consumer.assign(List.of(name));
        consumer.seek(name, span.start());
        int idle = 0;
        long position = span.start();
        while (position < span.end()) {
            try {
                for (ConsumerRecord<@Nullable Boolean, @Nullable Boolean> found :
                        consumer.poll(POLL).records(name)) {
                    if (found.offset() < span.end()) {
                        seen.record(found.offset(), found.value() == null);
                        progress.step();
                    }
                }
            } catch (OffsetOutOfRangeException deleted) {
                consumer.seekToBeginning(List.of(name));
                seen.deletedBefore(Math.min(span.end(), consumer.position(name)));
            } catch (OutOfMemoryError none) {
                throw LargeRecords.failureFrom(partition, position, none);
            }
            long now = consumer.position(name);
            idle = now == position ? idle + 1 : 0;
            position = now;
            if (idle > IDLE_POLLS) {
                throw new TimeoutException("no progress at offset " + position);
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
        admin.close(Duration.ofSeconds(5));
    }
}
