package io.firn.deploy.rebuild;

import io.firn.catalog.ledger.OffsetRange;
import java.util.ArrayList;
import java.util.List;

/** Spans of offsets. Pure. */
final class Offsets {
    private Offsets() {}

    /** Returns the spans, ascending, without the offsets of the others. */
    static List<OffsetRange> without(List<OffsetRange> spans, List<OffsetRange> others) {
        List<OffsetRange> left = spans;
        for (OffsetRange other : others) {
            List<OffsetRange> next = new ArrayList<>();
            for (OffsetRange span : left) {
                long before = Math.min(span.end(), other.start());
                if (span.start() < before) {
                    next.add(new OffsetRange(span.start(), before));
                }
                long after = Math.max(span.start(), other.end());
                if (after < span.end()) {
                    next.add(new OffsetRange(after, span.end()));
                }
            }
            left = next;
        }
        return left;
    }
}
