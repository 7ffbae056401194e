package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.ProgressMeter;
import io.firn.compaction.Work;
import io.firn.compaction.merge.MergePlanner.Cut;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/**
 * Merges what is staged into the keyed table, in one or more commits.
 *
 * <p>Each commit is planned on one snapshot of either table and fenced by the keyed table's own ledger, the next offset
 * to merge: of two mergers one commits and the other plans anew. Deletes become known in the table of deletes first:
 * that a key was deleted at a position is true for ever, so knowing it early harms nothing and a crash between the two
 * commits only has it looked up again. A row that somebody else deletes while a merge runs makes the commit invalid;
 * planned anew, the merge sees that the row is gone and leaves it so.
 *
 * <p>Before it writes anything the job proves its step ({@link StepProof}): a record that is neither staged nor counted
 * as skipped stops the merge, since the keyed table would lack it for ever and nobody would know.
 *
 * <p>A turn reads or writes one file, or makes one attempt at a commit.
 */
public final class MergeJob implements Job {
    private static final String NAME = "merge";

    private enum Phase {
        PLAN,
        READ,
        PROBE,
        WRITE,
        COMMIT_DELETES,
        COMMIT,
        ENDED
    }

    private final UpsertTables tables;
    private final String pipeline;
    private final MergeSettings settings;
    private final Clock clock;
    private final RandomGenerator random;
    private final ProgressMeter meter;
    private final JobCommitter keyedCommitter;
    private final JobCommitter deletesCommitter;
    private final Instant started;
    private final RunTotals totals = new RunTotals();

    private Phase phase = Phase.PLAN;
    private int plans;
    private Cut cut = Cut.ANYWHERE;
    private Pointers matched = new Pointers();
    private @Nullable MergePass pass;
    private @Nullable Probe probe;
    private @Nullable JobCommit pending;
    /** The pending commit was tried and may have landed. */
    private boolean isTried;

