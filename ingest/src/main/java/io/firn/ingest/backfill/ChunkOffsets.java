package io.firn.ingest.backfill;

import io.firn.catalog.ledger.OffsetRange;
import java.util.BitSet;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Some of the offsets of a chunk's spans, a bit each. */
final class ChunkOffsets {
    private final SortedMap<Integer, OffsetRange> spans;
    private final Map<Integer, BitSet> sets = new TreeMap<>();

    /** @param spans by partition */
    ChunkOffsets(SortedMap<Integer, OffsetRange> spans) {
        this.spans = spans;
        spans.keySet().forEach(partition -> sets.put(partition, new BitSet()));
    }

    boolean covers(int partition, long offset) {
        OffsetRange span = spans.get(partition);
        return span != null && offset >= span.start() && offset < span.end();
    }

    /** Only what it covers. */
    void add(int partition, long offset) {
        BitSet set = sets.get(partition);
        OffsetRange span = spans.get(partition);
        if (set == null || span == null) {
            throw new IllegalStateException("partition " + partition + " is not in the chunk");
        }
        set.set(Math.toIntExact(offset - span.start()));
    }

    boolean contains(int partition, long offset) {
        BitSet set = sets.get(partition);
        OffsetRange span = spans.get(partition);
        return set != null && span != null && set.get(Math.toIntExact(offset - span.start()));
    }
}
