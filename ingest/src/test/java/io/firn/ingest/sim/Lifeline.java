package io.firn.ingest.sim;

import org.jspecify.annotations.Nullable;

/**
 * Cut between any two steps of a process: everything it does to the world outside passes by here first. An error that
 * nobody catches ends the turn, and the process is never turned again.
 */
final class Lifeline {
    /** What a process may be about to do when it dies. */
    enum Step {
        POLL("it polls"),
        RECORD("it takes a record"),
        BOUNDS("it asks what Kafka holds"),
        SEEK("it seeks"),
        WRITE("it closes a file"),
        HAND_OVER("it hands over a file"),
        IDENTIFY("it asks for the topic's id"),
        READ_LEDGER("it reads the ledger"),
        COMMIT("it sends a commit"),
        COMMIT_ANSWER("it hears how a commit went"),
        REMOVE("it removes files"),
        LEAVE("it gives up partitions");

        private final String text;

        Step(String text) {
            this.text = text;
        }

        String death() {
            return "a process dies before " + text;
        }
    }

    /** The process died where it stood. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        Crash(String where) {
            super(where, null, false, false);
        }
    }

    private @Nullable Step last;

    /** Ends before this step once it is to be taken. */
    void cutAt(Step step) {
        last = step;
    }

    void mend() {
        last = null;
    }

    void pass(Step step) {
        if (step == last) {
            throw new Crash(step.death());
        }
    }
}
