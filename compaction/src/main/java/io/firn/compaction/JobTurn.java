package io.firn.compaction;

import java.util.function.Function;

/** What a turn of a job came to. */
public sealed interface JobTurn {
    /** Call again at once. */
    JobTurn AT_ONCE = new Again(0, "");

    /**
     * The job goes on.
     *
     * @param delayMillis how long to wait before the next turn, 0 for not at all
     * @param reason why to wait, for the log, one line; empty where there is nothing to wait for
     */
    record Again(long delayMillis, String reason) implements JobTurn {}

    /** The job has ended, by itself. */
    record Ended(JobResult result) implements JobTurn {}

    /** One of two, by case. */
    default <T> T fold(Function<Again, T> again, Function<Ended, T> ended) {
        return this instanceof Again ? again.apply((Again) this) : ended.apply((Ended) this);
    }
}
