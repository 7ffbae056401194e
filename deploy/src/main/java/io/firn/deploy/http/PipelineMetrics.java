package io.firn.deploy.http;

import io.firn.deploy.check.TopicRetention;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.PartitionStatus;
import io.firn.ingest.record.PipelineHealth;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The pipelines' figures as meters. Each process shows the lag of every partition: aggregate by max. The counters of a
 * partition are of this process alone: add them up.
 */
final class PipelineMetrics {
    private static final double MILLIS = 1000.0;

    private final MeterRegistry registry;
    private final Supplier<List<PipelineStatus>> source;
    private final Supplier<Map<String, Duration>> retentions;
    private final Clock clock;
    private final Map<String, PipelineStatus> pipelines = new HashMap<>();
    private final Map<Tags, PartitionStatus> partitions = new HashMap<>();
    private final Map<Tags, List<Meter>> meters = new HashMap<>();

    PipelineMetrics(
            MeterRegistry registry,
            Supplier<List<PipelineStatus>> source,
            Supplier<Map<String, Duration>> retentions,
            Clock clock) {
        this.registry = registry;
        this.source = source;
        this.retentions = retentions;
        this.clock = clock;
    }

    /** Takes the figures of this moment; to be called before the registry is read. */
    synchronized void refresh() {
        Set<Tags> held = new HashSet<>();
        for (PipelineStatus pipeline : source.get()) {
            if (pipelines.put(pipeline.pipeline(), pipeline) == null) {
                register(pipeline.pipeline());
            }
            for (PartitionStatus partition : pipeline.partitions()) {
                Tags tags = Tags.of(
                        "pipeline",
                        pipeline.pipeline(),
                        "topic",
                        partition.partition().topic(),
                        "partition",
                        Integer.toString(partition.partition().partition()));
                held.add(tags);
                partitions.put(tags, partition);
                meters.computeIfAbsent(tags, this::register);
            }
        }
        Set<Tags> gone = new HashSet<>(meters.keySet());
        gone.removeAll(held);
        for (Tags tags : gone) {
            partitions.remove(tags);
            List<Meter> leaving = meters.remove(tags);
            if (leaving != null) {
                leaving.forEach(registry::remove);
            }
        }
    }

    private void register(String pipeline) {
        Tags tags = Tags.of("pipeline", pipeline);
        pipelineGauge(
                "firn_pipeline_up",
                "1 while the pipeline runs, 0 when it is stopped, paused or failed",
                tags,
                status -> status.state() == PipelineStatus.State.RUNNING ? 1 : 0);
        pipelineGauge(
                "firn_pipeline_trouble",
                "1 while something is being retried or does not work, or the pipeline has failed",
                tags,
                status -> status.trouble().isPresent() ? 1 : 0);
        pipelineGauge(
                "firn_pipeline_failed",
                "1 while the pipeline has failed",
                tags,
                status -> status.failure().isPresent() ? 1 : 0);
        pipelineGauge(
                "firn_pipeline_outage_seconds",
                "Since the pipeline's oldest outage began; 0 while there is none",
                tags,
                this::outageSeconds);
        pipelineGauge("firn_buffer_bytes", "Heap that open files hold", tags, PipelineStatus::bufferedBytes);
        pipelineGauge(
                "firn_commit_age_seconds",
                "Since the last commit of this process; NaN before the first",
                tags,
                status -> status.lastCommit()
                        .map(last -> (clock.millis() - last.toEpochMilli()) / 1000.0)
                        .orElse(Double.NaN));
        counter("firn_commits", "Commits by outcome", tags.and("outcome", "committed"), PipelineStatus::commits);
        counter("firn_commits", "Commits by outcome", tags.and("outcome", "fenced"), PipelineStatus::resets);
        counter("firn_commits", "Commits by outcome", tags.and("outcome", "conflict"), status -> status.figures()
                .undecided());
        pipelineGauge("firn_open_writers", "Data files being written", tags, status -> status.figures()
                .openFiles());
        FunctionTimer.builder(
                        "firn_commit",
                        this,
                        metrics -> metrics.attempts(pipeline),
                        metrics -> metrics.known(pipeline).figures().commitMillis(),
                        TimeUnit.MILLISECONDS)
                .description("Time that attempts at commits take")
                .tags(tags)
                .register(registry);
    }

    private double outageSeconds(PipelineStatus status) {
        return status.troubles().stream()
                .filter(trouble -> trouble.level() == PipelineHealth.Level.OUTAGE)
                .mapToDouble(trouble -> (clock.millis() - trouble.since().toEpochMilli()) / MILLIS)
                .max()
                .orElse(0);
    }

    private long attempts(String pipeline) {
        PipelineStatus status = known(pipeline);
        return status.commits() + status.resets() + status.figures().undecided();
    }

