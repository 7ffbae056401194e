package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import java.util.ArrayList;
import java.util.List;

/** Spans that Kafka cannot show any more, each with why. Keeps the first hundred, counts all. */
final class Unverifiable {
    /** One span and why it cannot be compared. */
    record Span(OffsetRange offsets, String reason) {
        @Override
        public String toString() {
            return offsets + " (" + reason + ")";
        }
    }

    private static final int KEPT = 100;

    private final List<Span> spans = new ArrayList<>();
    private long spanCount;
    private long offsets;

    /** A span that follows on from the last one for the same reason becomes one with it. */
    void add(OffsetRange span, String reason) {
        if (span.isEmpty()) {
            return;
        }
        offsets += span.end() - span.start();
        int last = spans.size() - 1;
        if (last >= 0
                && spanCount == spans.size()
                && spans.get(last).reason().equals(reason)
                && spans.get(last).offsets().end() == span.start()) {
            spans.set(last, new Span(new OffsetRange(spans.get(last).offsets().start(), span.end()), reason));
            return;
        }
        spanCount++;
        if (spans.size() < KEPT) {
            spans.add(new Span(span, reason));
        }
    }

    boolean isEmpty() {
        return spanCount == 0;
    }

    long offsets() {
        return offsets;
    }

    long spanCount() {
        return spanCount;
    }

    List<Span> first() {
        return List.copyOf(spans);
    }
}
