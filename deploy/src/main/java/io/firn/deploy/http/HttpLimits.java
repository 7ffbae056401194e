package io.firn.deploy.http;

import java.time.Duration;

/**
 * How long the service waits, and for how many at once.
 *
 * @param slowClientMillis what a request may take to arrive
 * @param asking requests that may wait for another system at once; each of the two groups (the service's own paths,
 *     and {@code /iceberg}) has so many threads
 * @param read how long one of the service's own paths waits for what it reads elsewhere: shorter than the page waits
 * @param change the same for a change
 * @param engine how long a request of a query engine waits; catalog clients end their own calls after a minute
 */
record HttpLimits(long slowClientMillis, int asking, Duration read, Duration change, Duration engine) {
    static HttpLimits defaults() {
        return new HttpLimits(
                SlowClients.LOOK_MILLIS, 16, Duration.ofSeconds(4), Duration.ofSeconds(30), Duration.ofSeconds(60));
    }

    HttpLimits clientsWithin(long millis) {
        return new HttpLimits(millis, asking, read, change, engine);
    }

    /** Everything that waits for another system waits for so long. */
    HttpLimits answeringWithin(Duration time) {
        return new HttpLimits(slowClientMillis, asking, time, time, time);
    }
}
