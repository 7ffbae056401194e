package io.firn.catalog.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A column chunk's dictionary: values in the order they were first seen, as the dictionary page holds them, and an id
 * for each. Bytes are compared where they lie.
 */
final class ValueIds {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int FIRST_VALUES = 64;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private byte[] entries = new byte[FIRST_VALUES * Long.BYTES];
    private int size;
    private int[] starts = new int[FIRST_VALUES + 1];
    private int[] hashes = new int[FIRST_VALUES];
    private int[] lastPages = new int[FIRST_VALUES];
    private int count;
    private int[] slots = new int[2 * FIRST_VALUES];
    private int mask = slots.length - 1;
    private int last = -1;

    int count() {
        return count;
    }

    /** The values one after the other, plainly encoded, in {@link #size} bytes of it. */
    byte[] entries() {
        return entries;
    }

    int size() {
        return size;
    }

    /** Where a value's plain encoding begins; that of the value after the last is the end. */
    int start(int id) {
        return starts[id];
    }

    long heapBytes() {
        return entries.length
                + (long) Integer.BYTES * (starts.length + hashes.length + lastPages.length + slots.length);
    }

    /** The id of four bytes. */
    int of(int value) {
        if (last >= 0 && (int) INTS.get(entries, starts[last]) == value) {
            return last;
        }
        int hash = hash(value);
        int slot = hash & mask;
        while (slots[slot] != 0) {
            int id = slots[slot] - 1;
            if ((int) INTS.get(entries, starts[id]) == value) {
                last = id;
                return id;
            }
            slot = (slot + 1) & mask;
        }
        INTS.set(room(Integer.BYTES), size, value);
        return added(Integer.BYTES, hash, slot);
    }

    /** The id of eight bytes. */
    int of(long value) {
        if (last >= 0 && (long) LONGS.get(entries, starts[last]) == value) {
            return last;
        }
        int hash = hash(value);
        int slot = hash & mask;
        while (slots[slot] != 0) {
            int id = slots[slot] - 1;
            if ((long) LONGS.get(entries, starts[id]) == value) {
                last = id;
                return id;
            }
            slot = (slot + 1) & mask;
        }
        LONGS.set(room(Long.BYTES), size, value);
        return added(Long.BYTES, hash, slot);
    }

    /** The id of bytes of any length. */
    int of(byte[] bytes, int start, int length) {
        if (last >= 0 && isEntry(last, bytes, start, length)) {
            return last;
        }
        int hash = hash(bytes, start, length);
        int slot = hash & mask;
        while (slots[slot] != 0) {
            int id = slots[slot] - 1;
            if (hashes[id] == hash && isEntry(id, bytes, start, length)) {
                last = id;
                return id;
            }
            slot = (slot + 1) & mask;
        }
        byte[] into = room(Integer.BYTES + length);
        INTS.set(into, size, length);
        System.arraycopy(bytes, start, into, size + Integer.BYTES, length);
        return added(Integer.BYTES + length, hash, slot);
    }

    /** Whether the page that is being filled has not asked about the value before. */
    boolean isFirstIn(int page, int id) {
        if (lastPages[id] == page) {
            return false;
        }
        lastPages[id] = page;
        return true;
    }

    /** Eight bytes at a time: most values are too short for a library's loop to pay. */
    private boolean isEntry(int id, byte[] bytes, int start, int length) {
        int from = starts[id] + Integer.BYTES;
        if (starts[id + 1] - from != length) {
            return false;
        }
        if (length < Long.BYTES) {
            for (int i = 0; i < length; i++) {
                if (entries[from + i] != bytes[start + i]) {
                    return false;
                }
            }
            return true;
        }
        int last8 = length - Long.BYTES;
        for (int i = 0; i < last8; i += Long.BYTES) {
            if ((long) LONGS.get(entries, from + i) != (long) LONGS.get(bytes, start + i)) {
                return false;
            }
        }
        return (long) LONGS.get(entries, from + last8) == (long) LONGS.get(bytes, start + last8);
    }

    private int added(int bytes, int hash, int slot) {
        int id = count++;
        size += bytes;
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
        }
        starts[count] = size;
        if (id == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * id);
            lastPages = Arrays.copyOf(lastPages, 2 * id);
        }
        hashes[id] = hash;
        slots[slot] = count;
        if (2 * count > slots.length) {
            rehash();
        }
        last = id;
        return id;
    }

    private void rehash() {
        slots = new int[2 * slots.length];
        mask = slots.length - 1;
        for (int id = 0; id < count; id++) {
            int slot = hashes[id] & mask;
            while (slots[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            slots[slot] = id + 1;
        }
    }

    private byte[] room(int bytes) {
        int needed = Math.addExact(size, bytes);
        if (needed > entries.length) {
            entries = Arrays.copyOf(entries, Math.max(needed, 2 * entries.length));
        }
        return entries;
    }

    private static int hash(long value) {
        long mixed = value * MIX;
        return (int) (mixed >>> 32) ^ (int) (mixed >>> 52);
    }

    private static int hash(byte[] bytes, int start, int length) {
        long hash = length * MIX;
        int at = start;
        int end = start + length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = (hash ^ (long) LONGS.get(bytes, at)) * MIX;
            hash ^= hash >>> 29;
        }
        for (; at < end; at++) {
            hash = (hash ^ (bytes[at] & 0xff)) * MIX;
        }
        return hash(hash ^ hash >>> 32);
    }
}
