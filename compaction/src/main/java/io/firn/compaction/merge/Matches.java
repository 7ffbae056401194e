package io.firn.compaction.merge;

import java.util.Arrays;

/** Rows of the keyed table that have a staged key: the key's head in the fold and where the row is. */
final class Matches {
    private int[] heads = new int[1024];
    private long[] rows = new long[1024];
    private int size;

    void add(int head, long row) {
        if (size == heads.length) {
            heads = Arrays.copyOf(heads, size * 2);
            rows = Arrays.copyOf(rows, size * 2);
        }
        heads[size] = head;
        rows[size++] = row;
    }

    int size() {
        return size;
    }

    int head(int number) {
        return heads[number];
    }

    /** As {@link Pointers} make them. */
    long row(int number) {
        return rows[number];
    }
}
