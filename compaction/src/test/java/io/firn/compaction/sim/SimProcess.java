package io.firn.compaction.sim;

import java.util.Set;
import java.util.TreeSet;

/** Something of Firn's that is under way, turned by the story. */
abstract class SimProcess {
    final String name;
    final Lifeline life;
    /** Files that it makes are from then on. */
    final long began;
    /** Keys of which somebody deleted the row since it began. */
    final Set<String> deletedMeanwhile = new TreeSet<>();

    SimProcess(String name, Lifeline life, long began) {
        this.name = name;
        this.life = life;
        this.began = began;
    }

    /** Those of {@link #deletedMeanwhile} that it must leave so, since it knows that there was a row. */
    Set<String> deletedAfterItLooked() {
        return Set.of();
    }

    void rowsAreDeleted(Set<String> keys) {
        deletedMeanwhile.addAll(keys);
    }

    /** Rows came back that it saw to be gone. */
    void rolledBack() {}

    /** @return whether it goes on */
    abstract boolean turn();

    /** As by SIGTERM. */
    abstract void stop();
}
