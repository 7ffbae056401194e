package io.firn.catalog.parquet;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.Encoding;

/** Repetition or definition levels of a page, of which nearly all pages have only one. */
final class Levels {
    private final int most;
    private byte[] levels = new byte[0];
    private int count;
    private boolean same = true;

    Levels(int most) {
        this.most = most;
    }

    void add(int level) {
        if (most == 0) {
            return;
        }
        if (count == levels.length) {
            levels = Arrays.copyOf(levels, Math.max(64, 2 * count));
        }
        levels[count] = (byte) level;
        same &= levels[0] == level;
        count++;
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
                ? BytesInput.concat(BytesInput.fromUnsignedVarInt(count << 1), BytesInput.from(new byte[] {levels[0]}))
                : HybridIds.encode(levels, count, BytesUtils.getWidthFromMaxInt(most));
        return BytesInput.concat(BytesInput.fromInt(Math.toIntExact(runs.size())), runs);
    }
}
