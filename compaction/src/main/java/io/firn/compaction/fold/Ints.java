package io.firn.compaction.fold;

import java.util.Arrays;

/** A list of ints that grows without copying them. */
final class Ints {
    private static final int BITS = 13;
    private static final int CHUNK = 1 << BITS;

    private int[][] chunks = new int[8][];
    private int allocated;

    int get(int index) {
        return chunks[index >>> BITS][index & CHUNK - 1];
    }

    /** @param index at most one behind the last one set */
    void set(int index, int value) {
        int chunk = index >>> BITS;
        if (chunk == allocated) {
            if (chunk == chunks.length) {
                chunks = Arrays.copyOf(chunks, chunks.length * 2);
            }
            chunks[chunk] = new int[CHUNK];
            allocated++;
        }
        chunks[chunk][index & CHUNK - 1] = value;
    }

    long bytes() {
        return (long) allocated * CHUNK * Integer.BYTES + (long) chunks.length * Long.BYTES;
    }
}
