package io.firn.compaction.sim;

import java.util.Map;
import java.util.TreeMap;

/** How often each thing happened, over all runs: stories that never come about prove nothing. Safe for many threads. */
final class Coverage {
    private final Map<String, Long> counts = new TreeMap<>();

    synchronized void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    synchronized Map<String, Long> counts() {
        return new TreeMap<>(counts);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        counts().forEach((what, count) -> text.append(String.format("%n%9d  %s", count, what)));
        return text.toString();
    }
}