    private void pipelineGauge(String name, String help, Tags tags, ToDoubleFunction<PipelineStatus> value) {
        String pipeline = tags.stream().findFirst().orElseThrow().getValue();
        Gauge.builder(name, () -> value.applyAsDouble(known(pipeline)))
                .description(help)
                .tags(tags)
                .register(registry);
    }

    private void counter(String name, String help, Tags tags, ToDoubleFunction<PipelineStatus> value) {
        String pipeline = tags.stream()
                .filter(tag -> tag.getKey().equals("pipeline"))
                .findFirst()
                .orElseThrow()
                .getValue();
        FunctionCounter.builder(name, this, metrics -> value.applyAsDouble(metrics.known(pipeline)))
                .description(help)
                .tags(tags)
                .register(registry);
    }

    private synchronized PipelineStatus known(String pipeline) {
        PipelineStatus status = pipelines.get(pipeline);
        if (status == null) {
            throw new IllegalStateException("no pipeline " + pipeline);
        }
        return status;
    }

    private List<Meter> register(Tags tags) {
        List<Meter> all = new ArrayList<>();
        all.add(count(
                "firn_records_delivered",
                "Records handed over by Kafka, replays included",
                tags,
                PartitionStatus::delivered));
        all.add(count(
                "firn_records_processed",
                "Records decoded and written to a file, or counted as skipped",
                tags,
                PartitionStatus::processed));
        all.add(count(
                "firn_records_effective", "Rows that this process made visible", tags, PartitionStatus::effective));
        all.add(Gauge.builder(
                        "firn_lag_records",
                        () -> value(
                                tags,
                                partition -> partition.lag().isPresent()
                                        ? partition.lag().getAsLong()
                                        : Double.NaN))
                .description("Records between the table and the end of the partition; NaN until both are known")
                .tags(tags)
                .register(registry));
        all.add(gauge(
                "firn_lag_known",
                "1 if the lag is known; 0 while Kafka or the catalog does not tell, or there is no ledger yet",
                tags,
                partition -> partition.lag().isPresent() ? 1 : 0));
        all.add(gauge(
                "firn_lag_age_seconds",
                "Since ledger and end of the partition were read; NaN until both are known",
                tags,
                partition -> partition
                        .measuredAt()
                        .map(at -> Math.max(0, clock.millis() - at.toEpochMilli()) / MILLIS)
                        .orElse(Double.NaN)));
        all.add(gauge(
                "firn_partition_held",
                "1 if a member of the consumer group holds the partition, 0 if none does; NaN until it is known",
                tags,
                partition -> partition
                        .holder()
                        .map(holder -> holder.isEmpty() ? 0.0 : 1.0)
                        .orElse(Double.NaN)));
        all.add(Gauge.builder("firn_lag_seconds", () -> value(tags, this::lagSeconds))
                .description(
                        "Age of the last record in the table while later ones are in Kafka, 0 while there are none;"
                                + " NaN until it is known")
                .tags(tags)
                .register(registry));
        all.add(Gauge.builder("firn_retention_margin_seconds", () -> value(tags, this::marginSeconds))
                .description("Time until Kafka drops what is not in the table; +Inf where it drops nothing by time;"
                        + " NaN until it is known")
                .tags(tags)
                .register(registry));
        return all;
    }

    private Meter gauge(String name, String help, Tags tags, ToDoubleFunction<PartitionStatus> value) {
        return Gauge.builder(name, () -> value(tags, value))
                .description(help)
                .tags(tags)
                .register(registry);
    }

    private double lagSeconds(PartitionStatus partition) {
        if (partition.lag().isEmpty()) {
            return Double.NaN;
        }
        if (partition.lag().getAsLong() == 0) {
            return 0;
        }
        return partition.until().isEmpty()
                ? Double.NaN
                : Math.max(0, clock.millis() - partition.until().getAsLong()) / MILLIS;
    }

    private double marginSeconds(PartitionStatus partition) {
        Duration retention = retentions.get().get(partition.partition().topic());
        if (retention == null) {
            return Double.NaN;
        }
        return retention.equals(TopicRetention.FOREVER)
                ? Double.POSITIVE_INFINITY
                : retention.toMillis() / MILLIS - lagSeconds(partition);
    }

    private Meter count(String name, String help, Tags tags, ToDoubleFunction<PartitionStatus> value) {
        return FunctionCounter.builder(name, this, metrics -> metrics.value(tags, value))
                .description(help)
                .tags(tags)
                .register(registry);
    }

    private synchronized double value(Tags tags, ToDoubleFunction<PartitionStatus> value) {
        PartitionStatus partition = partitions.get(tags);
        return partition == null ? Double.NaN : value.applyAsDouble(partition);
    }
}
