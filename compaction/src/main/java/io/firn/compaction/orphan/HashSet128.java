package io.firn.compaction.orphan;

/**
 * A set of texts of which only 128 bits each are kept: 32 bytes an entry in the worst case, whatever the length. Among
 * a billion names the chance that any two look alike is below one in 10^20; and then a file stays that could go.
 */
final class HashSet128 {
    private static final int FIRST_SLOTS = 1 << 10;

    private long[] slots = new long[2 * FIRST_SLOTS];
    private int size;
    private boolean holdsZero;

    int size() {
        return size + (holdsZero ? 1 : 0);
    }

    void add(long high, long low) {
        if (high == 0 && low == 0) {
            holdsZero = true;
            return;
        }
        if (4L * (size + 1) > 3L * (slots.length / 2)) {
            grow();
        }
        if (put(slots, high, low)) {
            size++;
        }
    }

    boolean contains(long high, long low) {
        if (high == 0 && low == 0) {
            return holdsZero;
        }
        int mask = slots.length / 2 - 1;
        for (int slot = (int) low & mask; ; slot = (slot + 1) & mask) {
            long first = slots[2 * slot];
            long second = slots[2 * slot + 1];
            if (first == high && second == low) {
                return true;
            }
            if (first == 0 && second == 0) {
                return false;
            }
        }
    }

    private static boolean put(long[] slots, long high, long low) {
        int mask = slots.length / 2 - 1;
        int slot = (int) low & mask;
        while (slots[2 * slot] != 0 || slots[2 * slot + 1] != 0) {
            if (slots[2 * slot] == high && slots[2 * slot + 1] == low) {
                return false;
            }
            slot = (slot + 1) & mask;
        }
        slots[2 * slot] = high;
        slots[2 * slot + 1] = low;
        return true;
    }

    private void grow() {
        long[] larger = new long[2 * slots.length];
        for (int slot = 0; slot < slots.length; slot += 2) {
            if (slots[slot] != 0 || slots[slot + 1] != 0) {
                put(larger, slots[slot], slots[slot + 1]);
            }
        }
        slots = larger;
    }

    /** Half of the hash of a text; two seeds make the whole. FNV-1a over chars, finished as in SplitMix. */
    static long hash(String text, long seed) {
        long hash = 0xcbf29ce484222325L ^ seed;
        for (int at = 0; at < text.length(); at++) {
            hash = (hash ^ text.charAt(at)) * 0x100000001b3L;
            hash ^= hash >>> 29;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }
}
