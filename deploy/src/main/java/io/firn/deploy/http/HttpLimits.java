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
 * @param bodyBytes of all requests' bodies together that are being worked on
 */
record HttpLimits(long slowClientMillis, int asking, Duration read, Duration change, Duration engine, long bodyBytes) {
    /** A body takes several times its size while it is read; together they take a fraction of the heap. */
    private static final int PART_OF_HEAP = 32;

    static HttpLimits defaults() {
        return new HttpLimits(
                SlowClients.LOOK_MILLIS,
                16,
                Duration.ofSeconds(4),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
    }

    HttpLimits clientsWithin(long millis) {
        return new HttpLimits(millis, asking, read, change, engine, bodyBytes);
    }

    /** Everything that waits for another system waits for so long. */
    HttpLimits answeringWithin(Duration time) {
        return new HttpLimits(slowClientMillis, asking, time, time, time, bodyBytes);
    }

    HttpLimits withBodies(long bytes) {
        return new HttpLimits(slowClientMillis, asking, read, change, engine, bytes);
    }
}
