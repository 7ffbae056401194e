package io.firn.catalog.commit;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;

/** A process's tables, and whose turn it is to commit to each. Safe for use by several threads. */
public final class CommitTurns {
    private final ConcurrentHashMap<String, CommitTurn> turns = new ConcurrentHashMap<>();
    private final Clock clock;
    private final Duration longestWait;

    /** @param clock one that is not set, for how long somebody waited */
    public CommitTurns(Clock clock) {
        this(clock, CommitTurn.LONGEST_WAIT);
    }

    CommitTurns(Clock clock, Duration longestWait) {
        this.clock = clock;
        this.longestWait = longestWait;
    }

    /** @param table its name, by which everybody in the process calls it */
    public CommitTurn of(String table) {
        return turns.computeIfAbsent(table, name -> CommitTurn.shared(clock, longestWait));
    }
}
