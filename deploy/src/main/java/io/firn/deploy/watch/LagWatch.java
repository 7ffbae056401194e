package io.firn.deploy.watch;

import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.watch.PartitionLag.HoldersKnown;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.TopicSelection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures every 5 s how far each partition of each pipeline's topics is behind: Kafka's end and the table's ledger,
 * whoever reads the partition. What is not known, or older than 30 s, is unknown and never 0. It also finds members of
 * a pipeline's consumer group that are not Firn's, since what they receive does not get into the table.
 */
public final class LagWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LagWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration MAX_AGE = Duration.ofSeconds(30);
    private static final String COMPONENT = "consumer group";

    /**
     * A pipeline to watch.
     *
     * @param ledger the ledger of the table that it ingests to, as it was read last
     * @param health receives foreign members of its group
     */
    public record Watched(
            String pipeline, TopicSelection topics, Supplier<Optional<SeenLedger>> ledger, PipelineHealth health) {
        /** Takes the ledger from the watch over the pipeline's tables. */
        public static Watched of(
                String pipeline, TopicSelection topics, String table, TableWatch tables, PipelineHealth health) {
            return new Watched(pipeline, topics, () -> tables.ledger(table), health);
        }
    }

    private record Ends(
            Map<String, TopicDescription> topics,
            Map<SourcePartition, Long> ends,
            Map<String, Map<TopicPartition, GroupMember>> holders,
            Instant askedAt) {}

    private final List<Watched> pipelines;
    private final KafkaEnds kafka;
    private final Clock clock;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "firn-lag-watch");
    private volatile Ends last = new Ends(Map.of(), Map.of(), Map.of(), Instant.EPOCH);

    /** @param kafka client properties */
    public LagWatch(List<Watched> pipelines, Map<String, String> kafka, Clock clock) {
        this.pipelines = List.copyOf(pipelines);
        this.kafka = new KafkaEnds(kafka);
        this.clock = clock;
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        try {
            do {
                look();
            } while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        } finally {
            kafka.close();
        }
    }

    private void look() throws InterruptedException {
        try {
            Instant now = clock.instant();
            Map<String, TopicDescription> topics = new TreeMap<>(last.topics());
            topics.putAll(kafka.topics(pipelines.stream().map(Watched::topics).toList()));
            Set<SourcePartition> partitions = new HashSet<>();
            topics.forEach((name, topic) -> partitions.addAll(partitions(name, topic)));
            Set<String> groups = new TreeSet<>();
            pipelines.forEach(pipeline -> group(pipeline).ifPresent(groups::add));
            last = new Ends(topics, kafka.ends(partitions), kafka.holders(groups), now);
            pipelines.forEach(this::reportStrangers);
        } catch (KafkaException unusable) {
            // The pipelines themselves fail with the reason, or the watch over the brokers tells it.
            LOG.debug("Kafka cannot be asked", unusable);
        }
    }

    private static Set<SourcePartition> partitions(String name, TopicDescription topic) {
        Set<SourcePartition> partitions = new TreeSet<>();
        topic.partitions()
                .forEach(each ->
                        partitions.add(new SourcePartition(name, topic.topicId().toString(), each.partition())));
        return partitions;
    }

    private static Optional<String> group(Watched pipeline) {
        return pipeline.ledger().get().map(seen -> new ReaderIdentity(pipeline.pipeline(), seen.table()).group());
    }

    private void reportStrangers(Watched pipeline) {
        Map<TopicPartition, GroupMember> members =
                group(pipeline).map(last.holders()::get).orElse(Map.of());
        Map<String, Set<String>> strangers = new TreeMap<>();
        members.forEach((partition, member) -> {
            if (!member.isFirns(pipeline.pipeline())) {
                strangers
                        .computeIfAbsent(member.toString(), name -> new TreeSet<>())
                        .add(partition.toString());
            }
        });
        if (strangers.isEmpty()) {
            pipeline.health().clear(COMPONENT);
            return;
        }
        StringBuilder reason = new StringBuilder("a member that is not Firn's reads in group ")
                .append(group(pipeline).orElse(""))
                .append(", and what it receives does not get into the table:");
        strangers.forEach((member, partitions) -> reason.append(' ')
                .append(member)
                .append(" holds ")
                .append(String.join(", ", partitions))
                .append(';'));
        pipeline.health().report(COMPONENT, reason + " stop it");
    }

    /** Returns the topics of all pipelines, as far as Kafka has described them. */
    public Set<String> topics() {
        return new TreeSet<>(last.topics().keySet());
    }

    /** Returns the status with every partition of the pipeline's topics, those that other processes hold included. */
    public PipelineStatus complete(PipelineStatus status) {
        Optional<Watched> watched = pipelines.stream()
                .filter(each -> each.pipeline().equals(status.pipeline()))
                .findFirst();
        if (watched.isEmpty()) {
            return status;
        }
        Map<SourcePartition, PipelineStatus.PartitionStatus> all = new TreeMap<>();
        status.partitions()
                .forEach(
                        held -> all.put(held.partition(), held.measured(measurement(watched.get(), held.partition()))));
        last.topics().forEach((name, topic) -> {
            if (watched.get().topics().contains(name)) {
                partitions(name, topic)
                        .forEach(partition -> all.computeIfAbsent(
                                partition,
                                other -> PipelineStatus.PartitionStatus.elsewhere(
                                        other, measurement(watched.get(), other))));
            }
        });
        return status.withPartitions(List.copyOf(all.values()));
    }

    private PipelineStatus.Measurement measurement(Watched pipeline, SourcePartition partition) {
        PartitionLag lag = lag(pipeline, partition);
        String holder = lag.holder().map(GroupMember::toString).orElse("");
        return new PipelineStatus.Measurement(
                lag.committed(),
                lag.end(),
                lag.until(),
                lag.measuredAt(),
                lag.holdersKnown() == HoldersKnown.YES ? Optional.of(holder) : Optional.empty());
    }

    private PartitionLag lag(Watched pipeline, SourcePartition partition) {
        Instant oldest = clock.instant().minus(MAX_AGE);
        Ends ends = last;
        boolean answered = ends.askedAt().isAfter(oldest);
        Optional<SeenLedger> seen =
                pipeline.ledger().get().filter(each -> each.readAt().isAfter(oldest));
        Optional<PartitionEntry> entry = seen.flatMap(each -> each.ledger().entry(pipeline.pipeline(), partition));
        Long end = answered ? ends.ends().get(partition) : null;
        Optional<Map<TopicPartition, GroupMember>> members =
                answered ? group(pipeline).map(ends.holders()::get) : Optional.empty();
        return new PartitionLag(
                partition,
                entry.map(known -> OptionalLong.of(known.next())).orElse(OptionalLong.empty()),
                entry.map(PartitionEntry::until).orElse(OptionalLong.empty()),
                end == null ? OptionalLong.empty() : OptionalLong.of(end),
                entry.isPresent() && end != null
                        ? seen.map(each -> each.readAt().isBefore(ends.askedAt()) ? each.readAt() : ends.askedAt())
                        : Optional.empty(),
                members.map(each -> new HashMap<>(each).get(KafkaEnds.key(partition))),
                members.isPresent() ? HoldersKnown.YES : HoldersKnown.NO);
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }
}