    /**
     * @param tables handles of this job alone; it refreshes them
     * @param pipeline whose records are staged
     */
    public MergeJob(
            UpsertTables tables,
            String pipeline,
            MergeSettings settings,
            Clock clock,
            RandomGenerator random,
            JobProgress progress) {
        this.tables = tables;
        this.pipeline = pipeline;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        this.meter = new ProgressMeter(NAME, clock, progress);
        this.keyedCommitter = new JobCommitter(tables.keyed(), random);
        this.deletesCommitter = new JobCommitter(tables.deletes(), random);
        this.started = clock.instant();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public JobTurn turn() {
        return switch (phase) {
            case PLAN -> plan();
            case READ -> read(current());
            case PROBE -> probe(current());
            case WRITE -> write(current());
            case COMMIT_DELETES -> commitDeletes(current());
            case COMMIT -> commit(current());
            case ENDED -> throw new IllegalStateException("the merge has ended");
        };
    }

    @Override
    public JobResult stop() {
        if (phase != Phase.ENDED) {
            dropPass();
            phase = Phase.ENDED;
        }
        return totals.result(End.STOPPED, "");
    }

    /**
     * Reads and proves the next step as a run would and ends the job before it writes anything.
     *
     * @return what staging lacks; empty if the step is proven or there is nothing to merge
     * @throws FirnException what a run would fail with for another reason
     */
    public Optional<UnstagedRecords> proveNextStep() {
        try {
            while (phase == Phase.PLAN || phase == Phase.READ) {
                turn();
            }
            return Optional.empty();
        } catch (FirnException failed) {
            Optional<UnstagedRecords> missing = pass == null ? Optional.empty() : pass.unstaged();
            return Optional.of(missing.orElseThrow(() -> failed));
        } finally {
            stop();
        }
    }

    private JobTurn plan() {
        meter.begin("plan", Work.NONE);
        tables.staging().refresh();
        Optional<MergePlan> plan = nextPlan();
        meter.end();
        if (plan.isEmpty()) {
            return totals.commits() == 0 ? ended(End.NOTHING, "all that is staged is merged") : ended(End.DONE, "");
        }
        matched = new Pointers();
        return begin(plan.get());
    }

    private Optional<MergePlan> nextPlan() {
        Ledger merged = mergedLedger();
        tables.deletes().refresh();
        KnownDeletes.require(tables.keyed(), tables.deletes());
        MergePlanner planner = new MergePlanner(tables, pipeline);
        long mostRows = settings.budget().rows();
        Optional<MergePlan> plan = planner.plan(merged, mostRows, cut);
        long mostBytes = settings.budget().bytes();
        if (plan.isPresent() && plan.get().bytes() > mostBytes) {
            double share = (double) mostBytes / plan.get().bytes();
            plan = planner.plan(merged, Math.max(1, (long) (plan.get().offsets() * share)), cut);
        }
        return plan;
    }

    /** Takes a plan up, or takes it up again on a newer snapshot of the keyed table. */
    private JobTurn begin(MergePlan plan) {
        tables.keyed().refresh();
        tables.deletes().refresh();
        UUID id = new UUID(random.nextLong(), random.nextLong());
        pass = new MergePass(plan, tables, pipeline, settings, id, matched);
        meter.begin("read", new Work(plan.files().size(), plan.bytes(), plan.rows()));
        phase = Phase.READ;
        return JobTurn.AT_ONCE;
    }

    private Ledger mergedLedger() {
        Table keyed = tables.keyed();
        keyed.refresh();
        LedgerState state = LedgerReader.read(keyed);
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(keyed.name(), unknown);
        });
    }

    private JobTurn read(MergePass current) {
        if (!current.staged().isDone()) {
            meter.add(current.staged().readNext());
            return JobTurn.AT_ONCE;
        }
        meter.end();
        if (!current.prove()) {
            forgetPass();
            cut = Cut.AT_COUNTS;
            phase = Phase.PLAN;
            return JobTurn.AT_ONCE;
        }
        meter.begin("probe", Work.NONE);
        phase = Phase.PROBE;
        return JobTurn.AT_ONCE;
    }

    private JobTurn probe(MergePass current) {
        Probe looking = probe;
        if (looking == null) {
            probe = current.nextProbe();
            if (probe == null) {
                meter.end();
                meter.begin("write", current.output().expected());
                phase = Phase.WRITE;
            }
        } else if (looking.isDone()) {
            looking.decide();
            probe = null;
        } else {
            meter.add(looking.readNext());
        }
        return JobTurn.AT_ONCE;
    }

    private JobTurn write(MergePass current) {
        MergeOutput output = current.output();
        if (!output.isDone()) {
            meter.add(output.writeNext());
            return JobTurn.AT_ONCE;
        }
        output.finish();
        meter.end();
        meter.begin("commit", Work.NONE);
        phase = output.facts().isEmpty() ? Phase.COMMIT : Phase.COMMIT_DELETES;
        return JobTurn.AT_ONCE;
    }

    private JobTurn commitDeletes(MergePass current) {
        JobOutcome outcome = attempt(deletesCommitter, () -> MergeCommits.deletes(nextId(), current));
        return outcome.fold(new JobOutcome.Cases<>() {
            @Override
            public JobTurn committed(JobOutcome.Committed committed) {
                phase = Phase.COMMIT;
                return JobTurn.AT_ONCE;
            }

            @Override
            public JobTurn fenced(JobOutcome.Fenced fenced) {
                removeKeyedFiles(current);
                return planAnew(current);
            }

            @Override
            public JobTurn invalid(JobOutcome.Invalid invalid) {
                removeKeyedFiles(current);
                return planAnew(current);
            }

            @Override
            public JobTurn undecided(JobOutcome.Undecided undecided) {
                return new JobTurn.Again(undecided.delayMillis(), undecided.reason());
            }
        });
    }

    private JobTurn commit(MergePass current) {
        JobOutcome outcome = attempt(keyedCommitter, () -> MergeCommits.keyed(pipeline, current));
        return outcome.fold(new JobOutcome.Cases<>() {
            @Override
            public JobTurn committed(JobOutcome.Committed committed) {
                meter.end();
                totals.add(current, committed.snapshotId());
                boolean complete = current.plan.complete();
                forgetPass();
                plans = 0;
                phase = Phase.PLAN;
                boolean isTimeLeft =
                        clock.instant().isBefore(started.plus(settings.budget().time()));
                if (complete) {
                    return ended(End.DONE, "");
                }
                return isTimeLeft ? JobTurn.AT_ONCE : ended(End.BUDGET, "more is staged");
            }

            @Override
            public JobTurn fenced(JobOutcome.Fenced fenced) {
                totals.fenced();
                forgetPass();
                phase = Phase.PLAN;
                return mayPlan() ? JobTurn.AT_ONCE : yielded("somebody else merges");
            }

            @Override
            public JobTurn invalid(JobOutcome.Invalid invalid) {
                return planAnew(current);
            }

            @Override
            public JobTurn undecided(JobOutcome.Undecided undecided) {
                return new JobTurn.Again(undecided.delayMillis(), undecided.reason());
            }
        });
    }

    /** The same staged records once more, on what the keyed table has become. */
    private JobTurn planAnew(MergePass refused) {
        totals.conflict();
        matched.addAll(refused.verdict.matched);
        MergePlan plan = refused.plan;
        forgetPass();
        return mayPlan() ? begin(plan) : yielded("others change the keyed table all the time");
    }

    private boolean mayPlan() {
        return ++plans < settings.plans();
    }

    private JobTurn yielded(String reason) {
        return ended(End.YIELDED, reason);
    }

    private JobTurn ended(End end, String reason) {
        phase = Phase.ENDED;
        return new JobTurn.Ended(totals.result(end, reason));
    }

    /** One attempt at the pending commit, which is made first where there is none. */
    private JobOutcome attempt(JobCommitter committer, java.util.function.Supplier<JobCommit> made) {
        JobCommit commit = pending == null ? made.get() : pending;
        pending = commit;
        isTried = true;
        JobOutcome outcome = committer.attempt(commit);
        if (!(outcome instanceof JobOutcome.Undecided)) {
            pending = null;
            isTried = false;
        }
        return outcome;
    }

    private UUID nextId() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private MergePass current() {
        MergePass current = pass;
        if (current == null) {
            throw new IllegalStateException("no plan in phase " + phase);
        }
        return current;
    }

    private void forgetPass() {
        if (pass != null) {
            pass.close();
        }
        pass = null;
        probe = null;
    }

    /** Removes the files of a pass that was not committed, but for those of a commit that may have landed. */
    private void dropPass() {
        MergePass dropped = pass;
        if (dropped == null) {
            return;
        }
        boolean written = phase == Phase.WRITE || phase == Phase.COMMIT_DELETES || phase == Phase.COMMIT;
        forgetPass();
        if (written) {
            if (phase == Phase.WRITE || phase == Phase.COMMIT_DELETES && !isTried) {
                remove(tables.deletes(), dropped.output().factLocations());
            }
            if (phase != Phase.COMMIT || !isTried) {
                removeKeyedFiles(dropped);
            }
        }
    }

    private void removeKeyedFiles(MergePass of) {
        remove(tables.keyed(), of.output().keyedLocations());
    }

    private static void remove(Table table, List<String> locations) {
        UncommittedFiles.delete(table.io(), locations, "files of a stopped merge");
    }
}
