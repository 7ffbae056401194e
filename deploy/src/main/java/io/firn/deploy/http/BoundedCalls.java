package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Requests that wait for Kafka, catalog or store: a limited number at once, each for a limited time, in threads of
 * their own. So a system that never answers takes none of the server's threads for long, and the paths that ask no
 * other system always answer. A call whose time is over goes on in its thread until the client of that system gives
 * it up; it is not interrupted, since a change must not be cut off halfway. Safe for use by several threads.
 */
final class BoundedCalls implements AutoCloseable {
    /** Code of the failure of a call that was begun and has not ended. */
    static final String NO_ANSWER = "no-answer-in-time";

    private static final long IDLE_SECONDS = 30;

    private final int limit;
    private final Clock clock;
    private final ThreadPoolExecutor threads;
    private final ConcurrentHashMap<Long, Instant> begun = new ConcurrentHashMap<>();
    private final AtomicLong calls = new AtomicLong();

    /**
     * @param name of the threads
     * @param limit calls at once
     */
    BoundedCalls(String name, int limit, Clock clock) {
        this.limit = limit;
        this.clock = clock;
        AtomicLong made = new AtomicLong();
        this.threads =
                new ThreadPoolExecutor(0, limit, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), run -> {
                    Thread thread = new Thread(run, name + "-" + made.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /**
     * Returns what the call returns.
     *
     * @param where for the failure
     * @param action what to do if the time is over
     * @throws FirnException {@code no-answer-in-time} if the call has not ended in time; {@code too-many-waiting} if it
     *     was not begun; or what the call throws
     */
    <T> T call(Supplier<T> call, Duration time, String where, String action) {
        long id = calls.incrementAndGet();
        Future<T> running;
        try {
            running = threads.submit(() -> {
                begun.put(id, clock.instant());
                try {
                    return call.get();
                } finally {
                    begun.remove(id);
                }
            });
        } catch (RejectedExecutionException full) {
            throw FirnException.external(
                    "too-many-waiting",
                    limit + " requests wait for Kafka, catalog or store already" + longest(),
                    where,
                    "try again later; /health/ready says what does not work",
                    full);
        }
        return await(running, time, where, action);
    }

    private <T> T await(Future<T> running, Duration time, String where, String action) {
        try {
            return running.get(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw FirnException.external(
                    NO_ANSWER,
                    "Kafka, catalog or store has not answered for "
                            + (time.toSeconds() > 0 ? time.toSeconds() + " s" : time.toMillis() + " ms"),
                    where,
                    action,
                    late);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (failed.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException("a call failed", failed);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw FirnException.external(NO_ANSWER, "the service ends", where, action, interrupt);
        }
    }

    private String longest() {
        Optional<Instant> first = begun.values().stream().min(Instant::compareTo);
        return first.map(since -> ", the first of them for "
                        + Duration.between(since, clock.instant()).toSeconds() + " s")
                .orElse("");
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
