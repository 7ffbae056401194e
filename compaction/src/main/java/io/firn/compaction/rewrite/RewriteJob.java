package io.firn.compaction.rewrite;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.schema.FileSchema;
import io.firn.catalog.schema.TablePropertyRules;
import io.firn.compaction.Figures;
import io.firn.compaction.Foreign;
import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.ProgressMeter;
import io.firn.compaction.Work;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.SerializableTable;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites small files and files with many deletes, a few groups a commit. Each commit takes effect by itself: a run
 * that is stopped or killed wastes what it copied since the last one, and the next run goes on from there.
 *
 * <p>Where somebody else deletes from a file, or takes it away, while it is copied, the commit is refused, the copies
 * are removed, and everything is planned again on the new head, in smaller commits. So it is where others commit again
 * and again before it can; then the copies are the orphan job's, since an attempt's answer may have been lost.
 */
public final class RewriteJob implements Job {
    public static final String NAME = "rewrite";

    /** Refused commits in a row after which the table is left alone until the next run. */
    private static final int MOST_REFUSALS = 6;

    /** After that many attempts at a commit others are too quick for it: one takes the longer the more files it has. */
    private static final int MOST_ATTEMPTS = 6;

    /** What is tried next is that much less. */
    private static final int SHRINK = 4;

    private final JobContext context;
    private final RewriteSettings settings;
    private final JobCommitter committer;
    private final ProgressMeter meter;
    private final Figures figures = new Figures(NAME);
    private final Instant started;
    private final Deque<FileGroup> waiting = new ArrayDeque<>();
    private @Nullable RewritePlan plan;
    /** As it was planned on: a copy has all columns that the rows of the plan may have. */
    private Table planned;

    private RewriteUnit unit;
    private @Nullable JobCommit pending;
    private @Nullable JobResult result;
    private int refusals;
    private int attempts;
    private int mostFiles;
    private boolean overBudget;

    public RewriteJob(JobContext context, RewriteSettings settings) {
        this.context = context;
        this.settings = settings;
        this.mostFiles = settings.commitFiles();
        this.committer = context.committer();
        this.meter = new ProgressMeter(NAME, context.clock(), context.progress());
        this.started = context.clock().instant();
        this.unit = new RewriteUnit(context.table());
        this.planned = context.table();
    }

