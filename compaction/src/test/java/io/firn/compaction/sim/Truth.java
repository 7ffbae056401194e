package io.firn.compaction.sim;

import io.firn.catalog.ledger.Ledger;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a snapshot of the keyed table must show.
 *
 * @param merged its ledger
 * @param memory of each key the records that were merged, but for those of rows that somebody else deleted
 * @param rows of each key the record that is shown
 */
record Truth(Ledger merged, Map<String, List<Known>> memory, TreeMap<String, Long> rows) {
    static final Truth NOTHING = new Truth(Ledger.empty(), Map.of(), new TreeMap<>());

    /** Somebody else deleted rows: what is known of their keys goes with them. */
    Truth without(Collection<String> keys) {
        Map<String, List<Known>> left = new HashMap<>(memory);
        TreeMap<String, Long> shown = new TreeMap<>(rows);
        keys.forEach(key -> {
            left.remove(key);
            shown.remove(key);
        });
        return new Truth(merged, left, shown);
    }

    List<Known> memoryOf(String key) {
        return memory.getOrDefault(key, List.of());
    }
}
