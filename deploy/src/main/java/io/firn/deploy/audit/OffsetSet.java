package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;

/** A set of offsets within one window, a bit each; blocks that hold none take no memory. */
final class OffsetSet {
    private static final int BLOCK_BITS = 1 << 19;

    private final OffsetRange window;
    private final long[][] blocks;
    private long size;

    OffsetSet(OffsetRange window) {
        this.window = window;
        this.blocks = new long[Math.toIntExact((window.end() - window.start() + BLOCK_BITS - 1) / BLOCK_BITS)][0];
    }

    boolean covers(long offset) {
        return offset >= window.start() && offset < window.end();
    }

    /** @return false where it was in the set already */
    boolean add(long offset) {
        int index = Math.toIntExact(offset - window.start());
        int block = index / BLOCK_BITS;
        if (blocks[block].length == 0) {
            blocks[block] = new long[BLOCK_BITS / Long.SIZE];
        }
        int word = index % BLOCK_BITS / Long.SIZE;
        long bit = 1L << (index % Long.SIZE);
        boolean added = (blocks[block][word] & bit) == 0;
        blocks[block][word] |= bit;
        size += added ? 1 : 0;
        return added;
    }

    boolean contains(long offset) {
        int index = Math.toIntExact(offset - window.start());
        long[] block = blocks[index / BLOCK_BITS];
        return block.length > 0 && (block[index % BLOCK_BITS / Long.SIZE] & (1L << (index % Long.SIZE))) != 0;
    }

    /** The offsets of the window that are not in this set. */
    OffsetSet rest() {
        OffsetSet rest = new OffsetSet(window);
        if (size < window.end() - window.start()) {
            for (long offset = window.start(); offset < window.end(); offset++) {
                if (!contains(offset)) {
                    boolean unused = rest.add(offset);
                }
            }
        }
        return rest;
    }

    long size() {
        return size;
    }
}
