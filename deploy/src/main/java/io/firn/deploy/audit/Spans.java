package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import java.util.ArrayList;
import java.util.List;

/** Offsets that were found, neighbours joined. Keeps the first hundred spans, counts all. */
final class Spans {
    /** Enough to see the pattern; a table that lost everything must not fill the memory with it. */
    private static final int KEPT = 100;

    private final List<OffsetRange> spans = new ArrayList<>();
    private long count;

    void add(long offset) {
        count++;
        int last = spans.size() - 1;
        if (last >= 0 && spans.get(last).end() == offset) {
            spans.set(last, new OffsetRange(spans.get(last).start(), offset + 1));
        } else if (spans.size() < KEPT) {
            spans.add(new OffsetRange(offset, offset + 1));
        }
    }

    long count() {
        return count;
    }

    List<OffsetRange> first() {
        return List.copyOf(spans);
    }
}
