package io.firn.deploy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Someone wants the process to end in good order. Safe for use by several threads. */
public final class StopRequest {
    private final CountDownLatch requested = new CountDownLatch(1);

    /** @return whether this was the first request */
    public synchronized boolean request() {
        boolean first = requested.getCount() > 0;
        requested.countDown();
        return first;
    }

    public boolean isRequested() {
        return requested.getCount() == 0;
    }

    /** @return whether a stop was requested within the time */
    public boolean await(Duration time) throws InterruptedException {
        return requested.await(time.toMillis(), TimeUnit.MILLISECONDS);
    }
}
