package io.firn.deploy.maintain;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that maintenance runs in. */
public final class MaintenanceDriver {
    private static final Logger LOG = LoggerFactory.getLogger(MaintenanceDriver.class);

    /** After something that should not happen. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

    private final MaintenanceLoop loop;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "maintenance");

    public MaintenanceDriver(MaintenanceLoop loop) {
        this.loop = loop;
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
    }

    public void start() {
        thread.start();
    }

    @SuppressWarnings("IllegalCatch") // the service goes on without it
    private void run() {
        Duration wait = Duration.ZERO;
        try {
            while (!stopping.await(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    wait = loop.turn();
                } catch (RuntimeException | Error failed) {
                    LOG.error("maintenance met what it did not expect; it goes on in {}", AFTER_FAILURE, failed);
                    wait = AFTER_FAILURE;
                }
            }
            loop.stop();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks it to end after the turn under way. */
    public void requestStop() {
        stopping.countDown();
    }

    /**
     * @return whether it ended within the time; where not, what is under way ends with the process and harms nothing
     */
    public boolean awaitStop(Duration time) throws InterruptedException {
        thread.join(Math.max(1, time.toMillis()));
        return !thread.isAlive();
    }
}
