package io.firn.deploy.backfill;

import java.time.Duration;

/** What a service has of backfills: the desk, and the thread that does the work. */
public final class ServiceBackfills {
    private final BackfillDesk desk;
    private final BackfillDriver driver;

    public ServiceBackfills(BackfillDesk desk, BackfillDriver driver) {
        this.desk = desk;
        this.driver = driver;
    }

    public BackfillDesk desk() {
        return desk;
    }

    public void start() {
        driver.start();
    }

    /** As {@link BackfillDriver#requestStop}. */
    public void requestStop() {
        driver.requestStop();
    }

    /** As {@link BackfillDriver#awaitStop}. */
    public boolean awaitStop(Duration time) throws InterruptedException {
        return driver.awaitStop(time);
    }
}
