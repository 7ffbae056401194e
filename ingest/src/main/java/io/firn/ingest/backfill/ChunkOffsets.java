package io.firn.ingest.backfill;

import io.firn.catalog.ledger.OffsetRange;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Some of the offsets of some spans: a bit each, and next to nothing where long stretches are all there. */
final class ChunkOffsets {
    private static final int BLOCK_BITS = 16;
    private static final int BLOCK = 1 << BLOCK_BITS;

    private final SortedMap<Integer, OffsetRange> spans;
    private final Map<Integer, Map<Long, BitSet>> blocks = new TreeMap<>();
    /** Numbers of blocks of which every offset is there. */
    private final Map<Integer, Set<Long>> full = new TreeMap<>();

    /** @param spans by partition */
    ChunkOffsets(SortedMap<Integer, OffsetRange> spans) {
        this.spans = spans;
        spans.keySet().forEach(partition -> {
            blocks.put(partition, new HashMap<>());
            full.put(partition, new HashSet<>());
        });
    }

    boolean covers(int partition, long offset) {
        OffsetRange span = spans.get(partition);
        return span != null && offset >= span.start() && offset < span.end();
    }

    /** Only what it covers. */
    void add(int partition, long offset) {
        Map<Long, BitSet> found = blocks.get(partition);
        Set<Long> whole = full.get(partition);
        if (found == null || whole == null) {
            throw new IllegalStateException("partition " + partition + " is not in the chunk");
        }
        long number = offset >>> BLOCK_BITS;
        if (whole.contains(number)) {
            return;
        }
        BitSet block = found.computeIfAbsent(number, absent -> new BitSet());
        block.set((int) (offset & BLOCK - 1));
        if (block.length() == BLOCK && block.nextClearBit(0) == BLOCK) {
            found.remove(number);
            whole.add(number);
        }
    }

    boolean contains(int partition, long offset) {
        Map<Long, BitSet> found = blocks.get(partition);
        Set<Long> whole = full.get(partition);
        if (found == null || whole == null) {
            return false;
        }
        long number = offset >>> BLOCK_BITS;
        BitSet block = found.get(number);
        return whole.contains(number) || block != null && block.get((int) (offset & BLOCK - 1));
    }
}
