package io.firn.ingest.backfill;

import io.firn.catalog.ledger.OffsetRange;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Some of the offsets of some spans: a bit each, and next to nothing where long stretches are all there. */
final class ChunkOffsets {
    private static final int BLOCK_BITS = 16;
    private static final int BLOCK = 1 << BLOCK_BITS;

    /** In place of a block of which every offset is there. */
    private static final BitSet FULL = new BitSet(0);

    private final SortedMap<Integer, OffsetRange> spans;
    private final Map<Integer, Map<Long, BitSet>> blocks = new TreeMap<>();

    /** @param spans by partition */
    ChunkOffsets(SortedMap<Integer, OffsetRange> spans) {
        this.spans = spans;
        spans.keySet().forEach(partition -> blocks.put(partition, new HashMap<>()));
    }

    boolean covers(int partition, long offset) {
        OffsetRange span = spans.get(partition);
        return span != null && offset >= span.start() && offset < span.end();
    }

    /** Only what it covers. */
    void add(int partition, long offset) {
        Map<Long, BitSet> found = blocks.get(partition);
        if (found == null) {
            throw new IllegalStateException("partition " + partition + " is not in the chunk");
        }
        long number = offset >>> BLOCK_BITS;
        BitSet block = found.computeIfAbsent(number, absent -> new BitSet());
        if (block == FULL) {
            return;
        }
        block.set((int) (offset & BLOCK - 1));
        if (block.length() == BLOCK && block.nextClearBit(0) == BLOCK) {
            found.put(number, FULL);
        }
    }

    boolean contains(int partition, long offset) {
        Map<Long, BitSet> found = blocks.get(partition);
        BitSet block = found == null ? null : found.get(offset >>> BLOCK_BITS);
        return block != null && (block == FULL || block.get((int) (offset & BLOCK - 1)));
    }
}
