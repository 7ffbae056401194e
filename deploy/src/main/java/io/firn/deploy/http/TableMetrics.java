package io.firn.deploy.http;

import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.maintain.TableFigures.Runs;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** What maintenance saw of the tables and did to them, and how audits ended, as meters. */
final class TableMetrics {
    private static final double MILLIS = 1000.0;

    private final MeterRegistry registry;
    private final Running running;
    private final Clock clock;
    private final Map<MultiGauge, ToDoubleFunction<TableDebt>> debts = new LinkedHashMap<>();
    private final MultiGauge unmerged;
    private final MultiGauge refused;
    private final MultiGauge mergeLag;
    private final MultiGauge mergeFailures;
    private final MultiGauge mergeAge;
    private final MultiGauge jobFailures;
    private final MultiGauge jobAge;
    private final MultiGauge lookAge;
    private final MultiGauge headAge;
    private final MultiGauge auditClean;
    private final MultiGauge auditAge;
    private final Set<String> known = new HashSet<>();

    TableMetrics(MeterRegistry registry, Running running, Clock clock) {
        this.registry = registry;
        this.running = running;
        this.clock = clock;
        debt("firn_table_files", "Data files of the table", debt -> debt.files().files());
        debt(
                "firn_table_rows",
                "Rows of the table without those that deletes hide; NaN while equality deletes hide an unknown number",
                debt -> debt.equalityDeletes() > 0
                        ? Double.NaN
                        : Math.max(0, debt.files().rows() - debt.positionDeletes()));
        debt("firn_table_rows_at_most", "Rows of those files, hidden ones included", debt -> debt.files()
                .rows());
        debt("firn_table_bytes", "Bytes of those files", debt -> debt.files().bytes());
        debt("firn_table_snapshots", "Snapshots of the table", TableDebt::snapshots);
        debt("firn_small_files", "Data files that a rewrite would take now", debt -> debt.small()
                .files());
        debt("firn_delete_files", "Delete files of the table", TableDebt::deleteFiles);
        this.unmerged = gauge("firn_unmerged_rows", "Staged rows that are not in the keyed table yet, at most");
        this.refused = gauge(
                "firn_deletion_refused",
                "1 if jobs delete no file of the table, because it is not proved that all are its own, else 0");
        this.mergeLag = gauge("firn_merge_lag_seconds", "Between the watermarks of staging and of the keyed table");
        this.mergeFailures = gauge("firn_merge_failures_in_a_row", "Merges that failed since the last that did not");
        this.mergeAge = gauge("firn_merge_last_success_age_seconds", "Since a merge last ended well");
        this.jobFailures = gauge("firn_job_failures_in_a_row", "Runs of a job that failed since the last that did not");
        this.jobAge = gauge("firn_job_last_success_age_seconds", "Since a run of a job last ended well");
        this.lookAge = gauge(
                "firn_table_figures_age_seconds",
                "Since maintenance last looked at the table, which firn_table_… and firn_small_files are of");
        this.headAge = gauge("firn_table_head_age_seconds", "Since the table's head was last read");
        this.auditClean = gauge("firn_audit_clean", "1 where the last audit found no difference, else 0");
        this.auditAge = gauge("firn_audit_age_seconds", "Since the last audit ended");
    }

    private void debt(String name, String help, ToDoubleFunction<TableDebt> value) {
        debts.put(gauge(name, help), value);
    }

    private MultiGauge gauge(String name, String help) {
        return MultiGauge.builder(name).description(help).register(registry);
    }

    /** Takes the figures of this moment; to be called before the registry is read. */
    synchronized void refresh() {
        Map<String, TableFigures.Seen> tables = running.tableFigures();
        debts.forEach((gauge, value) -> {
            List<MultiGauge.Row<?>> rows = new ArrayList<>();
            tables.forEach((table, seen) -> seen.debt()
                    .ifPresent(
                            debt -> rows.add(MultiGauge.Row.of(Tags.of("table", table), value.applyAsDouble(debt)))));
            gauge.register(rows, true);
        });
        List<MultiGauge.Row<?>> behind = new ArrayList<>();
        tables.forEach((table, seen) ->
                seen.lag().ifPresent(lag -> behind.add(MultiGauge.Row.of(Tags.of("table", table), lag.rows()))));
        unmerged.register(behind, true);
        List<MultiGauge.Row<?>> refusals = new ArrayList<>();
        tables.forEach((table, seen) -> refusals.add(
                MultiGauge.Row.of(Tags.of("table", table), seen.refusal().isPresent() ? 1 : 0)));
        refused.register(refusals, true);
        merges(tables);
        ages(tables);
        tables.forEach((table, seen) -> seen.runs().keySet().forEach(kind -> register(table, kind)));
        audits();
    }

