package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.PartitionStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.iceberg.Table;

/** One pipeline with one partition, as a service would show it. */
public final class OneOrdersPipeline implements Running {
    public static final Instant NOW = Instant.parse("2026-11-01T12:00:10Z");

    public volatile Optional<String> trouble = Optional.empty();
    public volatile boolean assigned = true;
    public volatile boolean paused;
    public volatile List<Route> routes = List.of();
    public volatile List<String> warnings = List.of();

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
                paused ? PipelineStatus.State.PAUSED : PipelineStatus.State.RUNNING,
                assigned ? List.of(partition) : List.of(),
                7,
                1,
                Optional.of(NOW.minusSeconds(10)),
                OptionalLong.of(42),
                2048,
                new PipelineStatus.Figures(3500, 2, 3),
                trouble));
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

    private void known(String pipeline) {
        if (!pipeline.equals("orders")) {
            throw HttpService.unknown(pipeline, pipelines());
        }
    }

    @Override
    public Table table(String name) {
        throw FirnException.user("table-missing", "there is no such table", "table " + name, "");
    }
}
