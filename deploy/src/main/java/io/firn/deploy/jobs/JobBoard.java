package io.firn.deploy.jobs;

import io.firn.catalog.FirnException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Work to do one after the other in a thread of its own, and what came of it, for as long as the process lives. Safe
 * for use by several threads.
 */
public final class JobBoard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobBoard.class);

    /** More than a person asks for at a time; beyond it somebody's script runs wild. */
    private static final int WAITING = 50;

    /** Of those that are over. */
    private static final int KEPT = 200;

    private final Clock clock;
    private final Map<String, JobRecord> records = new LinkedHashMap<>();
    private final ThreadPoolExecutor thread;
    private @Nullable Steps underWay;
    private boolean isStopping;

    /** Does a piece of work. */
    public interface Work {
        /**
         * Runs in the board's thread. What it returns after it was told that it is ending counts as the outcome of work
         * that ended early.
         *
         * @throws FirnException what went wrong, for people
         * @throws InterruptedException where it ended early and has nothing to tell
         */
        JobRecord.Outcome run(Run run) throws InterruptedException;
    }

    /** What the work can say and ask while it runs. */
    public interface Run {
        void at(JobRecord.Step step);

        /** Whether the work should end: the service does, or somebody asked for it. */
        boolean isEnding();

        /** Returns earlier where the work should end. */
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
            if (waiting() >= WAITING || isStopping) {
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

    /**
     * Ends work before it is done: what has not begun is over at once, what is under way at its next step. Asked again
     * of work that is ending, nothing changes.
     *
     * @return empty where there is none of that id
     * @throws FirnException {@code job-over}
     */
    public Optional<JobRecord> cancel(String id, String by) {
        synchronized (records) {
            JobRecord record = records.get(id);
            if (record == null) {
                return Optional.empty();
            }
            if (record.state().isOver()) {
                throw FirnException.user(
                        "job-over",
                        "it is over already: " + record.state().name().toLowerCase(Locale.ROOT),
                        record.kind() + " " + id + " of " + record.target(),
                        "what it did stays");
            }
            if (record.cancelledBy().isEmpty()) {
                change(id, waiting -> waiting.cancelledBy(by, clock.instant()));
                Steps current = underWay;
                if (current != null && current.id.equals(id)) {
                    current.ending.countDown();
                }
            }
            return find(id);
        }
    }

    @SuppressWarnings("IllegalCatch") // whatever goes wrong is told to who asked for it
    private void run(String id, Work work) {
        Optional<Steps> begun = begin(id);
        if (begun.isEmpty()) {
            return;
        }
        Steps steps = begun.get();
        try (MDC.MDCCloseable job = MDC.putCloseable("job", id)) {
            JobRecord.Outcome outcome = work.run(steps);
            change(
                    id,
                    record -> steps.isTold
                            ? record.early(Optional.of(outcome), clock.instant())
                            : record.done(outcome, clock.instant()));
        } catch (InterruptedException ending) {
            change(id, record -> record.early(Optional.empty(), clock.instant()));
        } catch (FirnException known) {
            change(id, record -> record.failed(known, clock.instant()));
            LOG.warn("job {} failed: {}", id, known.getMessage());
        } catch (RuntimeException | Error strange) {
            // An Error too: a record that stays under way for ever would hide it.
            FirnException told = FirnException.internal("job-failed", "the job met what it did not expect", id);
            change(id, record -> record.failed(told, clock.instant()));
            LOG.error("job {} failed", id, strange);
        } finally {
            synchronized (records) {
                underWay = null;
            }
        }
    }

    /** Empty where it is over before it began. */
    private Optional<Steps> begin(String id) {
        synchronized (records) {
            if (find(id).map(record -> record.state().isOver()).orElse(true)) {
                return Optional.empty();
            }
            if (isStopping) {
                change(id, record -> record.early(Optional.empty(), clock.instant()));
                return Optional.empty();
            }
            change(id, record -> record.begun(clock.instant()));
            Steps steps = new Steps(id);
            underWay = steps;
            return Optional.of(steps);
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
            isStopping = true;
            Steps current = underWay;
            if (current != null) {
                current.ending.countDown();
            }
            thread.shutdown();
        }
    }

    private final class Steps implements Run {
        private final String id;
        private final CountDownLatch ending = new CountDownLatch(1);

        /** Of the board's thread alone. */
        private boolean isTold;

        Steps(String id) {
            this.id = id;
        }

        @Override
        public void at(JobRecord.Step step) {
            change(id, record -> record.at(step));
        }

        @Override
        public boolean isEnding() {
            isTold = isTold || ending.getCount() == 0;
            return isTold;
        }

        @Override
        public void await(Duration time) throws InterruptedException {
            if (ending.await(time.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("job {} ends early", id);
            }
        }
    }
}
