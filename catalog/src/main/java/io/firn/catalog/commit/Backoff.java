package io.firn.catalog.commit;

import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubling from 100 ms (a conflict is over in about one commit's time) to 30 s
 * (an outage; long enough not to be a load, short enough to notice its end), of which a random half, so that committers
 * that met once do not meet again.
 */
final class Backoff {
    private static final long FIRST_MILLIS = 100;
    private static final long MOST_MILLIS = 30_000;

    private final RandomGenerator random;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /**
     * @param failures attempts that failed so far, from 1
     */
    long delayMillis(int failures) {
        int doublings = Math.min(failures - 1, 20);
        long full = Math.min(MOST_MILLIS, FIRST_MILLIS << doublings);
        return full / 2 + random.nextLong(full / 2 + 1);
    }
}
