package io.firn.compaction.parquet;

/** Reads Parquet's mixture of run-length and bit-packed integers. */
final class HybridRuns {
    private HybridRuns() {}

    /** Fills the array with the first {@code count} integers of that many bits each. */
    static void decode(byte[] bytes, int from, int to, int bits, int count, int[] into) throws NotCopyableException {
        if (bits == 0) {
            java.util.Arrays.fill(into, 0, count, 0);
            return;
        }
        int at = from;
        int done = 0;
        while (done < count) {
            int header = 0;
            int shift = 0;
            int each;
            do {
                require(at < to);
                each = bytes[at++];
                header |= (each & 0x7f) << shift;
                shift += 7;
            } while (each < 0);
            int left = count - done;
            if ((header & 1) == 0) {
                int run = Math.min(left, header >>> 1);
                int width = (bits + 7) / 8;
                require(at + width <= to);
                int value = 0;
                for (int part = 0; part < width; part++) {
                    value |= (bytes[at++] & 0xff) << (8 * part);
                }
                java.util.Arrays.fill(into, done, done + run, value);
                done += run;
            } else {
                int groups = header >>> 1;
                int run = (int) Math.min(left, 8L * groups);
                // The last group of a page may be cut short.
                require((long) at * 8 + (long) run * bits <= (long) to * 8);
                unpack(bytes, at, bits, run, into, done);
                done += run;
                at = (int) Math.min(to, at + (long) groups * bits);
            }
        }
    }

    private static void unpack(byte[] bytes, int from, int bits, int count, int[] into, int start) {
        long mask = (1L << bits) - 1;
        long buffer = 0;
        int held = 0;
        int at = from;
        for (int value = 0; value < count; value++) {
            while (held < bits) {
                buffer |= (bytes[at++] & 0xffL) << held;
                held += 8;
            }
            into[start + value] = (int) (buffer & mask);
            buffer >>>= bits;
            held -= bits;
        }
    }

    private static void require(boolean inBounds) throws NotCopyableException {
        if (!inBounds) {
            throw new NotCopyableException("a page that ends too early");
        }
    }
}
