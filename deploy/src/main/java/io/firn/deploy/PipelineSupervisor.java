package io.firn.deploy;

import io.firn.catalog.FirnException;
import io.firn.catalog.RefusalPatience;
import io.firn.ingest.PipelineFailures;
import io.firn.ingest.PipelineRunner;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.State;
import io.firn.ingest.RunningPipeline;
import io.firn.ingest.record.PipelineHealth;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs one pipeline of a process by itself: opens its tables, builds it, starts it, and notices its failure, which
 * touches no other pipeline. Safe for use by several threads; owns one.
 *
 * <p>What happens after a failure depends on its kind. A system that is away (external): the pipeline is started again
 * until it works, and its state stays {@code starting}. A fault of Firn or a library, or no memory (internal): the
 * pipeline is {@code failed} and started again after a while. Configuration, table, access or a record (user, data):
 * the pipeline stays {@code failed} until {@link #restart}.
 */
final class PipelineSupervisor {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineSupervisor.class);

    /** How soon a failure, a stop or a restart is noticed. */
    private static final Duration LOOK = Duration.ofMillis(200);

    /** Whoever has run for so long has started well: the next failure is its first. */
    private static final Duration STARTED_WELL = Duration.ofMinutes(1);

    /** What a start that is tried again is reported to {@link PipelineHealth} as. */
    private static final String START = "start";

    /** A start that is refused so often in a row is not tried again: a single refusal may be another system's. */
    private static final int REFUSED_STARTS = 3;

    private static final Duration EXTERNAL_FIRST = Duration.ofSeconds(1);
    private static final Duration EXTERNAL_LAST = Duration.ofSeconds(30);
    private static final Duration INTERNAL_FIRST = Duration.ofSeconds(10);
    private static final Duration INTERNAL_LAST = Duration.ofMinutes(5);

    /** Opens the tables and builds a run of the pipeline, not started yet. */
    @FunctionalInterface
    interface Builder {
        RunningPipeline build();
    }

    private final String name;
    private final Builder builder;
    private final PipelineHealth health;
    private final PipelineRunner.Times times;
    private final Service.OnPipelineFailure onFailure;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable RunningPipeline current;
    private @Nullable FirnException failed;
    private PipelineStatus last;
    private Duration stopTime = Duration.ZERO;
    private int failures;
    private boolean stopping;
    private boolean restarting;
    private boolean paused;
    private boolean clean = true;
    /** Whether the last run got past its start; used by the supervisor's thread alone. */
    private boolean ran;

    private volatile boolean opened;

    /** @param health that the runs report to */
    PipelineSupervisor(
            String name,
            Builder builder,
            PipelineHealth health,
            PipelineRunner.Times times,
            Service.OnPipelineFailure onFailure) {
        this.name = name;
        this.builder = builder;
        this.health = health;
        this.times = times;
        this.onFailure = onFailure;
        this.last = new PipelineStatus(
                name,
                State.STARTING,
                List.of(),
                0,
                0,
                Optional.empty(),
                OptionalLong.empty(),
                0,
                new PipelineStatus.Figures(0, 0, 0),
                Optional.empty(),
                List.of());
        this.thread = new Thread(this::run, "firn-" + name + "-supervisor");
        thread.setDaemon(true);
    }

    /** Starts the pipeline in the background. */
    void start() {
        thread.start();
    }

    String name() {
        return name;
    }

    PipelineHealth health() {
        return health;
    }

    /** Whether the pipeline's tables were opened at least once in this process. */
    boolean hasOpened() {
        return opened;
    }

    /** Returns why the pipeline is failed; empty in any other state. */
    Optional<FirnException> failure() {
        lock.lock();
        try {
            return Optional.ofNullable(failed);
        } finally {
            lock.unlock();
        }
    }

    /** Returns what is known now; cheap. */
    PipelineStatus status() {
        lock.lock();
        try {
            RunningPipeline running = current;
            return running == null ? withTroubles(last) : running.status();
        } finally {
            lock.unlock();
        }
    }

    private PipelineStatus withTroubles(PipelineStatus status) {
        return new PipelineStatus(
                name,
                status.state(),
                status.partitions(),
                status.commits(),
                status.resets(),
                status.lastCommit(),
                status.lastSnapshotId(),
                status.bufferedBytes(),
                status.figures(),
                status.failure(),
                health.troubles());
    }

    /** Pauses reading from Kafka, or resumes it; a run that begins later is paused, too. */
    void pause(boolean wanted) {
        lock.lock();
        try {
            paused = wanted;
            if (current != null) {
                current.pause(wanted);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the run, if there is one, committing what is buffered, and starts the pipeline again. Returns at once. */
    void restart() {
        lock.lock();
        try {
            restarting = true;
            failures = 0;
            if (failed != null) {
                failed = null;
                last = stopped(State.STARTING, Optional.empty());
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Asks the run to commit what is buffered and to end within the time. Returns at once. */
    void requestStop(Duration time) {
        lock.lock();
        try {
            stopping = true;
            stopTime = time;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the end after {@link #requestStop}.
     *
     * @return whether everything consumed was committed, which is not said of a pipeline that has failed
     */
    boolean awaitStop(Duration time) throws InterruptedException {
        thread.join(Math.max(1, time.toMillis()));
        lock.lock();
        try {
            if (thread.isAlive()) {
                // Most likely a library waits for a system that is away.
                thread.interrupt();
                return false;
            }
            return clean && failed == null;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        MDC.put("pipeline", name);
        try {
            while (!isStopping()) {
                Optional<FirnException> failure = runOnce();
                if (failure.isPresent()) {
                    awaitNextStart(failure.get());
                }
            }
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isStopping() {
        lock.lock();
        try {
            return stopping;
        } finally {
            lock.unlock();
        }
    }

    /** One run from start to end. @return the failure that ended it, empty where it was asked to end */
    @SuppressWarnings("IllegalCatch") // whatever it is, it ends this pipeline alone
    private Optional<FirnException> runOnce() throws InterruptedException {
        long begunMillis = times.steady().millis();
        ran = false;
        try {
            RunningPipeline running = builder.build();
            opened = true;
            if (begin(running)) {
                watch(running);
            }
            return Optional.empty();
        } catch (InterruptedException interrupt) {
            throw interrupt;
        } catch (Throwable thrown) {
            if (times.steady().millis() - begunMillis > STARTED_WELL.toMillis()) {
                failures = 0;
            }
            return Optional.of(PipelineFailures.explained(name, thrown));
        } finally {
            end();
        }
    }

    private boolean begin(RunningPipeline running) {
        boolean pausing;
        lock.lock();
        try {
            current = running;
            restarting = false;
            if (stopping) {
                return false;
            }
            pausing = paused;
        } finally {
            lock.unlock();
        }
        ran = true;
        health.clear(START);
        running.start();
        if (pausing) {
            running.pause(true);
        }
        return true;
    }

    private void watch(RunningPipeline running) throws InterruptedException {
        while (!running.await(Duration.ZERO)) {
            lock.lock();
            boolean ends;
            boolean forGood;
            Duration time;
            try {
                if (!stopping && !restarting) {
                    var unused = changed.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                }
                ends = stopping || restarting;
                forGood = stopping;
                time = stopping ? stopTime : Service.STOP_TIME;
            } finally {
                lock.unlock();
            }
            if (ends) {
                boolean committed = running.stop(time);
                clean = committed || !forGood;
                return;
            }
        }
    }

    /** Lets go of the run and of all its memory; what it counted is still shown. */
    private void end() {
        RunningPipeline ending;
        lock.lock();
        try {
            ending = current;
        } finally {
            lock.unlock();
        }
        if (ending == null) {
            return;
        }
        ending.close();
        lock.lock();
        try {
            last = ending.status();
            last = stopped(stopping ? State.STOPPED : State.STARTING, Optional.empty());
            current = null;
        } finally {
            lock.unlock();
        }
        health.reset();
    }

    private PipelineStatus stopped(State state, Optional<PipelineStatus.Failure> failure) {
        return new PipelineStatus(
                name,
                state,
                List.of(),
                last.commits(),
                last.resets(),
                last.lastCommit(),
                last.lastSnapshotId(),
                0,
                new PipelineStatus.Figures(
                        last.figures().commitMillis(), last.figures().undecided(), 0),
                failure,
                List.of());
    }

    private void awaitNextStart(FirnException failure) throws InterruptedException {
        lock.lock();
        try {
            if (restarting) {
                return;
            }
            failures++;
            Optional<Duration> wait = waitAfter(failure);
            boolean mayPass = failure.kind() != FirnException.Kind.INTERNAL && wait.isPresent();
            if (mayPass) {
                LOG.warn("pipeline {} cannot run: {}; retrying", name, failure.getMessage());
                last = stopped(State.STARTING, Optional.empty());
                health.report(START, String.valueOf(failure.getMessage()));
            } else {
                LOG.error(
                        "pipeline {} failed ({}): {}{}",
                        name,
                        failure.code(),
                        failure.getMessage(),
                        wait.map(time -> "; starting it again in " + time.toSeconds() + " s")
                                .orElse("; 'firn restart " + name + "' starts it again"));
                LOG.debug("pipeline {} failed", name, failure);
                failed = failure;
                last = stopped(
                        State.FAILED,
                        Optional.of(
                                PipelineStatus.Failure.of(failure, times.wall().instant())));
            }
            long deadline =
                    times.steady().millis() + wait.map(Duration::toMillis).orElse(Long.MAX_VALUE / 2);
            while (!stopping && !restarting && times.steady().millis() < deadline) {
                var unused = changed.await(LOOK.toMillis(), TimeUnit.MILLISECONDS);
            }
            if (!stopping) {
                failed = null;
                last = stopped(State.STARTING, Optional.empty());
            }
            restarting = false;
        } finally {
            lock.unlock();
        }
    }

    /** How long until the next start; empty where a person has to do something first. */
    private Optional<Duration> waitAfter(FirnException failure) {
        if (onFailure == Service.OnPipelineFailure.END) {
            return Optional.empty();
        }
        if (!ran && RefusalPatience.isRefusal(failure) && failures < REFUSED_STARTS) {
            return Optional.of(EXTERNAL_FIRST);
        }
        return switch (failure.kind()) {
            case USER, DATA -> Optional.empty();
            case EXTERNAL -> Optional.of(doubled(EXTERNAL_FIRST, EXTERNAL_LAST));
            case INTERNAL -> Optional.of(doubled(INTERNAL_FIRST, INTERNAL_LAST));
        };
    }

    private Duration doubled(Duration first, Duration longest) {
        Duration wait = first.multipliedBy(1L << Math.min(failures - 1, 20));
        return wait.compareTo(longest) > 0 ? longest : wait;
    }

    /** Ends without a commit; after a stop nothing is left to do. */
    void close() {
        requestStop(Duration.ZERO);
        RunningPipeline running;
        lock.lock();
        try {
            running = current;
        } finally {
            lock.unlock();
        }
        thread.interrupt();
        if (running != null) {
            running.close();
        }
    }
}
