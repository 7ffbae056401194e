package io.firn.deploy.bench;

import io.firn.deploy.rig.Lake;
import java.nio.file.Path;

/**
 * One contender's turn.
 *
 * @param topic filled already, with as many records as {@code records} says
 * @param lake an empty one
 * @param directory for the contender's own files
 * @param commitSeconds between two commits, for whoever commits by time
 */
record Run(
        String bootstrap,
        Shape shape,
        String topic,
        long records,
        Lake lake,
        Path directory,
        int commitSeconds,
        BenchOptions options) {
    static final String NAMESPACE = "shop";
    static final String TABLE = "orders";

    /** The same for another process, which has a folder of its own. */
    Run in(Path folder) {
        return new Run(bootstrap, shape, topic, records, lake, folder, commitSeconds, options);
    }
}
