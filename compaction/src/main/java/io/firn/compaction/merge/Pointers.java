package io.firn.compaction.merge;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Rows of numbered files: a number that stands for one, and sets of them at a bit a row. */
final class Pointers {
    private static final int POSITION_BITS = 40;

    private final Map<Integer, BitSet> files = new HashMap<>();

    private static final int MAX_FILES = 1 << Long.SIZE - POSITION_BITS;

    /** Returns the number; with a higher one, pointers would name the rows of another file. */
    static int requireFile(int number) {
        if (number < 0 || number >= MAX_FILES) {
            throw new IllegalStateException("more than " + MAX_FILES + " files in one merge");
        }
        return number;
    }

    static long of(int file, long position) {
        return (long) file << POSITION_BITS | position;
    }

    static int file(long pointer) {
        return (int) (pointer >>> POSITION_BITS);
    }

    static long position(long pointer) {
        return pointer & (1L << POSITION_BITS) - 1;
    }

    void add(long pointer) {
        files.computeIfAbsent(file(pointer), file -> new BitSet()).set(Math.toIntExact(position(pointer)));
    }

    boolean contains(long pointer) {
        return rows(file(pointer)).get((int) position(pointer));
    }

    /** Positions in that file; not to be changed. */
    BitSet rows(int file) {
        return files.getOrDefault(file, new BitSet());
    }

    boolean isEmpty() {
        return files.isEmpty();
    }

    boolean hasRowsOf(int file) {
        return files.containsKey(file);
    }

    void addAll(Pointers other) {
        other.files.forEach((file, rows) ->
                files.computeIfAbsent(file, each -> new BitSet()).or(rows));
    }
}
