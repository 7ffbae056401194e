package io.firn.catalog.parquet;

import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;

/** Small numbers as Parquet packs them: runs of one number, or as many bits for each as the largest needs. */
final class HybridIds {
    private static final int FIRST_BYTES = 1 << 10;
    private static final int MOST_BYTES = 1 << 20;

    private HybridIds() {}

    /** The ids of a data page, with the byte before them that says how many bits they have. */
    static BytesInput encode(int[] ids, int count, int largest) throws IOException {
        int width = BytesUtils.getWidthFromMaxInt(largest);
        try (RunLengthBitPackingHybridEncoder encoder = encoder(width)) {
            for (int i = 0; i < count; i++) {
                encoder.writeInt(ids[i]);
            }
            return BytesInput.concat(BytesInput.from(new byte[] {(byte) width}), BytesInput.copy(encoder.toBytes()));
        }
    }

    /** Levels of a page. */
    static BytesInput encode(byte[] levels, int count, int width) throws IOException {
        try (RunLengthBitPackingHybridEncoder encoder = encoder(width)) {
            for (int i = 0; i < count; i++) {
                encoder.writeInt(levels[i]);
            }
            return BytesInput.copy(encoder.toBytes());
        }
    }

    private static RunLengthBitPackingHybridEncoder encoder(int width) {
        return new RunLengthBitPackingHybridEncoder(
                width, FIRST_BYTES, MOST_BYTES, HeapByteBufferAllocator.getInstance());
    }
}
