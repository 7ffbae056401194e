package io.firn.deploy.backfill;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that backfills run in. */
public final class BackfillDriver {
    private static final Logger LOG = LoggerFactory.getLogger(BackfillDriver.class);

    /** After something that should not happen. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

    private final BackfillLoop loop;
    private final Semaphore wakeUps = new Semaphore(0);
    private final Thread thread = new Thread(this::run, "backfill");
    private volatile boolean stopping;

    public BackfillDriver(BackfillLoop loop) {
        this.loop = loop;
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
    }

    public void start() {
        thread.start();
    }

    @SuppressWarnings("IllegalCatch") // the service goes on without it
    private void run() {
        try {
            while (!stopping) {
                Duration wait;
                try {
                    wait = loop.turn();
                } catch (RuntimeException | Error failed) {
                    LOG.error("backfills met what they did not expect; they go on in {}", AFTER_FAILURE, failed);
                    wait = AFTER_FAILURE;
                }
                if (!wait.isZero() && wakeUps.tryAcquire(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                    wakeUps.drainPermits();
                }
            }
            loop.stop();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Makes it look at once. */
    public void wakeUp() {
        wakeUps.release();
    }

    /** Asks it to end after the turn under way. */
    public void requestStop() {
        stopping = true;
        wakeUps.release();
    }

    /**
     * @return whether it ended within the time; where not, what is under way ends with the process and harms nothing
     */
    public boolean awaitStop(Duration time) throws InterruptedException {
        thread.join(Math.max(1, time.toMillis()));
        return !thread.isAlive();
    }
}
