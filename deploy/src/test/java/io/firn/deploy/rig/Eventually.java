package io.firn.deploy.rig;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Waiting for what another process does: the one place where the end-to-end tests look at the clock. */
public final class Eventually {
    /**
     * How long a test waits for what must happen. A test that passes never waits for so long; one that fails costs
     * these minutes, which is better than a failure on a machine that is busy.
     */
    public static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final Duration PAUSE = Duration.ofMillis(50);

    private Eventually() {}

    /** A condition that may fail while the other side is not there yet. */
    public interface Condition {
        boolean holds() throws Exception;
    }

    /**
     * Returns as soon as the condition holds; exceptions count as "not yet".
     *
     * @param what for the message, as "the broker answers"
     */
    public static void holds(String what, Duration atMost, Condition condition) {
        holds(what, atMost, condition, () -> "");
    }

    /** As above, with more to say when it does not come true. */
    public static void holds(String what, Duration atMost, Condition condition, Supplier<String> details) {
        holds(what, atMost, PAUSE, condition, details);
    }

    /**
     * As above, for what costs something to look at.
     *
     * @param pause between two looks
     */
    public static void holds(
            String what, Duration atMost, Duration pause, Condition condition, Supplier<String> details) {
        long deadline = System.nanoTime() + atMost.toNanos();
        Exception last = null;
        while (System.nanoTime() < deadline) {
            try {
                if (condition.holds()) {
                    return;
                }
                last = null;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting until " + what, interrupted);
            } catch (Exception notYet) {
                last = notYet;
            }
            pause(pause);
        }
        throw new AssertionError("not within " + atMost.toSeconds() + " s: " + what + " " + details.get(), last);
    }

    /** Lets real processes run for a while. */
    public static void pause(Duration duration) {
        try {
            boolean never = new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS);
            assert !never;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }
}