    private void merges(Map<String, TableFigures.Seen> tables) {
        Instant now = clock.instant();
        List<MultiGauge.Row<?>> lags = new ArrayList<>();
        List<MultiGauge.Row<?>> failures = new ArrayList<>();
        List<MultiGauge.Row<?>> ages = new ArrayList<>();
        tables.forEach((table, seen) -> {
            Tags tags = Tags.of("table", table);
            seen.lag()
                    .ifPresent(
                            lag -> lags.add(MultiGauge.Row.of(tags, lag.time().toMillis() / MILLIS)));
            TableFigures.Standing merges = seen.standings().get(JobKind.MERGE);
            if (merges != null) {
                failures.add(MultiGauge.Row.of(tags, merges.failuresInARow()));
                merges.lastSuccess()
                        .ifPresent(last -> ages.add(MultiGauge.Row.of(
                                tags, Duration.between(last, now).toMillis() / MILLIS)));
            }
        });
        mergeLag.register(lags, true);
        mergeFailures.register(failures, true);
        mergeAge.register(ages, true);
    }

    private void ages(Map<String, TableFigures.Seen> tables) {
        List<MultiGauge.Row<?>> looks = new ArrayList<>();
        List<MultiGauge.Row<?>> failures = new ArrayList<>();
        List<MultiGauge.Row<?>> successes = new ArrayList<>();
        tables.forEach((table, seen) -> {
            Tags tags = Tags.of("table", table);
            seen.lookedAt().ifPresent(at -> looks.add(MultiGauge.Row.of(tags, age(at))));
            seen.standings().forEach((kind, standing) -> {
                Tags job = tags.and("job", kind.jobName());
                failures.add(MultiGauge.Row.of(job, standing.failuresInARow()));
                standing.lastSuccess().ifPresent(at -> successes.add(MultiGauge.Row.of(job, age(at))));
            });
        });
        lookAge.register(looks, true);
        jobFailures.register(failures, true);
        jobAge.register(successes, true);
        List<MultiGauge.Row<?>> heads = new ArrayList<>();
        running.tableHeads()
                .forEach((table, head) -> heads.add(MultiGauge.Row.of(Tags.of("table", table), age(head.readAt()))));
        headAge.register(heads, true);
    }

    private double age(Instant at) {
        return Duration.between(at, clock.instant()).toMillis() / MILLIS;
    }

    private void audits() {
        Instant now = clock.instant();
        List<MultiGauge.Row<?>> clean = new ArrayList<>();
        List<MultiGauge.Row<?>> ages = new ArrayList<>();
        for (Map.Entry<String, JobRecord> each : running.lastAudits().entrySet()) {
            Tags tags = Tags.of("pipeline", each.getKey());
            JobRecord audit = each.getValue();
            clean.add(MultiGauge.Row.of(
                    tags, audit.outcome().filter(JobRecord.Outcome::good).isPresent() ? 1 : 0));
            audit.ended()
                    .ifPresent(ended -> ages.add(
                            MultiGauge.Row.of(tags, Duration.between(ended, now).toMillis() / MILLIS)));
        }
        auditClean.register(clean, true);
        auditAge.register(ages, true);
    }

    private void register(String table, JobKind kind) {
        if (!known.add(kind + " " + table)) {
            return;
        }
        Tags tags = Tags.of("table", table, "job", kind.jobName());
        timer("firn_job", "Time that jobs took which found something to do", tags, table, kind);
        if (kind == JobKind.MERGE) {
            timer("firn_merge", "Time that merges took", Tags.of("table", table), table, kind);
        }
        FunctionCounter.builder("firn_job_conflicts", this, metrics -> metrics.runs(table, kind)
                        .conflicts())
                .description("Commits of jobs that somebody else's got in the way of")
                .tags(tags)
                .register(registry);
    }

    private void timer(String name, String help, Tags tags, String table, JobKind kind) {
        FunctionTimer.builder(
                        name,
                        this,
                        metrics -> metrics.runs(table, kind).count(),
                        metrics -> metrics.runs(table, kind).time().toMillis(),
                        TimeUnit.MILLISECONDS)
                .description(help)
                .tags(tags)
                .register(registry);
    }

    private Runs runs(String table, JobKind kind) {
        return running.tableFigures()
                .getOrDefault(table, TableFigures.NOT_SEEN)
                .runs()
                .getOrDefault(kind, TableFigures.NO_RUNS);
    }
}
