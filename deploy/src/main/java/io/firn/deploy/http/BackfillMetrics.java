package io.firn.deploy.http;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.backfill.BackfillFigures.Seen;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** Backfills as meters, each by its id for as long as it goes on and a day after. */
final class BackfillMetrics {
    private static final double MILLIS = 1000.0;

    private final MeterRegistry registry;
    private final BackfillFigures figures;
    private final Clock clock;
    private final Map<MultiGauge, ToDoubleFunction<BackfillState>> counts = new LinkedHashMap<>();
    private final MultiGauge state;
    private final MultiGauge progressAge;
    private final Set<String> known = new HashSet<>();

    BackfillMetrics(MeterRegistry registry, BackfillFigures figures, Clock clock) {
        this.registry = registry;
        this.figures = figures;
        this.clock = clock;
        count("firn_backfill_records_done", "Offsets of the backfill that are done", BackfillState::done);
        count(
                "firn_backfill_records_left",
                "Offsets of the backfill that are not done",
                each -> each.task().total() - each.done());
        count("firn_backfill_rows_replaced", "Rows that were swapped for new ones", each -> each.counts()
                .replaced());
        count("firn_backfill_rows_added", "Rows that are new", each -> each.counts()
                .added());
        count("firn_backfill_chunks", "Commits of the backfill", each -> each.counts()
                .chunks());
        count("firn_backfill_restarts", "How often it began again because it was rolled back", each -> each.counts()
                .restarts());
        this.state = gauge("firn_backfill_state", "1 for how the backfill stands, 0 for how it does not");
        this.progressAge = gauge(
                "firn_backfill_progress_age_seconds", "Since more of the backfill was done than before, while it runs");
    }

    private void count(String name, String help, ToDoubleFunction<BackfillState> value) {
        counts.put(gauge(name, help), value);
    }

    private MultiGauge gauge(String name, String help) {
        return MultiGauge.builder(name).description(help).register(registry);
    }

    /** Takes the figures of this moment; to be called before the registry is read. */
    synchronized void refresh() {
        List<Seen> all = figures.all();
        counts.forEach((gauge, value) -> gauge.register(
                rows(all, (tags, seen, rows) -> rows.add(MultiGauge.Row.of(tags, value.applyAsDouble(seen.state())))),
                true));
        state.register(rows(all, BackfillMetrics::phases), true);
        progressAge.register(
                rows(all, (tags, seen, rows) -> {
                    if (seen.state().isRunning()) {
                        Duration age = Duration.between(seen.progressed(), clock.instant());
                        rows.add(MultiGauge.Row.of(tags, age.toMillis() / MILLIS));
                    }
                }),
                true);
        figures.conflicts().keySet().forEach(this::register);
    }

    private static void phases(Tags tags, Seen seen, List<MultiGauge.Row<?>> rows) {
        for (Phase phase : Phase.values()) {
            int is = seen.state().standing().phase() == phase ? 1 : 0;
            rows.add(MultiGauge.Row.of(tags.and("state", phase.text()), is));
        }
    }

    private static List<MultiGauge.Row<?>> rows(List<Seen> all, Rows each) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        for (Seen seen : all) {
            Tags tags = Tags.of(
                    "pipeline",
                    seen.state().task().pipeline(),
                    "table",
                    seen.table(),
                    "topic",
                    seen.state().task().topic(),
                    "backfill",
                    seen.state().id());
            each.add(tags, seen, rows);
        }
        return rows;
    }

    private void register(String pipeline) {
        if (known.add(pipeline)) {
            FunctionCounter.builder("firn_backfill_conflicts", figures, source -> source.conflicts()
                            .getOrDefault(pipeline, 0L))
                    .description("Commits of backfills by this process that somebody else's got in the way of")
                    .tags(Tags.of("pipeline", pipeline))
                    .register(registry);
        }
    }

    /** What a backfill has to show. */
    private interface Rows {
        void add(Tags tags, Seen seen, List<MultiGauge.Row<?>> rows);
    }
}
