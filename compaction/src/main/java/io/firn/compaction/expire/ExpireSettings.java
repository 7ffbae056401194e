package io.firn.compaction.expire;

import java.time.Duration;

/**
 * What history is kept.
 *
 * @param keepAge snapshots younger than that stay
 * @param keepLast so many of the newest of every branch stay, whatever their age
 * @param keepOlder most of the snapshots older than {@link #WHOLE_AGE} that stay though they are young enough
 * @param perCommit most snapshots that go in one commit: bounds the memory for the names of their files
 */
public record ExpireSettings(Duration keepAge, int keepLast, int keepOlder, int perCommit) {
    /**
     * A commit of unknown outcome is looked for in the history; younger snapshots are not taken away from those who
     * look.
     */
    public static final Duration LEAST_AGE = Duration.ofMinutes(10);

    /** Longer than any job looks back to what it was planned on; of that time every snapshot stays. */
    public static final Duration WHOLE_AGE = Duration.ofMinutes(30);

    /** Iceberg's own default age; a few snapshots for those who compare before and after. */
    public static final ExpireSettings DEFAULTS = new ExpireSettings(Duration.ofDays(5), 20, 300, 200);

    /** By age alone. */
    public ExpireSettings(Duration keepAge, int keepLast, int perCommit) {
        this(keepAge, keepLast, Integer.MAX_VALUE, perCommit);
    }

    public ExpireSettings {
        if (keepAge.compareTo(LEAST_AGE) < 0) {
            throw new IllegalArgumentException("snapshots are kept for " + LEAST_AGE.toMinutes() + " minutes at least");
        }
        if (keepOlder < 1) {
            throw new IllegalArgumentException("one older snapshot at least is kept");
        }
        if (keepLast < 1 || perCommit < 1) {
            throw new IllegalArgumentException("the last snapshot is always kept, and one at least goes in a commit");
        }
    }
}