    /** What a run would take of the table as it was refreshed last. Reads manifests. */
    public static Work workOf(Table table, RewriteSettings settings) throws IOException {
        return new RewritePlanner(settings).plan(table).map(RewritePlan::work).orElse(Work.NONE);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public JobTurn turn() {
        if (result != null) {
            return new JobTurn.Ended(result);
        }
        if (pending != null) {
            return commit(pending);
        }
        if (plan == null) {
            return plan();
        }
        if (unitIsFull()) {
            JobCommit commit = commitOf(unit, plan);
            pending = commit;
            return commit(commit);
        }
        return waiting.isEmpty() ? ended() : copyNext(plan);
    }

    @Override
    public JobResult stop() {
        JobResult known = result;
        if (known != null) {
            return known;
        }
        if (pending == null) {
            unit.discard();
        }
        JobResult stopped = figures.result(End.STOPPED, "stopped");
        result = stopped;
        return stopped;
    }

    private JobTurn plan() {
        meter.begin("plan", Work.NONE);
        RewriteSettings smaller = bounds();
        Optional<RewritePlan> made = Foreign.call("the files can not be listed", context.where(), () -> {
            context.table().refresh();
            return new RewritePlanner(smaller).plan(context.table());
        });
        meter.end();
        TablePropertyRules.refusal(context.table(), context.table().name()).ifPresent(refusal -> {
            throw refusal;
        });
        if (made.isEmpty() || made.get().groups().isEmpty()) {
            return ended();
        }
        plan = made.get();
        planned = SerializableTable.copyOf(context.table());
        waiting.clear();
        waiting.addAll(made.get().groups());
        meter.begin("copy", made.get().work());
        return JobTurn.AT_ONCE;
    }

    private boolean unitIsFull() {
        if (unit.isEmpty()) {
            return false;
        }
        if (overBudget || waiting.isEmpty()) {
            return true;
        }
        RewriteSettings bounds = bounds();
        Work grown = unit.work().plus(waiting.getFirst().work());
        return grown.bytes() > bounds.commitBytes() || grown.files() > bounds.commitFiles();
    }

    private RewriteSettings bounds() {
        RewriteSettings bounds = settings.afterRefusals(refusals);
        return bounds.withCommits(bounds.commitBytes(), Math.min(bounds.commitFiles(), mostFiles));
    }

    private JobTurn copyNext(RewritePlan current) {
        FileGroup group = waiting.removeFirst();
        Work done = figures.before().plus(unit.work());
        if (!settings.budget()
                .allows(done, group.work(), started, context.clock().instant())) {
            overBudget = true;
            waiting.clear();
            return JobTurn.AT_ONCE;
        }
        GroupFiles files = new GroupFiles(planned, group, context.newId().toString());
        GroupFiles.Copy copy = new PageCopy(planned, new RowCopy(planned, settings, context.scratch()));
        boolean copied = false;
        try {
            Foreign.run(
                    "files can not be copied",
                    context.where() + ", snapshot " + current.snapshotId(),
                    () -> copy.copy(group, files, this::read));
            copied = true;
        } finally {
            if (!copied) {
                files.discard();
            }
        }
        unit.add(group, files);
        return JobTurn.AT_ONCE;
    }

    private void read(DataFile file) {
        meter.add(new Work(1, file.fileSizeInBytes(), file.recordCount()));
    }

    private JobCommit commitOf(RewriteUnit copied, RewritePlan from) {
        FileSchema written = new FileSchema(planned.schema(), copied.specs(), FileSchema.Values.BY_ID);
        return JobCommit.carrying(
                        context.newId(),
                        Operation.REWRITE,
                        new java.util.TreeMap<>(),
                        copied.change(from),
                        copied.locations())
                .writtenFor(List.of(written));
    }

    private JobTurn commit(JobCommit commit) {
        return committer.attempt(commit).fold(new JobOutcome.Cases<>() {
            @Override
            public JobTurn committed(JobOutcome.Committed outcome) {
                refusals = 0;
                figures.snapshot(outcome.snapshotId());
                figures.replaced(unit.work(), unit.made());
                return next();
            }

            @Override
            public JobTurn fenced(JobOutcome.Fenced outcome) {
                return refused("rolled-back");
            }

            @Override
            public JobTurn invalid(JobOutcome.Invalid outcome) {
                return refused("refused");
            }

            @Override
            public JobTurn undecided(JobOutcome.Undecided outcome) {
                figures.count("attempts-repeated", 1);
                attempts++;
                return attempts < MOST_ATTEMPTS
                        ? new JobTurn.Again(outcome.delayMillis(), outcome.reason())
                        : overtaken();
            }
        });
    }

    private JobTurn next() {
        unit = new RewriteUnit(context.table());
        pending = null;
        attempts = 0;
        return JobTurn.AT_ONCE;
    }

    /** As many files as that are too many while the others go on like this. */
    private JobTurn overtaken() {
        mostFiles = (int) Math.max(settings.minFiles(), unit.work().files() / SHRINK);
        return refused("overtaken");
    }

    private JobTurn refused(String count) {
        figures.count(count, 1);
        refusals++;
        next();
        plan = null;
        waiting.clear();
        if (refusals >= MOST_REFUSALS) {
            return end(End.YIELDED, "others changed the same files or were quicker " + refusals + " times in a row");
        }
        return JobTurn.AT_ONCE;
    }

    private JobTurn ended() {
        if (overBudget) {
            return end(End.BUDGET, "the budget is used up; more is to do");
        }
        if (plan == null && figures.before().isNone()) {
            return end(End.NOTHING, "no partition has enough small files or deletes");
        }
        return end(End.DONE, "");
    }

    private JobTurn end(End end, String reason) {
        if (plan != null) {
            figures.count("skipped-files", plan.skipped());
        }
        meter.end();
        JobResult ended = figures.result(end, reason);
        result = ended;
        return new JobTurn.Ended(ended);
    }
}
