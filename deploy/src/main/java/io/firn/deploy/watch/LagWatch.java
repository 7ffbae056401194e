package io.firn.deploy.watch;

import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.watch.PartitionLag.HoldersKnown;
import io.firn.ingest.PipelineSettings;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.State;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.TopicSelection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
 * a pipeline's consumer group whose records do not get into the table: those that are not Firn's, and those whose
 * partitions do not move ({@link StalledPartitions}).
 */
public final class LagWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LagWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration MAX_AGE = Duration.ofSeconds(30);
    private static final String COMPONENT = "consumer group";
    private static final String PROGRESS = "partitions read elsewhere";

    /** A ledger may stand still for so many commit intervals, and at least so long. */
    private static final int PATIENT_INTERVALS = 5;

    private static final Duration MIN_PATIENCE = Duration.ofMinutes(2);

    /**
     * A pipeline to watch.
     *
     * @param commitInterval how often its workers commit
     * @param ledger the ledger of the table that it ingests to, as it was read last
     * @param status what this process does for it
     * @param health receives foreign members of its group, and partitions of others that do not move
     */
    public record Watched(
            String pipeline,
            TopicSelection topics,
            Duration commitInterval,
            Supplier<Optional<SeenLedger>> ledger,
            Supplier<PipelineStatus> status,
            PipelineHealth health) {
        private StalledPartitions stalledPartitions() {
            Duration intervals = commitInterval.multipliedBy(PATIENT_INTERVALS);
            return new StalledPartitions(
                    intervals.compareTo(MIN_PATIENCE) > 0 ? intervals : MIN_PATIENCE,
                    PipelineSettings.DEFAULT_HEARTBEAT_INTERVAL);
        }
    }

    private record Ends(
            Map<String, TopicDescription> topics,
            Map<SourcePartition, Long> ends,
            Map<String, Map<TopicPartition, GroupMember>> holders,
            Map<String, Map<TopicPartition, Long>> reported,
            Instant askedAt) {}

    private final List<Watched> pipelines;
    private final Map<String, StalledPartitions> stalled = new HashMap<>();
    private final KafkaView kafka;
    private final Clock clock;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "firn-lag-watch");
    private volatile Ends last = new Ends(Map.of(), Map.of(), Map.of(), Map.of(), Instant.EPOCH);

    /** @param kafka client properties */
    public LagWatch(List<Watched> pipelines, Map<String, String> kafka, Clock clock) {
        this(pipelines, new KafkaEnds(kafka), clock);
    }

    LagWatch(List<Watched> pipelines, KafkaView kafka, Clock clock) {
        this.pipelines = List.copyOf(pipelines);
        this.pipelines.forEach(each -> stalled.put(each.pipeline(), each.stalledPartitions()));
        this.kafka = kafka;
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

    /** Asks Kafka once and reports what is wrong. */
    void look() throws InterruptedException {
        try {
            Instant now = clock.instant();
            Map<String, TopicDescription> topics = new TreeMap<>(last.topics());
            topics.putAll(kafka.topics(pipelines.stream().map(Watched::topics).toList()));
            Set<SourcePartition> partitions = new HashSet<>();
            topics.forEach((name, topic) -> partitions.addAll(partitions(name, topic)));
            Set<String> groups = new TreeSet<>();
            pipelines.forEach(pipeline -> group(pipeline).ifPresent(groups::add));
            last = new Ends(topics, kafka.ends(partitions), kafka.holders(groups), kafka.reported(groups), now);
            pipelines.forEach(this::reportStrangers);
            pipelines.forEach(this::reportStalledPartitions);
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

    private void reportStalledPartitions(Watched pipeline) {
        StalledPartitions stalls = Objects.requireNonNull(stalled.get(pipeline.pipeline()));
        Optional<StalledPartitions.Finding> found = stalls.observe(clock.instant(), observations(pipeline));
        if (found.isEmpty()) {
            pipeline.health().clear(PROGRESS);
        } else if (found.get().isWrittenElsewhere()) {
            LOG.warn("pipeline {}: {}", pipeline.pipeline(), found.get().text());
            pipeline.health().report(PROGRESS, found.get().text());
        } else {
            LOG.warn("pipeline {}: {}", pipeline.pipeline(), found.get().text());
            pipeline.health().warn(PROGRESS, found.get().text());
        }
    }

    /** Returns the partitions that this process does not hold and of which everything is known. */
    private List<StalledPartitions.Observation> observations(Watched pipeline) {
        PipelineStatus own = pipeline.status().get();
        boolean isLedgerKnown = freshLedger(pipeline)
                .filter(seen -> seen.ledger().knows(pipeline.pipeline()))
                .isPresent();
        if (!isLedgerKnown || (own.state() != State.RUNNING && own.state() != State.PAUSED)) {
            return List.of(); // the pipeline itself reports why it does not work
        }
        Ends ends = last;
        Map<TopicPartition, Long> reported =
                group(pipeline).map(ends.reported()::get).orElse(Map.of());
        Set<SourcePartition> held = new HashSet<>();
        own.partitions().forEach(each -> held.add(each.partition()));
        List<StalledPartitions.Observation> observations = new ArrayList<>();
        for (SourcePartition partition : partitions(pipeline)) {
            PartitionLag lag = lag(pipeline, partition);
            boolean isForeign = lag.holder()
                    .filter(member -> !member.isFirns(pipeline.pipeline()))
                    .isPresent();
            if (held.contains(partition) || isForeign || !lag.isKnownByKafka()) {
                continue;
            }
            Long offset = reported.get(KafkaEnds.key(partition));
            observations.add(new StalledPartitions.Observation(
                    partition,
                    lag.committed(),
                    lag.end().getAsLong(),
                    lag.holder(),
                    offset == null ? OptionalLong.empty() : OptionalLong.of(offset)));
        }
        return observations;
    }

    private Set<SourcePartition> partitions(Watched pipeline) {
        Set<SourcePartition> partitions = new TreeSet<>();
        last.topics().forEach((name, topic) -> {
            if (pipeline.topics().contains(name)) {
                partitions.addAll(partitions(name, topic));
            }
        });
        return partitions;
    }

    /** Returns how Kafka's tools write a partition. */
    static String name(SourcePartition partition) {
        return partition.topic() + "-" + partition.partition();
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
        partitions(watched.get())
                .forEach(partition -> all.computeIfAbsent(
                        partition,
                        other -> PipelineStatus.PartitionStatus.elsewhere(other, measurement(watched.get(), other))));
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

    private Optional<SeenLedger> freshLedger(Watched pipeline) {
        Instant oldest = clock.instant().minus(MAX_AGE);
        return pipeline.ledger().get().filter(seen -> seen.readAt().isAfter(oldest));
    }

    private PartitionLag lag(Watched pipeline, SourcePartition partition) {
        Instant oldest = clock.instant().minus(MAX_AGE);
        Ends ends = last;
        boolean answered = ends.askedAt().isAfter(oldest);
        Optional<SeenLedger> seen = freshLedger(pipeline);
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
