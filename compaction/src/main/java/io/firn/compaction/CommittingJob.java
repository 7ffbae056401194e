package io.firn.compaction;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.compaction.JobResult.End;
import org.jspecify.annotations.Nullable;

/** What jobs share that plan a commit, try it until it is decided, and then plan again or end. */
public abstract class CommittingJob implements Job {
    private final String name;
    private final JobContext context;
    private final JobCommitter committer;
    private final ProgressMeter meter;
    private final Figures figures;
    private @Nullable JobCommit pending;
    private @Nullable JobResult result;

    protected CommittingJob(String name, JobContext context) {
        this.name = name;
        this.context = context;
        this.committer = context.committer();
        this.meter = new ProgressMeter(name, context.clock(), context.progress());
        this.figures = new Figures(name);
    }

    /** With nothing pending: {@link #propose} a commit, do some work, or {@link #end}. */
    protected abstract JobTurn plan();

    /** The commit that was proposed has taken effect. */
    protected abstract JobTurn committed(long snapshotId);

    /** The commit that was proposed will never take effect, because others changed what it was planned on. */
    protected abstract JobTurn refused();

    protected final JobContext context() {
        return context;
    }

    protected final ProgressMeter meter() {
        return meter;
    }

    protected final Figures figures() {
        return figures;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final JobTurn turn() {
        if (result != null) {
            return new JobTurn.Ended(result);
        }
        return pending == null ? plan() : attempt(pending);
    }

    @Override
    public final JobResult stop() {
        if (result == null) {
            result = figures.result(End.STOPPED, "stopped");
        }
        return result;
    }

    protected final JobTurn propose(JobCommit commit) {
        pending = commit;
        return JobTurn.AT_ONCE;
    }

    protected final JobTurn end(End end, String reason) {
        meter.end();
        JobResult ended = figures.result(end, reason);
        result = ended;
        return new JobTurn.Ended(ended);
    }

    private JobTurn attempt(JobCommit commit) {
        return committer.attempt(commit).fold(new JobOutcome.Cases<>() {
            @Override
            public JobTurn committed(JobOutcome.Committed outcome) {
                pending = null;
                figures.snapshot(outcome.snapshotId());
                return CommittingJob.this.committed(outcome.snapshotId());
            }

            @Override
            public JobTurn fenced(JobOutcome.Fenced outcome) {
                pending = null;
                return refused();
            }

            @Override
            public JobTurn invalid(JobOutcome.Invalid outcome) {
                pending = null;
                return refused();
            }

            @Override
            public JobTurn undecided(JobOutcome.Undecided outcome) {
                figures.count("attempts-repeated", 1);
                return new JobTurn.Again(outcome.delayMillis(), outcome.reason());
            }
        });
    }
}
