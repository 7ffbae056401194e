package io.firn.deploy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/**
 * SIGTERM and SIGINT as something to wait for, in place of the JVM's own way of ending.
 *
 * <p>The last commit cannot be made in a shutdown hook: Iceberg's worker pool and Hadoop's file systems are closed by
 * hooks of their own, which run at the same time, and a commit needs both. So the signal only wakes the main thread,
 * which stops the service in good order and then leaves the JVM with its exit code.
 */
public final class StopSignal {
    private static final int EXIT_AFTER_SECOND_SIGNAL = 130;

    private final CountDownLatch raised = new CountDownLatch(1);

    private StopSignal() {}

    /** From now on the first signal stops nothing but a wait here; a second one ends the process at once. */
    public static StopSignal installed() {
        StopSignal stop = new StopSignal();
        Signal.handle(new Signal("TERM"), stop::raise);
        Signal.handle(new Signal("INT"), stop::raise);
        return stop;
    }

    private void raise(Signal signal) {
        if (raised.getCount() == 0) {
            Runtime.getRuntime().halt(EXIT_AFTER_SECOND_SIGNAL);
        }
        raised.countDown();
    }

    /** @return whether the process was asked to stop, at the latest when the time is over */
    public boolean await(Duration atMost) throws InterruptedException {
        return raised.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Whether the process was asked to stop. */
    public boolean isRaised() {
        return raised.getCount() == 0;
    }
}
