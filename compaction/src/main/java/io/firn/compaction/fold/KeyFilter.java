package io.firn.compaction.fold;

/**
 * Says of most keys that are not among some keys that they are not. A table of many keys does not fit a processor's
 * cache, a filter of those that a file can hold does, and most of the keys of a large table are not looked for.
 */
public final class KeyFilter {
    /** Two bits of 64 a key, and room for sixteen: two in a hundred other keys pass. */
    private static final int BITS_PER_KEY = 16;

    private final long[] words;
    private final int shift;
    private boolean isEmpty = true;

    /** @param keys how many are expected; more only let more of the others pass */
    public KeyFilter(int keys) {
        long wanted = Math.max(2, (long) keys * BITS_PER_KEY / Long.SIZE);
        int bits = Math.min(Integer.SIZE - 2, Long.SIZE - Long.numberOfLeadingZeros(wanted - 1));
        this.words = new long[1 << bits];
        this.shift = Long.SIZE - bits;
    }

    /** @param hash of a key, as {@link KeyBuffer#hash} */
    public void add(long hash) {
        words[(int) (hash >>> shift)] |= mask(hash);
        isEmpty = false;
    }

    public boolean mayContain(long hash) {
        long mask = mask(hash);
        return (words[(int) (hash >>> shift)] & mask) == mask;
    }

    public boolean isEmpty() {
        return isEmpty;
    }

    private static long mask(long hash) {
        return 1L << hash | 1L << (hash >>> 6);
    }
}
