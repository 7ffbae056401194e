package io.firn.compaction.fold;

import java.util.Arrays;

/**
 * For each key the records that can still win, as compact as the key's bytes and a few numbers.
 *
 * <p><b>The order</b> among the records of one key: the order-by column where there is one (higher wins, null is
 * lowest); then the order timestamp; then topic, partition, offset. The order timestamp of a record is the highest
 * timestamp among the records of its key and version in its own partition, up to and including itself: within a
 * partition the offset decides, even where timestamps go back, and between partitions time does.
 *
 * <p>So of each partition only the last record and the highest timestamp matter, and both can be found in any order: an
 * entry is kept for each partition that the highest version of a key came from, which is one for nearly every key. What
 * an earlier run left as the winner is offered like any other record, with its order timestamp.
 *
 * <p>Open addressing over 32 bits of the keys' hashes; entries lie in chunks, keys in slabs, nothing is copied when it
 * grows but the slots. Not safe for use by several threads.
 */
public final class WinnerTable {
    private static final int SLAB_BITS = 20;
    private static final int SLAB = 1 << SLAB_BITS;
    private static final int FIRST_SLOTS = 1 << 10;
    private static final int NONE = -1;

    /** Eight bits a slot, 64 bits a word. */
    private static final int FILTER_BITS = 3;

    private static final int FILTER_SHIFT = 6 - FILTER_BITS;

    private static final int DELETES = 1;
    private static final int VERSION_NULL = 2;
    private static final int MATCHED = 4;
    private static final int INHERITED = 8;
    private static final int FLAG_BITS = 4;

    private final Sources sources;
    private final boolean versioned;
    private long[] slots = new long[FIRST_SLOTS];
    private int slotShift = Integer.SIZE - Integer.numberOfTrailingZeros(FIRST_SLOTS);
    /** A bit for eight times as many hashes as there are slots: small enough for a cache where the slots are not. */
    private long[] filter = new long[FIRST_SLOTS >>> FILTER_SHIFT];

    private int keys;
    private int entries;

    private byte[][] slabs = new byte[8][];
    private int slabCount;
    private int slabUsed = SLAB;
    private long slabBytes;

    private final Longs keyAt = new Longs();
    private final Longs offsets = new Longs();
    private final Longs timestamps = new Longs();
    private final Longs versions = new Longs();
    private final Longs pointers = new Longs();
    private final Ints sourceAndFlags = new Ints();
    private final Ints nextOfKey = new Ints();
    private final Ints heads = new Ints();

    /** @param versioned whether an order-by column comes before everything else */
    public WinnerTable(Sources sources, boolean versioned) {
        this.sources = sources;
        this.versioned = versioned;
    }

    /** How many keys there are. */
    public int size() {
        return keys;
    }

    /** Heap that the table holds. */
    public long bytes() {
        return (long) (slots.length + filter.length) * Long.BYTES
                + slabBytes
                + keyAt.bytes()
                + offsets.bytes()
                + timestamps.bytes()
                + versions.bytes()
                + pointers.bytes()
                + sourceAndFlags.bytes()
                + nextOfKey.bytes()
                + heads.bytes();
    }

    /** What {@link #bytes} may come to with one more key, were it to need more slots. */
    public long bytesWhenGrown() {
        boolean full = keys + 1 > slots.length / 2;
        return bytes() + (full ? (long) slots.length * 2 * Long.BYTES : 0);
    }

    /** The head of that key, or -1. A head stays the same as long as the table does. */
    public int find(KeyBuffer key, long hash) {
        int tag = (int) (hash >>> Integer.SIZE);
        int bit = tag >>> slotShift - FILTER_BITS;
        if ((filter[bit >>> 6] & 1L << bit) == 0) {
            return NONE;
        }
        int mask = slots.length - 1;
        for (int slot = tag >>> slotShift; ; slot = slot + 1 & mask) {
            long held = slots[slot];
            if (held == 0) {
                return NONE;
            }
            if ((int) (held >>> Integer.SIZE) == tag) {
                int head = (int) held - 1;
                if (keyEquals(head, key)) {
                    return head;
                }
            }
        }
    }

