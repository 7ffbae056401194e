package io.firn.compaction.merge;

import java.util.SortedMap;
import java.util.TreeMap;

/** What became of the staged records of one commit. */
final class Counts {
    /** Records in the ranges. */
    long staged;

    /** Records below the ranges: merged before and staged once more. */
    long replayed;

    /** Keys that had a row and have another one now. */
    long updated;

    long inserted;

    /** Keys that had a row and have none now. */
    long deleted;

    /** Keys of which the table, or a known delete, has a later record than all that are staged. */
    long late;

    /** Keys whose row somebody else deleted while the merge ran: it stays deleted. */
    long foreignDeleted;

    /** Offsets without a row of which nobody knows whether they had one: staged by a Firn that did not count. */
    long unproven;

    SortedMap<String, Long> byName() {
        TreeMap<String, Long> names = new TreeMap<>();
        names.put("staged", staged);
        names.put("replayed", replayed);
        names.put("updated", updated);
        names.put("inserted", inserted);
        names.put("deleted", deleted);
        names.put("late", late);
        names.put("foreign-deleted", foreignDeleted);
        if (unproven > 0) {
            names.put("unproven", unproven);
        }
        return names;
    }

    String json() {
        StringBuilder json = new StringBuilder("{");
        byName().forEach((name, count) -> json.append(json.length() == 1 ? "\"" : ",\"")
                .append(name)
                .append("\":")
                .append(count));
        return json.append('}').toString();
    }
}
