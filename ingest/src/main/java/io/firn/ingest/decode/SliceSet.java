package io.firn.ingest.decode;

import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import java.util.Arrays;

/** The keys of one JSON map seen so far, compared by their bytes. */
final class SliceSet {
    private long[] slices = new long[16];
    private int[] hashes = new int[16];
    private boolean[] used = new boolean[16];
    private int size;

    void clear() {
        if (size > 0) {
            if (used.length > 1024) {
                slices = new long[16];
                hashes = new int[16];
                used = new boolean[16];
            }
            Arrays.fill(used, false);
            size = 0;
        }
    }

    /** @return false if a slice with the same bytes was there */
    boolean add(Row row, long slice) {
        if (size * 2 >= used.length) {
            grow();
        }
        byte[] bytes = row.bytes(slice);
        int start = Slice.start(slice);
        int end = start + Slice.length(slice);
        int hash = 0;
        for (int i = start; i < end; i++) {
            hash = (hash ^ bytes[i]) * 0x01000193;
        }
        int slot = slot(hash);
        while (used[slot]) {
            if (hashes[slot] == hash && equal(row, slices[slot], bytes, start, end)) {
                return false;
            }
            slot = slot + 1 & used.length - 1;
        }
        put(slot, slice, hash);
        return true;
    }

    private static boolean equal(Row row, long slice, byte[] bytes, int start, int end) {
        int otherStart = Slice.start(slice);
        return Arrays.equals(row.bytes(slice), otherStart, otherStart + Slice.length(slice), bytes, start, end);
    }

    private int slot(int hash) {
        return (hash ^ hash >>> 16) & used.length - 1;
    }

    private void put(int slot, long slice, int hash) {
        slices[slot] = slice;
        hashes[slot] = hash;
        used[slot] = true;
        size++;
    }

    private void grow() {
        long[] oldSlices = slices;
        int[] oldHashes = hashes;
        boolean[] oldUsed = used;
        slices = new long[oldSlices.length * 2];
        hashes = new int[oldSlices.length * 2];
        used = new boolean[oldSlices.length * 2];
        size = 0;
        for (int i = 0; i < oldUsed.length; i++) {
            if (oldUsed[i]) {
                int slot = slot(oldHashes[i]);
                while (used[slot]) {
                    slot = slot + 1 & used.length - 1;
                }
                put(slot, oldSlices[i], oldHashes[i]);
            }
        }
    }
}
