package io.firn.deploy.jobs;

import io.firn.catalog.FirnException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Work to do one after the other in a thread of its own, and what came of it, for as long as the process lives. Safe for
 * use by several threads.
 */
public final class JobBoard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobBoard.class);

    /** More than a person asks for at a time; beyond it somebody's script runs wild. */
    private static final int WAITING = 50;

    /** Of those that are over. */
    private static final int KEPT = 200;

    private final Clock clock;
    private final Map<String, JobRecord> records = new LinkedHashMap<>();
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final ThreadPoolExecutor thread;

    /** Does a piece of work. */
    public interface Work {
        /**
         * Runs in the board's thread.
         *
         * @throws FirnException what went wrong, for people
         * @throws InterruptedException where it ended early because the service ends
         */
        JobRecord.Outcome run(Run run) throws InterruptedException;
    }

    /** What the work can say and ask while it runs. */
    public interface Run {
        void at(JobRecord.Step step);

        /** Whether the service ends, so that the work should. */
        boolean isStopping();

        /** Returns earlier where the service ends. */
        void await(Duration time) throws InterruptedException;
    }

    /** @param name of the thread */
    public JobBoard(String name, Clock clock) {
        this.clock = clock;
        this.thread = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
            Thread made = new Thread(work, "firn-" + name);
            made.setDaemon(true);
            made.setPriority(Thread.MIN_PRIORITY);
            return made;
        });
    }

    /**
     * Does it when what was asked for before is done.
     *
     * @param ended is told of it when it is over
     * @throws FirnException {@code jobs-full}
     */
    public JobRecord submit(String kind, String target, String by, Work work, Consumer<JobRecord> ended) {
        JobRecord queued = JobRecord.queued(UUID.randomUUID().toString(), kind, target, by, clock.instant());
        synchronized (records) {
            if (waiting() >= WAITING || stopping.getCount() == 0) {
                throw new FirnException(
                        "jobs-full",
                        FirnException.Kind.EXTERNAL,
                        "so much is waiting to be done that nothing more is taken",
                        WAITING + " jobs",
                        "ask again when some of it is done",
                        null);
            }
            records.put(queued.id(), queued);
            forgetOldest();
            thread.execute(() -> {
                run(queued.id(), work);
                find(queued.id()).ifPresent(ended);
            });
        }
        return queued;
    }

    private long waiting() {
        return records.values().stream()
                .filter(record -> !record.state().isOver())
                .count();
    }

    private void forgetOldest() {
        List<String> over = records.values().stream()
                .filter(record -> record.state().isOver())
                .map(JobRecord::id)
                .toList();
        over.stream().limit(Math.max(0, over.size() - KEPT)).forEach(records::remove);
    }

    @SuppressWarnings("IllegalCatch") // whatever goes wrong is told to who asked for it
    private void run(String id, Work work) {
        if (stopping.getCount() == 0) {
            change(id, record -> record.stopped(clock.instant()));
            return;
        }
        change(id, record -> record.begun(clock.instant()));
        try (MDC.MDCCloseable job = MDC.putCloseable("job", id)) {
            JobRecord.Outcome outcome = work.run(new Steps(id));
            change(id, record -> record.done(outcome, clock.instant()));
        } catch (InterruptedException ending) {
            change(id, record -> record.stopped(clock.instant()));
        } catch (FirnException known) {
            change(id, record -> record.failed(known, clock.instant()));
            LOG.warn("job {} failed: {}", id, known.getMessage());
        } catch (RuntimeException strange) {
            FirnException told = FirnException.internal("job-failed", "the job met what it did not expect", id);
            change(id, record -> record.failed(told, clock.instant()));
            LOG.error("job {} failed", id, strange);
        }
    }

    private void change(String id, UnaryOperator<JobRecord> change) {
        synchronized (records) {
            records.computeIfPresent(id, (same, record) -> change.apply(record));
        }
    }

    public Optional<JobRecord> find(String id) {
        synchronized (records) {
            return Optional.ofNullable(records.get(id));
        }
    }

    /** The latest first. */
    public List<JobRecord> all() {
        synchronized (records) {
            List<JobRecord> all = new ArrayList<>(records.values());
            Collections.reverse(all);
            return all;
        }
    }

    /** Lets what is under way end at its next step, and does nothing more. */
    @Override
    public void close() {
        synchronized (records) {
            stopping.countDown();
            thread.shutdown();
        }
    }

    private final class Steps implements Run {
        private final String id;

        Steps(String id) {
            this.id = id;
        }

        @Override
        public void at(JobRecord.Step step) {
            change(id, record -> record.at(step));
        }

        @Override
        public boolean isStopping() {
            return stopping.getCount() == 0;
        }

        @Override
        public void await(Duration time) throws InterruptedException {
            if (stopping.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("job {} ends with the service", id);
            }
        }
    }
}
