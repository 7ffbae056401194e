package io.firn.ingest.record;

/** A span of bytes in 64 bits: start, length, and whether it lies in the row's scratch instead of the record. */
public final class Slice {
    private static final long SCRATCH = 0x8000_0000L;
    private static final long LENGTH = 0x7fff_ffffL;

    private Slice() {}

    public static long ofRecord(int start, int length) {
        return (long) start << 32 | length;
    }

    public static long ofScratch(int start, int length) {
        return (long) start << 32 | SCRATCH | length;
    }

    public static int start(long slice) {
        return (int) (slice >> 32);
    }

    public static int length(long slice) {
        return (int) (slice & LENGTH);
    }

    public static boolean inScratch(long slice) {
        return (slice & SCRATCH) != 0;
    }
}
