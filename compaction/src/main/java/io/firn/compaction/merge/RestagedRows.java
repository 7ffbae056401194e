package io.firn.compaction.merge;

import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.Sources;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells of a record whether it was staged once more, and what that means: a record that replaces makes the row of its
 * own position void, so that the newly decoded one takes its place; any other row stays in the order as it is.
 */
final class RestagedRows {
    private static final int PAGE_BITS = 20;
    private static final int PAGE = 1 << PAGE_BITS;

    private final Map<Integer, List<OffsetRange>> replacing = new HashMap<>();
    private final Map<Integer, List<OffsetRange>> adding = new HashMap<>();
    private final Map<Integer, List<OffsetRange>> known = new HashMap<>();
    /** Offsets of records that replace and were met, by source and page of offsets. */
    private final Map<Integer, Map<Long, BitSet>> replaced = new HashMap<>();

    RestagedRows(Restaged restaged, Sources sources) {
        for (Restaged.Range each : restaged.ranges()) {
            put(
                    each.mode() == BackfillMode.REPLACE ? replacing : adding,
                    sources.number(each.source()),
                    each.offsets());
        }
        for (StagedRange each : restaged.known()) {
            put(known, sources.number(each.source()), each.offsets());
        }
    }

    private static void put(Map<Integer, List<OffsetRange>> ranges, int source, OffsetRange range) {
        ranges.computeIfAbsent(source, any -> new ArrayList<>()).add(range);
    }

    boolean isNone() {
        return replacing.isEmpty() && adding.isEmpty();
    }

    /** Whether a staged record is to be merged once more. */
    boolean take(Candidate staged) {
        if (isIn(replacing, staged)) {
            page(staged).set((int) (staged.offset & PAGE - 1));
            return true;
        }
        return isIn(adding, staged);
    }

    /** Whether a row of the keyed table is one of which the record was taken to replace it; once all are taken. */
    boolean isVoid(Candidate row) {
        return isIn(replacing, row) && page(row).get((int) (row.offset & PAGE - 1));
    }

    /** Whether a staged record was merged and is not to be merged once more. */
    boolean isKnown(Candidate staged) {
        return isIn(known, staged);
    }

    private BitSet page(Candidate record) {
        return replaced.computeIfAbsent(record.source, any -> new HashMap<>())
                .computeIfAbsent(record.offset >> PAGE_BITS, any -> new BitSet());
    }

    private static boolean isIn(Map<Integer, List<OffsetRange>> ranges, Candidate record) {
        List<OffsetRange> those = ranges.get(record.source);
        if (those != null) {
            for (OffsetRange range : those) {
                if (record.offset >= range.start() && record.offset < range.end()) {
                    return true;
                }
            }
        }
        return false;
    }
}
