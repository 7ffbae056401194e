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
 * @param outcome of one that is done
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
        Optional<Outcome> outcome,
        Optional<FirnException> failure) {
    /** Where it is. */
    public enum State {
        QUEUED,
        RUNNING,
        DONE,
        FAILED,
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
                Optional.empty());
    }

    JobRecord begun(Instant now) {
        return new JobRecord(
                id, kind, target, by, State.RUNNING, queued, Optional.of(now), ended, step, outcome, failure);
    }

    JobRecord at(Step next) {
        return new JobRecord(id, kind, target, by, state, queued, begun, ended, next, outcome, failure);
    }

    JobRecord done(Outcome result, Instant now) {
        return new JobRecord(
                id,
                kind,
                target,
                by,
                State.DONE,
                queued,
                begun,
                Optional.of(now),
                step,
                Optional.of(result),
                Optional.empty());
    }

    JobRecord failed(FirnException reason, Instant now) {
        return new JobRecord(
                id,
                kind,
                target,
                by,
                State.FAILED,
                queued,
                begun,
                Optional.of(now),
                step,
                Optional.empty(),
                Optional.of(reason));
    }

    JobRecord stopped(Instant now) {
        return new JobRecord(
                id, kind, target, by, State.STOPPED, queued, begun, Optional.of(now), step, outcome, failure);
    }
}
