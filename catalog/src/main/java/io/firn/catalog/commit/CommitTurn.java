package io.firn.catalog.commit;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets the committers of one process that have a table in common make their attempts one after the other: who loses the
 * race for a table does the work of the attempt again, and a job whose attempt takes longer than the time between two
 * appends would lose it every time.
 *
 * <p>This saves work and nothing else. Which commit takes effect is decided by the catalog, between processes and
 * within one; an attempt is made without its turn where that does not come soon.
 */
public final class CommitTurn {
    /** For who shares a table with nobody in this process. */
    public static final CommitTurn NONE = new CommitTurn(null, () -> 0, Duration.ZERO);

    /** An append is not kept from the table for longer by a job, or by a store that does not answer it. */
    static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

    private final @Nullable ReentrantLock lock;
    private final LongSupplier millis;
    private final Duration longestWait;

    private CommitTurn(@Nullable ReentrantLock lock, LongSupplier millis, Duration longestWait) {
        this.lock = lock;
        this.millis = millis;
        this.longestWait = longestWait;
    }

    /** For one table. */
    static CommitTurn shared(Clock clock, Duration longestWait) {
        return new CommitTurn(new ReentrantLock(true), clock::millis, longestWait);
    }

    /**
     * Makes the attempt when the ones before it are over, or when it has waited for long enough.
     *
     * @param waited is told before the attempt how many milliseconds that was
     */
    <T> T take(LongConsumer waited, Supplier<T> attempt) {
        long begun = millis.getAsLong();
        boolean isTaken = await();
        waited.accept(millis.getAsLong() - begun);
        try {
            return attempt.get();
        } finally {
            if (isTaken && lock != null) {
                lock.unlock();
            }
        }
    }

    private boolean await() {
        if (lock == null) {
            return false;
        }
        try {
            return lock.tryLock(longestWait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
