package io.firn.catalog.commit;

import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt, of which a random half, so that committers that met once do not meet again.
 */
final class Backoff {
    private static final long FIRST_MILLIS = 100;

    /** An outage: long enough not to be a load, short enough to notice its end. */
    private static final long MOST_MILLIS = 10_000;

    /**
     * Somebody else got through: the catalog works, and waiting longer would only leave the table to whoever is
     * quicker. The soonest after his commit is the best time for the next attempt: nobody's commit is as far off.
     */
    private static final long MOST_AFTER_CONFLICT_MILLIS = 200;

    private final RandomGenerator random;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /** @param failures attempts in a row that failed so far, from 1 */
    long afterFailure(int failures) {
        return jittered(failures, MOST_MILLIS);
    }

    /** @param conflicts of the commit so far, from 1 */
    long afterConflict(int conflicts) {
        return jittered(conflicts, MOST_AFTER_CONFLICT_MILLIS);
    }

    private long jittered(int attempts, long mostMillis) {
        int doublings = Math.min(attempts - 1, 20);
        long full = Math.min(mostMillis, FIRST_MILLIS << doublings);
        return full / 2 + random.nextLong(full / 2 + 1);
    }
}
