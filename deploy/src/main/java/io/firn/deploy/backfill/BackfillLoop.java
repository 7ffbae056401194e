package io.firn.deploy.backfill;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.RefusalPatience;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.KnownBackfills;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.backfill.BackfillJob;
import io.firn.ingest.backfill.BackfillSettings;
import io.firn.ingest.backfill.BackfillTurn;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.SpanSource;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works on the backfills of a process's pipelines, one at a time, a turn of it at each call. Not for several threads.
 */
public final class BackfillLoop {
    private static final Logger LOG = LoggerFactory.getLogger(BackfillLoop.class);

    /** Other processes' requests, and what others left behind, wait no longer than this. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(10);

    /** What backfills are reported to the pipeline's health as. */
    private static final String COMPONENT = "backfill";

    /** What properties that cannot be read are reported as. */
    private static final String PROPERTIES = "backfill properties";

    /** After Kafka, catalog or store failed. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);

    private final SortedMap<String, PipelineConfig> pipelines;
    private final BackfillParts parts;
    private final PipelineStates states;
    private final BackfillSettings settings;
    private final BackfillFigures figures;
    private final RefusalPatience refusals;
    private final Clock clock;
    private final Supplier<? extends RandomGenerator> randoms;
    private @Nullable Work work;
    private Instant nextLook = Instant.MIN;

    /**
     * @param states of the pipelines: tables that were never opened are left alone, failures are reported
     * @param figures is told what is seen
     */
    public BackfillLoop(
            Map<String, PipelineConfig> pipelines,
            BackfillParts parts,
            PipelineStates states,
            BackfillFigures figures,
            Clock clock,
            Supplier<? extends RandomGenerator> randoms) {
        this(pipelines, parts, states, Owner.settings(), figures, clock, randoms);
    }

    BackfillLoop(
            Map<String, PipelineConfig> pipelines,
            BackfillParts parts,
            PipelineStates states,
            BackfillSettings settings,
            BackfillFigures figures,
            Clock clock,
            Supplier<? extends RandomGenerator> randoms) {
        this.pipelines = new TreeMap<>(pipelines);
        this.parts = parts;
        this.states = states;
        this.settings = settings;
        this.figures = figures;
        this.refusals = new RefusalPatience(clock);
        this.clock = clock;
        this.randoms = randoms;
    }

    /** @return how long to wait before the next turn, unless something was asked for */
    @SuppressWarnings("IllegalCatch") // tables and stores throw what they like; the service goes on
    public Duration turn() {
        try {
            Work current = work;
            return current == null ? look() : turn(current);
        } catch (FirnException failed) {
            return failed(failed);
        } catch (RuntimeException | Error failed) {
            LOG.warn("a backfill could not go on and is tried again in {}", AFTER_FAILURE, failed);
            Work current = work;
            if (current != null) {
                states.health(current.name).warn(COMPONENT, "failed: " + FailureText.of(failed));
            }
            drop();
            return AFTER_FAILURE;
        }
    }

    private Duration turn(Work current) {
        if (!clock.instant().isBefore(nextLook)) {
            lookAtAll();
        }
        long before = current.job.conflicts();
        BackfillTurn turn = current.job.turn();
        states.health(current.name).clear(COMPONENT);
        refusals.over();
        figures.conflicts(current.name, current.job.conflicts() - before);
        if (turn.delayMillis() == 0) {
            // Not between two attempts at a commit: each look reads the table's metadata once more.
            seen(current.name, current.pipeline, current.table);
        }
        if (turn.ended()) {
            LOG.info("backfill {} of {}: {}", current.id, current.table.name(), turn.reason());
            drop();
            return Duration.ZERO;
        }
        if (turn.delayMillis() > 0) {
            LOG.info("backfill {} of {} waits: {}", current.id, current.table.name(), turn.reason());
        }
        return Duration.ofMillis(turn.delayMillis());
    }

    /** Others may work on backfills of other tables; where one cannot be looked at, the work here goes on. */
    @SuppressWarnings("IllegalCatch")
    private void lookAtAll() {
        nextLook = clock.instant().plus(BETWEEN_LOOKS);
        for (Map.Entry<String, PipelineConfig> each : pipelines.entrySet()) {
            if (!states.hasOpened(each.getKey())) {
                continue;
            }
            try {
                seen(each.getKey(), each.getValue(), parts.table(each.getValue()));
            } catch (RuntimeException | Error failed) {
                cannotLook(each.getKey(), each.getValue(), failed);
            }
        }
    }

