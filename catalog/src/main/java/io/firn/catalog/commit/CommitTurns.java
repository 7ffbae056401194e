package io.firn.catalog.commit;

import java.time.Clock;
import java.util.concurrent.ConcurrentHashMap;

/** A process's tables, and whose turn it is to commit to each. Safe for use by several threads. */
public final class CommitTurns {
    private final ConcurrentHashMap<String, CommitTurn> turns = new ConcurrentHashMap<>();
    private final Clock clock;

    /** @param clock one that is not set, for how long somebody waited */
    public CommitTurns(Clock clock) {
        this.clock = clock;
    }

    /** @param table its name, by which everybody in the process calls it */
    public CommitTurn of(String table) {
        return turns.computeIfAbsent(table, name -> CommitTurn.shared(clock));
    }
}
