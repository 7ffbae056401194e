package io.firn.deploy.http;

import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.PartitionStatus;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lag and throughput of the last hour, for the page's plots. Whoever wants more has Prometheus. */
final class History implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(History.class);
    private static final long EVERY_SECONDS = 5;
    private static final int POINTS = 720;

    /** Rows become visible by commits, many at once: a rate needs several of those. */
    private static final int POINTS_A_RATE = 6;

    private static final double MILLIS = 1000.0;

    private final Running running;
    private final Clock clock;
    private final Map<String, Deque<Point>> points = new TreeMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread daemon = new Thread(work, "firn-history");
        daemon.setDaemon(true);
        return daemon;
    });

    private record Point(long atMillis, long effective, OptionalLong lag, OptionalDouble rate) {}

    History(Running running, Clock clock) {
        this.running = running;
        this.clock = clock;
    }

    void start() {
        var unused = thread.scheduleAtFixedRate(this::lookQuietly, 0, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    @SuppressWarnings("IllegalCatch") // a look that fails must not be the last one
    private void lookQuietly() {
        try {
            look();
        } catch (RuntimeException | Error failed) {
            LOG.debug("no figures for the page this time", failed);
        }
    }

    /** Notes the figures of this moment. */
    void look() {
        long now = clock.millis();
        for (PipelineStatus pipeline : running.pipelines()) {
            long effective = pipeline.partitions().stream()
                    .mapToLong(PartitionStatus::effective)
                    .sum();
            note(pipeline.pipeline(), now, effective, Pages.lag(pipeline.partitions()));
        }
    }

    private synchronized void note(String pipeline, long now, long effective, OptionalLong lag) {
        Deque<Point> known = points.computeIfAbsent(pipeline, name -> new ArrayDeque<>());
        List<Point> all = new ArrayList<>(known);
        OptionalDouble rate = OptionalDouble.empty();
        if (!all.isEmpty()) {
            Point before = all.get(Math.max(0, all.size() - POINTS_A_RATE));
            // Less than before where partitions went to another process.
            rate = now > before.atMillis()
                    ? OptionalDouble.of(
                            Math.max(0, effective - before.effective()) * MILLIS / (now - before.atMillis()))
                    : OptionalDouble.empty();
        }
        known.addLast(new Point(now, effective, lag, rate));
        if (known.size() > POINTS) {
            known.removeFirst();
        }
    }

    synchronized String json() {
        return Json.object(out -> {
            out.writeArrayFieldStart("pipelines");
            for (Map.Entry<String, Deque<Point>> each : points.entrySet()) {
                out.writeStartObject();
                out.writeStringField("pipeline", each.getKey());
                out.writeArrayFieldStart("points");
                for (Point point : each.getValue()) {
                    out.writeStartObject();
                    out.writeNumberField("time", point.atMillis());
                    Json.number(out, "lag", point.lag());
                    if (point.rate().isPresent()) {
                        out.writeNumberField("rate", Math.round(point.rate().getAsDouble()));
                    }
                    out.writeEndObject();
                }
                out.writeEndArray();
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