    /** Takes a record into account; its key gets a head where it has none. Returns the head. */
    public int offer(KeyBuffer key, long hash, Candidate candidate) {
        int head = find(key, hash);
        if (head >= 0) {
            offer(head, candidate);
            return head;
        }
        if (keys + 1 > slots.length / 2) {
            growSlots();
        }
        head = newEntry(putKey(key), candidate);
        heads.set(keys++, head);
        place((int) (hash >>> Integer.SIZE), head);
        return head;
    }

    /** Takes a record of a key that is there into account. */
    public void offer(int head, Candidate candidate) {
        if (versioned) {
            int order = compareVersion(candidate, head);
            if (order < 0) {
                return;
            }
            if (order > 0) {
                write(head, candidate, isMatched(head));
                nextOfKey.set(head, NONE);
                return;
            }
        }
        int last = head;
        for (int entry = head; entry != NONE; entry = nextOfKey.get(entry)) {
            if (source(entry) == candidate.source) {
                combine(entry, candidate);
                return;
            }
            last = entry;
        }
        nextOfKey.set(last, newEntry(keyAt.get(head), candidate));
    }

    /** The head of the key with that number, from 0. */
    public int head(int key) {
        return heads.get(key);
    }

    /** Of the records of a key that were offered, the last one by the order. */
    public int winner(int head) {
        int best = head;
        for (int entry = nextOfKey.get(head); entry != NONE; entry = nextOfKey.get(entry)) {
            int order = Long.compare(timestamps.get(entry), timestamps.get(best));
            if (order > 0 || order == 0 && sources.compare(source(entry), source(best)) > 0) {
                best = entry;
            }
        }
        return best;
    }

    /** The next record of the same key that could still win, or -1; begins with the head. */
    public int next(int entry) {
        return nextOfKey.get(entry);
    }

    public long pointer(int entry) {
        return pointers.get(entry);
    }

    /** The order timestamp of a winner. */
    public long timestamp(int entry) {
        return timestamps.get(entry);
    }

    /** Whether {@link #timestamp} is another one than the record's own. */
    public boolean isInherited(int entry) {
        return (sourceAndFlags.get(entry) & INHERITED) != 0;
    }

    public boolean deletes(int entry) {
        return (sourceAndFlags.get(entry) & DELETES) != 0;
    }

    /** Notes of a key that a table was seen to have a row of it. */
    public void markMatched(int head) {
        sourceAndFlags.set(head, sourceAndFlags.get(head) | MATCHED);
    }

    public boolean isMatched(int head) {
        return (sourceAndFlags.get(head) & MATCHED) != 0;
    }

    /** Copies the key of an entry. */
    public void key(int entry, KeyBuffer into) {
        long at = keyAt.get(entry);
        byte[] slab = slabs[(int) (at >>> SLAB_BITS)];
        int start = (int) at & SLAB - 1;
        into.set(slab, start + Integer.BYTES, keyLength(slab, start));
    }

    /** Copies the record of an entry, its order timestamp in place of its own. */
    public void candidate(int entry, Candidate into) {
        into.source = source(entry);
        into.offset = offsets.get(entry);
        into.timestamp = timestamps.get(entry);
        into.pointer = pointers.get(entry);
        into.deletes = deletes(entry);
        into.inherited = isInherited(entry);
        into.versionNull = (sourceAndFlags.get(entry) & VERSION_NULL) != 0;
        into.version = versioned ? versions.get(entry) : 0;
    }

    private int source(int entry) {
        return sourceAndFlags.get(entry) >>> FLAG_BITS;
    }

