package io.firn.compaction.merge;

import io.firn.catalog.ledger.OffsetRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A set of offsets of one partition. Pages that are complete take no memory, so a partition without absent offsets
 * costs nothing, and any other at most one bit per offset.
 */
final class OffsetPages {
    private static final int PAGE_BITS = 16;
    private static final int PAGE = 1 << PAGE_BITS;

    private final Map<Long, BitSet> pages = new HashMap<>();
    private final Map<Long, Integer> sizes = new HashMap<>();
    private final Set<Long> complete = new HashSet<>();

    /** Adds an offset; one that is in the set changes nothing. */
    void add(long offset) {
        long number = offset >> PAGE_BITS;
        if (complete.contains(number)) {
            return;
        }
        BitSet page = pages.computeIfAbsent(number, any -> new BitSet(PAGE));
        int bit = (int) (offset & PAGE - 1);
        if (page.get(bit)) {
            return;
        }
        page.set(bit);
        if (sizes.merge(number, 1, Integer::sum) == PAGE) {
            complete.add(number);
            pages.remove(number);
            sizes.remove(number);
        }
    }

    /** Returns how many offsets of the span are in the set. */
    long count(OffsetRange span) {
        return span.end() - span.start() - size(absent(span));
    }

    /** Returns the spans of offsets that are not in the set, ascending. */
    List<OffsetRange> absent(OffsetRange span) {
        List<OffsetRange> absent = new ArrayList<>();
        long from = span.start();
        while (from < span.end()) {
            long start = next(from, span.end(), false);
            if (start == span.end()) {
                break;
            }
            from = next(start, span.end(), true);
            absent.add(new OffsetRange(start, from));
        }
        return absent;
    }

    /** The first offset from there on that is, or is not, in the set; {@code end} if there is none. */
    private long next(long from, long end, boolean present) {
        long at = from;
        while (at < end) {
            long first = at & -PAGE;
            BitSet page = pages.get(at >> PAGE_BITS);
            int bit = (int) (at - first);
            int found;
            if (page == null) {
                found = present == complete.contains(at >> PAGE_BITS) ? bit : PAGE;
            } else {
                found = present ? page.nextSetBit(bit) : page.nextClearBit(bit);
                found = found < 0 ? PAGE : found;
            }
            if (found < PAGE) {
                return Math.min(first + found, end);
            }
            at = first + PAGE;
        }
        return end;
    }

    static long size(List<OffsetRange> spans) {
        return spans.stream().mapToLong(span -> span.end() - span.start()).sum();
    }
}
