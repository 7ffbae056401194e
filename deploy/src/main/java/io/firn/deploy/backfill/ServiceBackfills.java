package io.firn.deploy.backfill;

import java.time.Duration;

/** What a service has of backfills: the desk, and the thread that does the work. */
public final class ServiceBackfills {
    private final BackfillDesk desk;
    private final BackfillDriver driver;
    private final BackfillFigures figures;

    public ServiceBackfills(BackfillDesk desk, BackfillDriver driver, BackfillFigures figures) {
        this.desk = desk;
        this.driver = driver;
        this.figures = figures;
    }

    public BackfillFigures figures() {
        return figures;
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