    /** Two records of one partition: the later one stays, with the higher timestamp of both. */
    private void combine(int entry, Candidate candidate) {
        long known = offsets.get(entry);
        long before = timestamps.get(entry);
        long timestamp = Math.max(before, candidate.timestamp);
        // The same record again: what a table has already is not written once more.
        boolean replaces =
                candidate.offset > known || candidate.offset == known && candidate.pointer == Candidate.INCUMBENT;
        if (replaces) {
            write(entry, candidate, isMatched(entry));
            before = candidate.timestamp;
        }
        if (timestamp > before) {
            timestamps.set(entry, timestamp);
            sourceAndFlags.set(entry, sourceAndFlags.get(entry) | INHERITED);
        }
    }

    private int compareVersion(Candidate candidate, int entry) {
        boolean nullHere = (sourceAndFlags.get(entry) & VERSION_NULL) != 0;
        if (candidate.versionNull || nullHere) {
            return Boolean.compare(nullHere, candidate.versionNull);
        }
        return Long.compare(candidate.version, versions.get(entry));
    }

    private int newEntry(long key, Candidate candidate) {
        int entry = entries++;
        keyAt.set(entry, key);
        nextOfKey.set(entry, NONE);
        write(entry, candidate, false);
        return entry;
    }

    private void write(int entry, Candidate candidate, boolean matched) {
        offsets.set(entry, candidate.offset);
        timestamps.set(entry, candidate.timestamp);
        pointers.set(entry, candidate.pointer);
        if (versioned) {
            versions.set(entry, candidate.version);
        }
        sourceAndFlags.set(
                entry,
                candidate.source << FLAG_BITS
                        | (candidate.deletes ? DELETES : 0)
                        | (candidate.versionNull ? VERSION_NULL : 0)
                        | (candidate.inherited ? INHERITED : 0)
                        | (matched ? MATCHED : 0));
    }

    private void place(int tag, int head) {
        int mask = slots.length - 1;
        int slot = tag >>> slotShift;
        while (slots[slot] != 0) {
            slot = slot + 1 & mask;
        }
        slots[slot] = (long) tag << Integer.SIZE | head + 1;
        int bit = tag >>> slotShift - FILTER_BITS;
        filter[bit >>> 6] |= 1L << bit;
    }

    private void growSlots() {
        long[] old = slots;
        slots = new long[old.length * 2];
        filter = new long[slots.length >>> FILTER_SHIFT];
        slotShift--;
        for (long held : old) {
            if (held != 0) {
                place((int) (held >>> Integer.SIZE), (int) held - 1);
            }
        }
    }

    private long putKey(KeyBuffer key) {
        int needed = key.length() + Integer.BYTES;
        if (slabUsed + needed > SLAB) {
            if (slabCount == slabs.length) {
                slabs = Arrays.copyOf(slabs, slabs.length * 2);
            }
            byte[] slab = new byte[Math.max(needed, SLAB)];
            slabs[slabCount++] = slab;
            slabBytes += slab.length;
            slabUsed = 0;
        }
        int at = slabUsed;
        byte[] slab = slabs[slabCount - 1];
        int length = key.length();
        for (int i = 0; i < Integer.BYTES; i++) {
            slab[at + i] = (byte) (length >>> i * Byte.SIZE);
        }
        System.arraycopy(key.bytes(), 0, slab, at + Integer.BYTES, length);
        slabUsed += needed;
        return (long) (slabCount - 1) << SLAB_BITS | at;
    }

    private boolean keyEquals(int entry, KeyBuffer key) {
        long at = keyAt.get(entry);
        byte[] slab = slabs[(int) (at >>> SLAB_BITS)];
        int start = (int) at & SLAB - 1;
        int length = keyLength(slab, start);
        int from = start + Integer.BYTES;
        return length == key.length() && Arrays.equals(slab, from, from + length, key.bytes(), 0, length);
    }

    private static int keyLength(byte[] slab, int start) {
        int length = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            length |= (slab[start + i] & 0xFF) << i * Byte.SIZE;
        }
        return length;
    }
}
