package io.firn.compaction.sim;

import java.io.IOException;
import org.apache.iceberg.exceptions.RuntimeIOException;

/**
 * All calls of one process to catalog and store pass by here: it can be killed at any of them, or one of them fails.
 */
final class Lifeline {
    /** The process died where it stood. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        Crash(String where) {
            super(where, null, false, false);
        }
    }

    private int callsToDeath = -1;
    private int callsToFailure = -1;
    private boolean dead;

    /** Dies at that call from now, 0 for the next. */
    synchronized void dieAfter(int calls) {
        callsToDeath = calls;
    }

    /** That call from now fails; those after it succeed. */
    synchronized void failAfter(int calls) {
        callsToFailure = calls;
    }

    synchronized boolean isDead() {
        return dead;
    }

    synchronized void step(String what) {
        if (!dead && callsToDeath >= 0 && callsToDeath-- == 0) {
            dead = true;
        }
        if (dead) {
            throw new Crash(what);
        }
        if (callsToFailure >= 0 && callsToFailure-- == 0) {
            throw new RuntimeIOException(new IOException("no answer at " + what));
        }
    }
}
