package io.firn.deploy.bench;

import io.firn.deploy.rig.OsProcess;
import java.io.IOException;

/** Somebody who drains a topic into a table, as a process of its own. */
interface Contender {
    String name();

    /** Fetches what it needs; not timed. */
    void prepare() throws IOException;

    /** Whether it writes a table; a floor does not, ends by itself and prints what it cost ({@link FloorMain}). */
    boolean writesTable();

    /** Makes what has to be there before it starts; not timed. */
    void before(Run run) throws IOException;

    /** Starts it, with default settings of its own where the run says nothing. */
    OsProcess start(Run run) throws IOException;

    /**
     * What somebody who looks after it does by hand, now and again, while its processes run: tells it what to do at
     * first, and starts again what it gave up.
     *
     * @return how many parts of it had given up
     */
    default int tend(Run run) throws IOException {
        return 0;
    }
}