    private List<BackfillState> seen(String name, PipelineConfig pipeline, Table table) {
        KnownBackfills known = Backfills.known(table);
        figures.saw(pipeline.ingestTable(), known.states(), clock.instant());
        if (known.unreadable().isEmpty()) {
            states.health(name).clear(PROPERTIES);
        } else {
            KnownBackfills.Unreadable first = known.unreadable().get(0);
            String what = "table " + table.name() + " has " + known.unreadable().size()
                    + " properties that are no states of backfills, the first is " + first.property() + " ("
                    + first.problem() + "); remove them";
            states.health(name).warn(PROPERTIES, what);
            LOG.warn("Backfills of {}: {}", name, what);
        }
        return known.states();
    }

    /** A pipeline whose table cannot be looked at does not hold up the backfills of the others. */
    @SuppressWarnings("IllegalCatch")
    private Duration look() {
        nextLook = clock.instant().plus(BETWEEN_LOOKS);
        for (Map.Entry<String, PipelineConfig> each : pipelines.entrySet()) {
            if (!states.hasOpened(each.getKey())) {
                continue;
            }
            try {
                if (found(each.getKey(), each.getValue())) {
                    return Duration.ZERO;
                }
                states.health(each.getKey()).clear(COMPONENT);
            } catch (RuntimeException | Error failed) {
                cannotLook(each.getKey(), each.getValue(), failed);
            }
        }
        return BETWEEN_LOOKS;
    }

    private boolean found(String name, PipelineConfig pipeline) {
        Table table = parts.table(pipeline);
        for (BackfillState state : seen(name, pipeline, table)) {
            if (state.isRunning()
                    && state.task().pipeline().equals(name)
                    && BackfillJob.mayWorkOn(state, settings, clock.instant())) {
                work = begin(name, pipeline, table, state.id());
                return true;
            }
        }
        return false;
    }

    private void cannotLook(String name, PipelineConfig pipeline, Throwable failed) {
        states.health(name).warn(COMPONENT, "its table cannot be looked at: " + FailureText.of(failed));
        LOG.warn(
                "backfills of {} cannot be looked at, the next look is in {}: {}",
                pipeline.ingestTable(),
                BETWEEN_LOOKS,
                FailureText.of(failed));
    }

    private Work begin(String name, PipelineConfig pipeline, Table table, String id) {
        KafkaSources sources = parts.sources(name, pipeline);
        SpanSource source = sources.spans();
        BackfillJob job = new BackfillJob(
                id,
                table,
                source,
                () -> parts.writer(pipeline, table),
                settings.withTurn(parts.turn(table)),
                clock,
                randoms.get());
        LOG.info("backfill {} of {} goes on here", id, table.name());
        return new Work(id, name, pipeline, table, job, source, sources);
    }

    private Duration failed(FirnException failed) {
        Work current = work;
        if (current == null || failed.kind() == FirnException.Kind.EXTERNAL || refusals.bears(failed)) {
            LOG.warn("a backfill could not go on and is tried again in {}: {}", AFTER_FAILURE, failed.getMessage());
            if (current != null) {
                states.health(current.name).warn(COMPONENT, "waits: " + failed.getMessage());
            }
            drop();
            return AFTER_FAILURE;
        }
        LOG.error("backfill {} of {} failed: {}", current.id, current.table.name(), failed.getMessage());
        drop();
        new Backfills(current.table, randoms.get(), clock).fail(current.id, String.valueOf(failed.getMessage()));
        return Duration.ZERO;
    }

    /** What it worked on is left to others, or to the next start. */
    public void stop() {
        drop();
    }

    private void drop() {
        Work current = work;
        work = null;
        if (current != null) {
            current.job.stop();
            current.source.close();
            current.sources.close();
        }
    }

    private record Work(
            String id,
            String name,
            PipelineConfig pipeline,
            Table table,
            BackfillJob job,
            SpanSource source,
            KafkaSources sources) {}
}
