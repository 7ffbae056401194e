package io.firn.compaction;

import java.time.Duration;
import java.util.Optional;

/**
 * Is told how far a run is. Called in the job's thread at least at the begin and end of each phase; must return at
 * once.
 */
@FunctionalInterface
public interface JobProgress {
    /** Listens to nothing. */
    JobProgress NONE = report -> {};

    /**
     * How far a run is.
     *
     * @param job name of the kind of job
     * @param phase what it is doing, as {@code plan}, {@code copy}, {@code commit}
     * @param done of this phase
     * @param total of this phase; equal to {@code done} at its end, {@link Work#NONE} where it cannot be known
     * @param left estimated time to the end of this phase; empty until it can be estimated
     */
    record Report(String job, String phase, Work done, Work total, Optional<Duration> left) {}

    void report(Report report);
}
