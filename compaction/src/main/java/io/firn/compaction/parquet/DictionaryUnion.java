package io.firn.compaction.parquet;

import java.util.Arrays;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * One dictionary made of several: every distinct entry once, in the order in which they came. Entries are compared as
 * bytes, in plain encoding.
 */
final class DictionaryUnion {
    private static final int FIRST_SLOTS = 1 << 8;

    private final PrimitiveTypeName type;
    private final int width;
    private final int mostBytes;
    private byte[] entries = new byte[1 << 10];
    private int end;
    private int[] starts = new int[64];
    private int size;
    /** Position of an entry plus one, 0 for none. */
    private int[] slots = new int[FIRST_SLOTS];

    /**
     * @param width bytes of an entry where all have as many, else 0
     * @param mostBytes larger than that a dictionary is of no use to a reader
     */
    DictionaryUnion(PrimitiveTypeName type, int width, int mostBytes) {
        this.type = type;
        this.width = width;
        this.mostBytes = mostBytes;
    }

    /** Bytes of an entry in plain encoding; 0 where each says how many it has. */
    static int width(PrimitiveTypeName type, int fixedLength) throws NotCopyableException {
        return switch (type) {
            case INT32, FLOAT -> 4;
            case INT64, DOUBLE -> 8;
            case INT96 -> 12;
            case FIXED_LEN_BYTE_ARRAY -> fixedLength;
            case BINARY -> 0;
            case BOOLEAN -> throw new NotCopyableException("a dictionary of booleans");
        };
    }

    int size() {
        return size;
    }

    /** Its page, not compressed. */
    byte[] page() {
        return Arrays.copyOf(entries, end);
    }

    /** Where each entry of a dictionary page begins, and at last where the page ends. */
    int[] split(byte[] page, int count) throws NotCopyableException {
        int[] bounds = new int[count + 1];
        int at = 0;
        for (int entry = 0; entry < count; entry++) {
            bounds[entry] = at;
            at += width > 0 ? width : 4 + littleEndian(page, at);
        }
        bounds[count] = at;
        if (at > page.length) {
            throw new NotCopyableException("a dictionary page of " + type + " that ends too early");
        }
        return bounds;
    }

    /**
     * Takes the entries in, all or, where it would grow too large, none.
     *
     * @return for each entry its id here; empty array where none was taken though there are some
     */
    int[] add(byte[] page, int[] bounds) {
        int count = bounds.length - 1;
        int[] ids = new int[count];
        int sizeBefore = size;
        int endBefore = end;
        for (int entry = 0; entry < count; entry++) {
            ids[entry] = idOf(page, bounds[entry], bounds[entry + 1]);
            if (end > mostBytes && sizeBefore > 0) {
                takeBack(sizeBefore, endBefore);
                return new int[0];
            }
        }
        return ids;
    }

    private int idOf(byte[] page, int from, int to) {
        int mask = slots.length - 1;
        int slot = hash(page, from, to) & mask;
        while (slots[slot] != 0) {
            int known = slots[slot] - 1;
            if (Arrays.equals(entries, starts[known], endOf(known), page, from, to)) {
                return known;
            }
            slot = (slot + 1) & mask;
        }
        if (end + to - from > entries.length) {
            entries = Arrays.copyOf(entries, Math.max(2 * entries.length, end + to - from));
        }
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, 2 * size);
        }
        System.arraycopy(page, from, entries, end, to - from);
        starts[size] = end;
        end += to - from;
        slots[slot] = size + 1;
        size++;
        if (2 * size > slots.length) {
            rehash(2 * slots.length);
        }
        return size - 1;
    }

    private void takeBack(int sizeBefore, int endBefore) {
        size = sizeBefore;
        end = endBefore;
        rehash(slots.length);
    }

    private void rehash(int length) {
        slots = new int[length];
        int mask = length - 1;
        for (int entry = 0; entry < size; entry++) {
            int slot = hash(entries, starts[entry], endOf(entry)) & mask;
            while (slots[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            slots[slot] = entry + 1;
        }
    }

    private int endOf(int entry) {
        return entry + 1 < size ? starts[entry + 1] : end;
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = 0x811c9dc5;
        for (int at = from; at < to; at++) {
            hash = (hash ^ bytes[at]) * 0x01000193;
        }
        return hash ^ (hash >>> 15);
    }

    static int littleEndian(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }
}
