package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.CommitListener;
import io.firn.ingest.commit.TopicGuard;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.RecordSources;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs one pipeline in this process: a thread for each worker and one for the table's commits.
 *
 * <pre>
 *   RecordSources kafka = new KafkaSources(identity, topics, kafkaProperties, fetchMemoryBytes, workers);
 *   PipelineRunner runner = new PipelineRunner(settings, kafka, table, steady, clock, random, listener);
 *   runner.start();
 *   runner.await(...);   // throws the first failure
 *   runner.stop(Duration.ofSeconds(30));
 * </pre>
 */
public final class PipelineRunner implements RunningPipeline {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineRunner.class);

    /** How soon a thread with nothing to do looks again: far below any interval, and no load. */
    private static final long IDLE_MILLIS = 20;

    /** What the commits report to {@link PipelineHealth} as. */
    private static final String COMMITS = "commits";

    /** For a thread to end by itself after it was told that its time is over. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final PipelineSettings settings;
    private final RecordSources sources;
    private final PipelineTable table;
    private final Clock steady;
    private final Clock clock;
    private final PipelineListener listener;
    private final PipelineHealth health;
    private final Counters counters = new Counters();
    private final MeteredAttempts attempts;
    private final CommitGroup group;
    private final List<IngestLoop> loops = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Fault> fault = new AtomicReference<>();
    private final AtomicReference<PipelineStatus.State> state = new AtomicReference<>(PipelineStatus.State.STARTING);
    private final CountDownLatch halt = new CountDownLatch(1);
    private final AtomicLong commits = new AtomicLong();
    private final AtomicLong resets = new AtomicLong();
    private final AtomicReference<@Nullable Commit> lastCommit = new AtomicReference<>();
    private @Nullable CountDownLatch workersRunning;

    private record Commit(Instant at, long snapshotId) {}

    private record Fault(FirnException thrown, Instant at) {}

    /** As the other constructor, with a health of its own. */
    public PipelineRunner(
            PipelineSettings settings,
            RecordSources sources,
            PipelineTable table,
            Clock steady,
            Clock clock,
            RandomGenerator random,
            PipelineListener listener) {
        this(settings, sources, table, new Times(steady, clock), random, listener, new PipelineHealth(clock));
    }

    /**
     * The two clocks of a process.
     *
     * @param steady measures waits: it advances evenly, whoever sets the host's clock
     * @param wall for times that are shown
     */
    public record Times(Clock steady, Clock wall) {}

    /**
     * @param sources closed with the runner
     * @param random for commit ids and back-off; used by the commit thread alone
     * @param health receives what does not work; the same that the sources report to
     */
    public PipelineRunner(
            PipelineSettings settings,
            RecordSources sources,
            PipelineTable table,
            Times times,
            RandomGenerator random,
            PipelineListener listener,
            PipelineHealth health) {
        this.settings = settings;
        this.sources = sources;
        this.table = table;
        this.steady = times.steady();
        this.clock = times.wall();
        this.listener = listener;
        this.health = health;
        this.attempts = new MeteredAttempts(table.commits(), steady, health);
        TopicGuard.Recreated policy = settings.onGap() == PipelineSettings.OnGap.STOP
                ? TopicGuard.Recreated.FAIL
                : TopicGuard.Recreated.BEGIN_AGAIN;
        this.group = new CommitGroup(
                new CommitGroup.Plan(
                        settings.pipeline(), settings.commitInterval(), settings.heartbeatInterval(), settings.claim()),
                attempts,
                new TopicGuard(sources::topicIds, policy, health.outageOf("Kafka topics")),
                table.unused(),
                new Progress(),
                steady,
                random);
    }

    @Override
    public synchronized void start() {
        if (workersRunning != null) {
            throw new IllegalStateException("pipeline " + settings.pipeline() + " was started before");
        }
        CountDownLatch running = new CountDownLatch(settings.workers());
        workersRunning = running;
        IngestLoop.Shared shared = new IngestLoop.Shared(group, this::awaitCommit, counters, steady, health);
        for (int worker = 0; worker < settings.workers(); worker++) {
            IngestLoop loop = new IngestLoop(
                    worker, settings, sources.open(worker), table.writers().get(), shared);
            loops.add(loop);
            thread("worker-" + worker, () -> work(loop, running));
        }
        thread("commits", () -> commit(running));
        state.compareAndSet(PipelineStatus.State.STARTING, PipelineStatus.State.RUNNING);
        threads.forEach(Thread::start);
    }

    private void thread(String role, Runnable body) {
        Runnable named = () -> {
            MDC.put("pipeline", settings.pipeline());
            body.run();
        };
        Thread thread = new Thread(named, "firn-" + settings.pipeline() + "-" + role);
        thread.setDaemon(true);
        threads.add(thread);
    }

    private void work(IngestLoop loop, CountDownLatch running) {
        try {
            IngestLoop.Turn turn = IngestLoop.Turn.AGAIN;
            while (turn != IngestLoop.Turn.DONE && halt.getCount() > 0) {
                turn = loop.turn();
                if (turn == IngestLoop.Turn.WAIT) {
                    idle(IDLE_MILLIS);
                }
            }
        } catch (Throwable thrown) {
            failed(thrown);
        } finally {
            running.countDown();
            close(loop);
        }
    }

    private void close(IngestLoop loop) {
        try {
            loop.close();
        } catch (RuntimeException | Error trouble) {
            LOG.warn("pipeline {}: a worker did not close cleanly", settings.pipeline(), trouble);
        }
    }

    private void commit(CountDownLatch running) {
        try {
            while (halt.getCount() > 0 && running.getCount() > 0) {
                long delay = group.turn();
                if (delay > 0) {
                    idle(Math.min(delay, IDLE_MILLIS));
                }
            }
            group.turn();
        } catch (Throwable thrown) {
            failed(thrown);
        }
    }

    /** The others are stopped first: where memory is short, nothing may need any before theirs is free. */
    private void failed(Throwable thrown) {
        boolean running = halt.getCount() > 0;
        halt.countDown();
        FirnException known = PipelineFailures.explained(settings.pipeline(), thrown);
        if (fault.compareAndSet(null, new Fault(known, clock.instant())) && running) {
            LOG.error("pipeline {} stops: {}", settings.pipeline(), known.getMessage());
            LOG.debug("pipeline {} stops", settings.pipeline(), thrown);
            state.set(PipelineStatus.State.FAILED);
        }
        loops.forEach(IngestLoop::requestStop);
        listener.progressed(status());
    }

    /** Waits, and ends early when the pipeline halts. */
    private void idle(long millis) {
        try {
            halt.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            halt.countDown();
        }
    }

    private boolean awaitCommit(BooleanSupplier decided, Duration timeAllowed) {
        long deadline = steady.millis() + timeAllowed.toMillis();
        while (!decided.getAsBoolean()) {
            if (steady.millis() >= deadline || halt.getCount() == 0) {
                return false;
            }
            idle(IDLE_MILLIS / 4);
        }
        return true;
    }

    @Override
    public boolean await(Duration timeAllowed) throws InterruptedException {
        boolean ended = join(timeAllowed);
        Fault first = fault.get();
        if (first != null) {
            throw first.thrown();
        }
        return ended;
    }

    private boolean join(Duration timeAllowed) throws InterruptedException {
        long deadline = steady.millis() + timeAllowed.toMillis();
        for (Thread thread : threads) {
            long left = deadline - steady.millis();
            if (left > 0) {
                thread.join(left);
            }
            if (thread.isAlive()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean stop(Duration timeAllowed) throws InterruptedException {
        state.compareAndSet(PipelineStatus.State.PAUSED, PipelineStatus.State.RUNNING);
        state.compareAndSet(PipelineStatus.State.RUNNING, PipelineStatus.State.STOPPING);
        loops.forEach(IngestLoop::requestStop);
        boolean ended = join(timeAllowed);
        if (!ended) {
            // Most likely inside a library's own retries against a catalog or a store that is away.
            halt.countDown();
            join(LAST_WORDS);
            threads.forEach(Thread::interrupt);
        }
        boolean clean = ended && fault.get() == null && loops.stream().noneMatch(IngestLoop::droppedAtEnd);
        close();
        state.compareAndSet(PipelineStatus.State.STOPPING, PipelineStatus.State.STOPPED);
        listener.progressed(status());
        return clean;
    }

    /**
     * Stops reading from Kafka, or goes on. What was read is committed, heartbeats go on, and the partitions stay with
     * this process.
     */
    @Override
    public void pause(boolean wanted) {
        loops.forEach(loop -> loop.requestPause(wanted));
        if (wanted) {
            state.compareAndSet(PipelineStatus.State.RUNNING, PipelineStatus.State.PAUSED);
        } else {
            state.compareAndSet(PipelineStatus.State.PAUSED, PipelineStatus.State.RUNNING);
        }
        listener.progressed(status());
    }

    @Override
    public PipelineStatus status() {
        Commit last = lastCommit.get();
        List<PipelineStatus.PartitionStatus> partitions = new ArrayList<>();
        new TreeMap<>(counters.held())
                .forEach((partition, counted) -> partitions.add(new PipelineStatus.PartitionStatus(
                        partition,
                        counted.committed(),
                        counted.end(),
                        counted.until(),
                        counted.delivered(),
                        counted.processed(),
                        counted.effective())));
        return new PipelineStatus(
                settings.pipeline(),
                Objects.requireNonNull(state.get()),
                partitions,
                commits.get(),
                resets.get(),
                Optional.ofNullable(last).map(Commit::at),
                last == null ? OptionalLong.empty() : OptionalLong.of(last.snapshotId()),
                loops.stream().mapToLong(IngestLoop::bufferedBytes).sum(),
                new PipelineStatus.Figures(
                        attempts.millis(),
                        attempts.undecided(),
                        loops.stream().mapToInt(IngestLoop::openFiles).sum()),
                Optional.ofNullable(fault.get()).map(first -> PipelineStatus.Failure.of(first.thrown(), first.at())),
                health.troubles());
    }

    @Override
    public void close() {
        halt.countDown();
        loops.forEach(IngestLoop::requestStop);
        try {
            if (!join(Duration.ofSeconds(10))) {
                threads.forEach(Thread::interrupt);
            }
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
        sources.close();
    }

    private final class Progress implements CommitListener {
        @Override
        public void outage(String reason) {
            health.report(COMMITS, reason);
        }

        @Override
        public void recovered() {
            health.clear(COMMITS);
        }

        @Override
        public void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows) {
            rows.forEach((partition, count) -> counters.of(partition).addEffective(count));
            outcome.ledger()
                    .partitions(settings.pipeline())
                    .forEach((partition, entry) -> counters.sawCommitted(partition, entry));
            commits.incrementAndGet();
            lastCommit.set(new Commit(clock.instant(), outcome.snapshotId()));
            listener.progressed(status());
        }

        @Override
        public void fenced(CommitOutcome.Fenced outcome) {
            reset();
        }

        @Override
        public void schemaChanged(CommitOutcome.SchemaChanged outcome) {
            reset();
        }

        private void reset() {
            resets.incrementAndGet();
            listener.progressed(status());
        }
    }
}
