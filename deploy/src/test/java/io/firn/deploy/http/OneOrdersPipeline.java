package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.output.Secrets;
import io.firn.deploy.watch.TableHead;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.PartitionStatus;
import io.firn.ingest.record.PipelineHealth;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.Table;

/** One pipeline with one partition, as a service would show it. */
public final class OneOrdersPipeline implements Running {
    public static final Instant NOW = Instant.parse("2026-11-01T12:00:10Z");

    public volatile Optional<String> trouble = Optional.empty();
    public final AtomicInteger restarts = new AtomicInteger();
    public volatile Optional<PipelineStatus.Failure> failure = Optional.empty();
    public volatile boolean assigned = true;
    public volatile boolean paused;
    public volatile List<Route> routes = List.of();
    public volatile List<String> warnings = List.of();
    public volatile List<MaintainedTable> tables = List.of();
    public volatile Map<String, TableFigures.Seen> figures = Map.of();
    public volatile Map<String, JobRecord> audits = Map.of();

    public final Secrets secrets = new Secrets();
    public final BackfillFigures backfills = new BackfillFigures();

    public volatile Optional<IcebergRest> iceberg = Optional.empty();

    /** The only one there is. */
    public volatile Optional<Table> table = Optional.empty();

    @Override
    public Secrets secrets() {
        return secrets;
    }

    @Override
    public List<MaintainedTable> tables() {
        return tables;
    }

    @Override
    public Map<String, TableHead> tableHeads() {
        return table.map(known ->
                        Map.of(tables.isEmpty() ? known.name() : tables.get(0).name(), TableHead.of(known, NOW)))
                .orElse(Map.of());
    }

    @Override
    public Map<String, TableFigures.Seen> tableFigures() {
        return figures;
    }

    @Override
    public Map<String, JobRecord> lastAudits() {
        return audits;
    }

    @Override
    public BackfillFigures backfillFigures() {
        return backfills;
    }

    @Override
    public Map<String, Duration> retentions() {
        return Map.of("orders", Duration.ofHours(1));
    }

    @Override
    public Optional<IcebergRest> iceberg() {
        return iceberg;
    }

    @Override
    public List<Route> routes() {
        return routes;
    }

    @Override
    public List<String> warnings() {
        return warnings;
    }

    @Override
    public List<PipelineStatus> pipelines() {
        PartitionStatus partition = new PartitionStatus(
                new SourcePartition("orders", "topic-id", 0),
                OptionalLong.of(90),
                OptionalLong.of(100),
                OptionalLong.of(NOW.minusSeconds(25).toEpochMilli()),
                95,
                92,
                90);
        return List.of(new PipelineStatus(
                "orders",
                state(),
                assigned ? List.of(partition) : List.of(),
                7,
                1,
                Optional.of(NOW.minusSeconds(10)),
                OptionalLong.of(42),
                2048,
                new PipelineStatus.Figures(3500, 2, 3),
                failure,
                trouble
                        .map(reason -> new PipelineHealth.Trouble(
                                "Kafka",
                                PipelineHealth.Level.OUTAGE,
                                reason.replaceFirst("Kafka: ", ""),
                                NOW.minusSeconds(30),
                                NOW))
                        .stream()
                        .toList()));
    }

    private PipelineStatus.State state() {
        if (failure.isPresent()) {
            return PipelineStatus.State.FAILED;
        }
        return paused ? PipelineStatus.State.PAUSED : PipelineStatus.State.RUNNING;
    }

    @Override
    public void pause(String pipeline) {
        known(pipeline);
        paused = true;
    }

    @Override
    public void resume(String pipeline) {
        known(pipeline);
        paused = false;
    }

    @Override
    public void restart(String pipeline) {
        known(pipeline);
        restarts.incrementAndGet();
        failure = Optional.empty();
    }

    private void known(String pipeline) {
        if (!pipeline.equals("orders")) {
            throw HttpService.unknown(pipeline, pipelines());
        }
    }

    @Override
    public Table table(String name) {
        if (table.isPresent() && table.get().name().endsWith(name)) {
            return table.get();
        }
        throw FirnException.user("table-missing", "there is no such table", "table " + name, "use shop.orders");
    }
}
