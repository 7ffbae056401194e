package io.firn.deploy.jobs;

import io.firn.catalog.FirnException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One piece of work, as it was at a moment. Immutable.
 *
 * @param id of its own, for ever
 * @param kind of work, as {@code rewrite}
 * @param target what it is done to: a table or a pipeline
 * @param by who asked for it, for people
 * @param step how far it is
 * @param cancelledBy who asked that it ends early; it may still be at its last step, or have ended by itself before
 * @param outcome of one that is done, and of one that ended early after it had begun
 * @param failure of one that failed
 */
public record JobRecord(
        String id,
        String kind,
        String target,
        String by,
        State state,
        Instant queued,
        Optional<Instant> begun,
        Optional<Instant> ended,
        Step step,
        Optional<String> cancelledBy,
        Optional<Outcome> outcome,
        Optional<FirnException> failure) {
    /** Where it is. */
    public enum State {
        QUEUED,
        RUNNING,
        DONE,
        FAILED,
        /** Somebody did not want it any more. */
        CANCELLED,
        /** The service ended before it did. */
        STOPPED;

        public boolean isOver() {
            return this != QUEUED && this != RUNNING;
        }
    }

    /**
     * How far it is.
     *
     * @param phase what it is doing; empty before it does anything
     * @param unit what is counted
     * @param total empty where nobody knows
     * @param secondsLeft of this phase; empty until it can be told
     */
    public record Step(String phase, String unit, long done, OptionalLong total, OptionalLong secondsLeft) {
        static final Step NONE = new Step("", "", 0, OptionalLong.empty(), OptionalLong.empty());
    }

    /**
     * What came of it.
     *
     * @param good false where somebody should look: an audit with differences, a job that had to yield
     * @param json for scripts
     * @param text for people
     */
    public record Outcome(boolean good, String json, String text) {}

    static JobRecord queued(String id, String kind, String target, String by, Instant now) {
        return new JobRecord(
                id,
                kind,
                target,
                by,
                State.QUEUED,
                now,
                Optional.empty(),
                Optional.empty(),
                Step.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    JobRecord begun(Instant now) {
        return new JobRecord(
                id,
                kind,
                target,
                by,
                State.RUNNING,
                queued,
                Optional.of(now),
                ended,
                step,
                cancelledBy,
                outcome,
                failure);
    }

    JobRecord at(Step next) {
        return new JobRecord(id, kind, target, by, state, queued, begun, ended, next, cancelledBy, outcome, failure);
    }

    JobRecord done(Outcome result, Instant now) {
        return over(State.DONE, now, Optional.of(result), Optional.empty());
    }

    JobRecord failed(FirnException reason, Instant now) {
        return over(State.FAILED, now, Optional.empty(), Optional.of(reason));
    }

    /** It is to end early; one that has not begun is over with this. */
    JobRecord cancelledBy(String who, Instant now) {
        JobRecord asked = new JobRecord(
                id, kind, target, by, state, queued, begun, ended, step, Optional.of(who), outcome, failure);
        return state == State.QUEUED ? asked.early(Optional.empty(), now) : asked;
    }

    /** It ended early, because somebody asked for it or because the service ends. */
    JobRecord early(Optional<Outcome> sofar, Instant now) {
        return over(cancelledBy.isPresent() ? State.CANCELLED : State.STOPPED, now, sofar, Optional.empty());
    }

    private JobRecord over(State end, Instant now, Optional<Outcome> result, Optional<FirnException> reason) {
        return new JobRecord(
                id, kind, target, by, end, queued, begun, Optional.of(now), step, cancelledBy, result, reason);
    }
}
