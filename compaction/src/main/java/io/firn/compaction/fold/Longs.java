package io.firn.compaction.fold;

import java.util.Arrays;

/** A list of longs that grows without copying them. */
final class Longs {
    private static final int BITS = 13;
    private static final int CHUNK = 1 << BITS;

    private long[][] chunks = new long[8][];
    private int allocated;

    long get(int index) {
        return chunks[index >>> BITS][index & CHUNK - 1];
    }

    /** @param index at most one behind the last one set */
    void set(int index, long value) {
        int chunk = index >>> BITS;
        if (chunk == allocated) {
            if (chunk == chunks.length) {
                chunks = Arrays.copyOf(chunks, chunks.length * 2);
            }
            chunks[chunk] = new long[CHUNK];
            allocated++;
        }
        chunks[chunk][index & CHUNK - 1] = value;
    }

    long bytes() {
        return (long) allocated * CHUNK * Long.BYTES + (long) chunks.length * Long.BYTES;
    }
}
