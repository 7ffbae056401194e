package io.firn.deploy.maintain;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.StoreFailures;
import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.Budget;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.NeedsPolicy.Need;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.maintain.TableFigures.Standing;
import io.firn.deploy.maintain.TableFigures.Standing.Remedy;
import io.firn.ingest.record.PipelineHealth;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Runs jobs of its targets, one at a time, a turn a call. What goes wrong is told and tried again later. */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    /** How long a thread may sleep with nothing in sight. */
    static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

    /** A table that cannot be read, or is gone, is not looked at at every turn. */
    private static final Duration AFTER_FAILED_LOOK = Duration.ofSeconds(10);

    /** What a failed look is reported as. */
    private static final String LOOK = "maintenance";

    private final List<Target> targets;
    private final JobFactory jobs;
    private final PipelineStates states;
    private final Clock clock;
    private final RandomGenerator random;
    private final Consumer<MaintainedTable> afterMerge;
    private @Nullable Run run;

    /** A job under way. */
    private record Run(
            Target target,
            JobKind kind,
            io.firn.compaction.Job job,
            Scratch scratch,
            Instant begun,
            Instant notBefore) {
        Run after(Instant time) {
            return new Run(target, kind, job, scratch, begun, time);
        }

        String name() {
            return kind.jobName() + " of " + target.table().name();
        }
    }

    /**
     * @param states of the pipelines, which get to know of failures
     * @param afterMerge is told of keyed tables that a merge has changed
     */
    Lane(
            List<Target> targets,
            JobFactory jobs,
            PipelineStates states,
            Clock clock,
            RandomGenerator random,
            Consumer<MaintainedTable> afterMerge) {
        this.targets = List.copyOf(targets);
        this.jobs = jobs;
        this.states = states;
        this.clock = clock;
        this.random = random;
        this.afterMerge = afterMerge;
    }

    /** The table that a job works on now. */
    Optional<String> busyWith() {
        return Optional.ofNullable(run).map(current -> current.target().table().name());
    }

    /**
     * Does one piece of work, if one is due.
     *
     * @param taken tables that another lane works on
     * @return how long to wait before the next call, zero for not at all
     */
    Duration turn(Predicate<String> taken) {
        Instant now = clock.instant();
        Run current = run;
        if (current == null) {
            return begin(taken, now);
        }
        if (now.isBefore(current.notBefore())) {
            return until(current.notBefore(), now);
        }
        try (MDC.MDCCloseable table =
                MDC.putCloseable("table", current.target().table().name())) {
            advance(current);
        }
        return Duration.ZERO;
    }

    @SuppressWarnings("IllegalCatch") // whatever goes wrong must not end the service
    private Duration begin(Predicate<String> taken, Instant now) {
        Duration wait = LONGEST_WAIT;
        // Who waits the longest comes first: a table whose work never ends must not keep the others from theirs.
        List<Target> byTurn = new ArrayList<>(targets);
        byTurn.sort(Comparator.comparing(Target::nextLook));
        for (Target target : byTurn) {
            if (now.isBefore(target.nextLook())) {
                Duration left = until(target.nextLook(), now);
                wait = left.compareTo(wait) < 0 ? left : wait;
                continue;
            }
            if (taken.test(target.table().name())
                    || !states.hasOpened(target.table().pipeline())) {
                continue;
            }
            target.lookAgain(now);
            try {
                Optional<Need> need = target.look(jobs, now);
                works(target, LOOK);
                if (need.isPresent()) {
                    LOG.debug(
                            "{} of {}: {}",
                            need.get().kind().jobName(),
                            target.table().name(),
                            need.get().reason());
                    start(target, need.get().kind(), now);
                    return Duration.ZERO;
                }
                // A job that failed is held back and not needed for that time: it still does not work.
                for (JobKind kind : target.table().role().jobs()) {
                    showStanding(target, kind);
                }
            } catch (RuntimeException | Error failed) {
                target.lookAgain(now.plus(AFTER_FAILED_LOOK));
                tell("a look at what " + target.table().name() + " needs", failed);
                fails(target, LOOK, failed);
            }
        }
        return wait;
    }

    @SuppressWarnings("IllegalCatch")
    private void start(Target target, JobKind kind, Instant now) {
        Scratch scratch = Scratch.create();
        try {
            Budget budget = Budget.UNLIMITED
                    .withBytes(target.table().config().maintenance().maxBytes())
                    .withTime(target.table().config().maintenance().maxTime());
            run = new Run(
                    target,
                    kind,
                    jobs.job(
                            kind,
                            target.table(),
                            budget,
                            OrphanSettings.Effect.REMOVE,
                            JobProgress.NONE,
                            scratch.folder()),
                    scratch,
                    now,
                    now);
        } catch (RuntimeException | Error failed) {
            scratch.close();
            target.failed(kind, now, random);
            tell(kind.jobName() + " of " + target.table().name(), failed);
            failedRun(target, kind, failed);
        }
    }

    @SuppressWarnings("IllegalCatch")
    private void advance(Run current) {
        try {
            current.job()
                    .turn()
                    .fold(
                            again -> {
                                run = current.after(clock.instant().plusMillis(again.delayMillis()));
                                return again;
                            },
                            ended -> {
                                ended(current, ended);
                                return ended;
                            });
        } catch (RuntimeException | Error failed) {
            tell(current.name(), failed);
            if (failed instanceof FirnException
                    && ((FirnException) failed).code().equals(DeletionGuard.REFUSED)) {
                jobs.figures()
                        .deletionRefused(
                                current.target().table().name(), Optional.of(String.valueOf(failed.getMessage())));
            }
            abandon(current);
            current.target().failed(current.kind(), clock.instant(), random);
            failedRun(current.target(), current.kind(), failed);
        }
    }

    private void ended(Run current, JobTurn.Ended turn) {
        JobResult result = turn.result();
        run = null;
        current.scratch().close();
        if (result.end() != JobResult.End.YIELDED) {
            jobs.figures().succeeded(current.target().table().name(), current.kind(), clock.instant());
        }
        showStanding(current.target(), current.kind());
        jobs.figures()
                .ran(
                        current.target().table().name(),
                        current.kind(),
                        Duration.between(current.begun(), clock.instant()),
                        result);
        current.target().ended(current.kind(), result.end(), clock.instant(), random);
        if (result.end() == JobResult.End.NOTHING) {
            LOG.debug("{}: {}", current.name(), result.reason());
            return;
        }
        LOG.info("{}: {}", current.name(), Results.line(result));
        if (current.kind() == JobKind.MERGE && !result.snapshots().isEmpty()) {
            follow(current.target().table());
        }
    }

    @SuppressWarnings("IllegalCatch")
    private void follow(MaintainedTable merged) {
        try {
            afterMerge.accept(merged);
        } catch (RuntimeException | Error failed) {
            tell("the view of the latest rows of " + merged.name(), failed);
        }
    }

    @SuppressWarnings("IllegalCatch")
    private void abandon(Run current) {
        run = null;
        try {
            current.job().stop();
        } catch (RuntimeException | Error failed) {
            LOG.debug("{} left files to the orphan job", current.name(), failed);
        }
        current.scratch().close();
    }

    /** Ends the job under way between two turns; what it committed stays. */
    void stop() {
        Run current = run;
        if (current != null) {
            LOG.info("{}: stopped; the next start goes on", current.name());
            abandon(current);
        }
    }

    private void failedRun(Target target, JobKind kind, Throwable failed) {
        jobs.figures().failed(target.table().name(), kind, clock.instant(), failed);
        showStanding(target, kind);
    }

    /**
     * A merge that fails for long, or that a person has to help, keeps the pipeline from doing its work; any other job
     * is worth a look.
     */
    private void showStanding(Target target, JobKind kind) {
        Standing standing = jobs.figures().standing(target.table().name(), kind).orElse(null);
        if (standing == null || standing.failingSince().isEmpty()) {
            works(target, kind.jobName());
            return;
        }
        String component = kind.jobName() + " of " + target.table().name();
        String reason = standing.error().orElse("") + "; failed " + standing.failuresInARow() + " times since "
                + standing.failingSince().get() + ", tried again later";
        PipelineHealth health = states.health(target.table().pipeline());
        Duration failing = Duration.between(standing.failingSince().get(), clock.instant());
        boolean isLasting = standing.remedy() == Remedy.PERSON || failing.compareTo(target.failAfter()) >= 0;
        if (kind == JobKind.MERGE && isLasting) {
            health.report(component, reason);
        } else {
            health.warn(component, reason);
        }
    }

    private void fails(Target target, String what, Throwable failed) {
        states.health(target.table().pipeline())
                .warn(what + " of " + target.table().name(), FailureText.of(failed) + "; tried again later");
    }

    private void works(Target target, String what) {
        states.health(target.table().pipeline())
                .clear(what + " of " + target.table().name());
    }

    private static void tell(String what, Throwable failed) {
        if (failed instanceof FirnException) {
            FirnException known = (FirnException) failed;
            LOG.warn("{} failed: {} ({}); {}; tried again later", what, known.what(), known.where(), known.action());
        } else if (failed instanceof RuntimeException && StoreFailures.mayRecover((RuntimeException) failed)) {
            LOG.warn("{} failed: {}; tried again later", what, FailureText.of(failed));
        } else {
            LOG.warn("{} failed; tried again later", what, failed);
        }
    }

    private static Duration until(Instant then, Instant now) {
        Duration left = Duration.between(now, then);
        return left.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : left;
    }
}
