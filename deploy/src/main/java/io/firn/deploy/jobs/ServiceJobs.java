package io.firn.deploy.jobs;

import io.firn.catalog.FirnException;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.plan.JobKind;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.JobFactory;
import io.firn.deploy.maintain.JobRun;
import io.firn.deploy.maintain.LatestRows;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.Results;
import io.firn.deploy.maintain.Scratch;
import io.firn.deploy.maintain.TableFigures;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.iceberg.catalog.Catalog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compactions and audits in a running service. They share nothing with ingestion but the tables. */
public final class ServiceJobs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceJobs.class);
    private static final Duration TELL = Duration.ofMillis(200);

    private final Configuration configuration;
    private final Catalog catalog;
    private final JobFactory jobs;
    private final Clock clock;
    private final JobBoard compactions;
    private final JobBoard audits;
    private final Map<String, JobRecord> lastAudits = new ConcurrentHashMap<>();
    private final Optional<ScheduledExecutorService> schedule;

    public ServiceJobs(Configuration configuration, Catalog catalog, JobFactory jobs, Clock clock) {
        this.configuration = configuration;
        this.catalog = catalog;
        this.jobs = jobs;
        this.clock = clock;
        this.compactions = new JobBoard("compactions", clock);
        this.audits = new JobBoard("audits", clock);
        this.schedule = configuration.auditInterval().map(interval -> {
            ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
                Thread made = new Thread(work, "firn-audit-schedule");
                made.setDaemon(true);
                return made;
            });
            var unused = thread.scheduleAtFixedRate(
                    this::auditAll, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
            return thread;
        });
    }

    /** All tables of all pipelines. */
    public List<MaintainedTable> tables() {
        return MaintainedTable.of(configuration.pipelines());
    }

    /** What is known of the tables without looking. */
    public TableFigures figures() {
        return jobs.figures();
    }

    public JobBoard compactions() {
        return compactions;
    }

    public JobBoard audits() {
        return audits;
    }

    /** The last audit of each pipeline that came to an end, by pipeline. */
    public Map<String, JobRecord> lastAudits() {
        return Map.copyOf(lastAudits);
    }

    /** What somebody should look at. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        lastAudits.forEach((pipeline, audit) -> {
            if (audit.outcome().isPresent() && !audit.outcome().get().good()) {
                warnings.add("audit " + audit.id() + " of pipeline " + pipeline + " found differences");
            }
        });
        jobs.figures().all().forEach((table, seen) -> seen.refusal().ifPresent(warnings::add));
        return warnings;
    }

    /**
     * Runs a job on a table.
     *
     * @param accepted of a merge: spans that staging lacks and that it goes on without
     * @throws FirnException {@code table-unknown}, {@code job-invalid}, {@code jobs-full}
     */
    public JobRecord compact(String tableName, JobKind kind, List<AcceptedSpan> accepted, String by) {
        List<MaintainedTable> tables = MaintainedTable.of(configuration.pipelines());
        MaintainedTable table = tables.stream()
                .filter(known -> known.name().equals(tableName))
                .findFirst()
                .orElseThrow(() -> FirnException.user(
                        "table-unknown",
                        "no pipeline writes a table of that name",
                        "table " + tableName,
                        "name one of "
                                + tables.stream().map(MaintainedTable::name).toList()));
        if (!table.role().jobs().contains(kind)) {
            throw FirnException.user(
                    "job-invalid",
                    "this table has no " + kind.jobName() + " job",
                    "table " + tableName,
                    "name one of "
                            + table.role().jobs().stream()
                                    .sorted()
                                    .map(JobKind::jobName)
                                    .toList());
        }
        if (!accepted.isEmpty()) {
            requireMerge(tableName, kind);
            LOG.warn("merge of {} goes on for good without {}, as {} has decided", tableName, accepted, by);
        }
        return compactions.submit(
                kind.jobName(), tableName, by, run -> compact(table, kind, accepted, run), over -> {});
    }

    private static void requireMerge(String tableName, JobKind kind) {
        if (kind != JobKind.MERGE) {
            throw FirnException.user(
                    "job-invalid",
                    "only a merge can go on without records that are missing",
                    "table " + tableName + ", acceptMissing",
                    "leave it out, or name the job merge");
        }
    }

    private JobRecord.Outcome compact(
            MaintainedTable table, JobKind kind, List<AcceptedSpan> accepted, JobBoard.Run run)
            throws InterruptedException {
        Instant begun = clock.instant();
        try (Scratch scratch = Scratch.create()) {
            JobProgress progress = report -> run.at(step(report));
            Job job = kind == JobKind.MERGE
                    ? jobs.merge(table, Budget.UNLIMITED, accepted, progress, scratch.folder())
                    : jobs.job(kind, table, Budget.UNLIMITED, OrphanSettings.Effect.REMOVE, progress, scratch.folder());
            JobResult result =
                    JobRun.toItsEnd(job, run::isEnding, (millis, reason) -> run.await(Duration.ofMillis(millis)));
            if (kind == JobKind.MERGE && !result.snapshots().isEmpty()) {
                LatestRows.of(catalog, table.config()).ifPresent(LatestRows::follow);
            }
            figures().ran(table.name(), kind, Duration.between(begun, clock.instant()), result);
            LOG.info("{} of {}: {}", kind.jobName(), table.name(), Results.line(result));
            boolean good = result.end() == JobResult.End.DONE || result.end() == JobResult.End.NOTHING;
            return new JobRecord.Outcome(good, Results.json(result), Results.line(result));
        }
    }

    private static JobRecord.Step step(JobProgress.Report report) {
        boolean byRows = report.total().rows() > 0;
        long total = byRows ? report.total().rows() : report.total().bytes();
        return new JobRecord.Step(
                report.phase(),
                byRows ? "rows" : "bytes",
                byRows ? report.done().rows() : report.done().bytes(),
                total > 0 ? OptionalLong.of(total) : OptionalLong.empty(),
                report.left().map(left -> OptionalLong.of(left.toSeconds())).orElse(OptionalLong.empty()));
    }

    /**
     * Audits a pipeline.
     *
     * @param depth how much of the tables' files is read
     * @throws FirnException {@code pipeline-unknown}, {@code jobs-full}
     */
    public JobRecord audit(String pipeline, PipelineAudit.Depth depth, String by) {
        PipelineConfig config = configuration.pipelines().get(pipeline);
        if (config == null) {
            throw FirnException.user(
                    "pipeline-unknown",
                    "there is no pipeline " + pipeline,
                    "pipelines",
                    NearestKey.hint(pipeline, configuration.pipelines().keySet()) + "name one of "
                            + configuration.pipelines().keySet());
        }
        return audits.submit("audit", pipeline, by, run -> audit(pipeline, config, depth, run), over -> {
            if (over.outcome().isPresent()) {
                lastAudits.put(pipeline, over);
            }
        });
    }

    private JobRecord.Outcome audit(String pipeline, PipelineConfig config, PipelineAudit.Depth depth, JobBoard.Run run)
            throws InterruptedException {
        Progress progress = Progress.told(clock, TELL, (work, unit, done, total) -> {
            if (run.isEnding()) {
                throw new CancellationException("the audit of pipeline " + pipeline + " ends early");
            }
            run.at(new JobRecord.Step(
                    work, unit, done, total < 0 ? OptionalLong.empty() : OptionalLong.of(total), OptionalLong.empty()));
        });
        try {
            return outcome(
                    pipeline, new PipelineAudit(catalog, pipeline, config, configuration, progress, depth).run());
        } catch (CancellationException ending) {
            throw new InterruptedException(ending.getMessage());
        }
    }

    private static JobRecord.Outcome outcome(String pipeline, AuditReport report) {
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        if (report.isClean()) {
            LOG.info("audit of pipeline {}: clean, {} rows", pipeline, report.effectiveRows());
        } else {
            LOG.error("audit of pipeline {} found differences; see GET /v1/audits or run 'firn audit'", pipeline);
        }
        return new JobRecord.Outcome(report.isClean(), report.json(), text.toString());
    }

    private void auditAll() {
        for (String pipeline : configuration.pipelines().keySet()) {
            boolean waiting = audits.all().stream()
                    .anyMatch(audit ->
                            audit.target().equals(pipeline) && !audit.state().isOver());
            if (!waiting) {
                audit(pipeline, PipelineAudit.Depth.SOURCE_COLUMNS, "schedule");
            }
        }
    }

    @Override
    public void close() {
        schedule.ifPresent(ScheduledExecutorService::shutdownNow);
        compactions.close();
        audits.close();
    }
}
