package io.firn.compaction.merge;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a merge has found out before it writes: which staged rows go where, and which rows of the keyed table die. */
final class Verdict {
    /** Staged rows to be written to the keyed table. */
    final Pointers winners = new Pointers();

    /** Staged rows that are deletes to be remembered. */
    final Pointers deletes = new Pointers();

    /** Staged rows of keys that the keyed table had a row of, now or when an earlier plan of this run looked. */
    final Pointers matched = new Pointers();

    /** Order timestamps of staged rows to be written that are not the rows' own; few. */
    final Map<Long, Long> orderTimestamps = new HashMap<>();

    /** By location, in the order in which they were met. */
    final Map<String, Touched> touched = new LinkedHashMap<>();
}
