package io.firn.compaction.plan;

import io.firn.compaction.JobResult;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * What runs of one table came to in this process. Immutable. Kept in memory alone: after a restart everything that is
 * due is due once more, which at most finds nothing to do.
 */
public final class RunHistory {
    /** After the first run that had to yield; as long as a run of the other process may take. */
    private static final Duration FIRST_WAIT = Duration.ofSeconds(30);

    private static final int MOST_DOUBLINGS = 6;

    private final Map<JobKind, Entry> entries;

    private record Entry(Instant ended, int yielded, Instant notBefore) {
        static final Entry NEVER = new Entry(Instant.EPOCH, 0, Instant.EPOCH);
    }

    private RunHistory(Map<JobKind, Entry> entries) {
        this.entries = entries;
    }

    public static RunHistory empty() {
        return new RunHistory(new EnumMap<>(JobKind.class));
    }

    /** After a run; one that yielded to others, or failed, is held back for longer each time, by a random half. */
    public RunHistory after(JobKind kind, JobResult.End end, Instant now, RandomGenerator random) {
        int yielded = end == JobResult.End.YIELDED ? of(kind).yielded() + 1 : 0;
        return with(kind, new Entry(now, yielded, yielded == 0 ? now : now.plus(wait(yielded, random))));
    }

    /** After a run that ended by an error: held back in the same way. */
    public RunHistory afterFailure(JobKind kind, Instant now, RandomGenerator random) {
        int failed = of(kind).yielded() + 1;
        return with(kind, new Entry(now, failed, now.plus(wait(failed, random))));
    }

    /** When the last run ended; the epoch where there was none. */
    public Instant lastRun(JobKind kind) {
        return of(kind).ended();
    }

    /** Before when no run is to begin. */
    public Instant notBefore(JobKind kind) {
        return of(kind).notBefore();
    }

    /** Runs in a row that had to yield: the next is to take smaller groups. */
    public int yielded(JobKind kind) {
        return of(kind).yielded();
    }

    private static Duration wait(int yielded, RandomGenerator random) {
        long full = FIRST_WAIT.toMillis() << Math.min(yielded - 1, MOST_DOUBLINGS);
        return Duration.ofMillis(full / 2 + random.nextLong(full / 2 + 1));
    }

    private Entry of(JobKind kind) {
        return entries.getOrDefault(kind, Entry.NEVER);
    }

    private RunHistory with(JobKind kind, Entry entry) {
        EnumMap<JobKind, Entry> changed = new EnumMap<>(JobKind.class);
        changed.putAll(entries);
        changed.put(kind, entry);
        return new RunHistory(changed);
    }
}
