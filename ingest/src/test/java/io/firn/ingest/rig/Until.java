package io.firn.ingest.rig;

import io.firn.catalog.FirnException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits for what real parts do in their own time. */
public final class Until {
    /**
     * How long a test waits for what must happen. A test that passes never waits for so long; one that fails costs
     * these minutes, which is better than a failure on a machine that is busy.
     */
    public static final Duration PATIENCE = Duration.ofMinutes(3);

    private Until() {}

    /** What is waited for; an exception says no as well, but for a failure of ours, which comes out. */
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** @throws AssertionError when it does not hold within {@link #PATIENCE} */
    public static void holds(String what, Condition condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!test(condition)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + PATIENCE + ": " + what);
            }
            try {
                if (new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS)) {
                    throw new AssertionError("nobody counts down");
                }
            } catch (InterruptedException interrupt) {
                throw new AssertionError(interrupt);
            }
        }
    }

    private static boolean test(Condition condition) {
        try {
            return condition.holds();
        } catch (FirnException failure) {
            throw failure;
        } catch (Exception | AssertionError notYet) {
            return false;
        }
    }
}
