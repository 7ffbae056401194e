package io.firn.catalog.parquet;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.Encoding;

/** Repetition or definition levels of a page; while all are the same they are counted and nothing else. */
final class Levels {
    private static final int FIRST = 1 << 10;

    private final int most;
    private byte[] levels = new byte[0];
    private int count;
    private int only;
    private boolean same = true;

    Levels(int most) {
        this.most = most;
    }

    void add(int level) {
        if (most == 0) {
            return;
        }
        if (same && (level == only || count == 0)) {
            only = level;
            count++;
        } else {
            append(level);
        }
    }

    private void append(int level) {
        if (count >= levels.length) {
            levels = Arrays.copyOf(levels, Math.max(FIRST, 2 * count));
        }
        if (same) {
            Arrays.fill(levels, 0, count, (byte) only);
            same = false;
        }
        levels[count++] = (byte) level;
    }

    void clear() {
        count = 0;
        same = true;
    }

    long heapBytes() {
        return levels.length;
    }

    /** What other writers say of levels that are not there. */
    Encoding encoding() {
        return most == 0 ? Encoding.BIT_PACKED : Encoding.RLE;
    }

    /** Their length and themselves; nothing where the column has none. */
    BytesInput encode() throws IOException {
        if (most == 0) {
            return BytesInput.empty();
        }
        BytesInput runs = same
                ? BytesInput.concat(
                        BytesInput.fromUnsignedVarInt(count << 1), BytesInput.from(new byte[] {(byte) only}))
                : HybridIds.encode(levels, count, BytesUtils.getWidthFromMaxInt(most));
        return BytesInput.concat(BytesInput.fromInt(Math.toIntExact(runs.size())), runs);
    }
}
