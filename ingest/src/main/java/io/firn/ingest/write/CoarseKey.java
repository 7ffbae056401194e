package io.firn.ingest.write;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Bytes as a map's key; one that is in a map is not changed any more. */
final class CoarseKey {
    private byte[] bytes;
    private int size;

    CoarseKey() {
        this(new byte[64], 0);
    }

    private CoarseKey(byte[] bytes, int size) {
        this.bytes = bytes;
        this.size = size;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    void add(byte value) {
        room(1);
        bytes[size++] = value;
    }

    void addLong(long value) {
        room(Long.BYTES);
        for (int i = 0; i < Long.BYTES; i++) {
            bytes[size++] = (byte) (value >>> 8 * i);
        }
    }

    void addAll(byte[] from, int start, int length) {
        room(length);
        System.arraycopy(from, start, bytes, size, length);
        size += length;
    }

    CoarseKey copy() {
        return new CoarseKey(Arrays.copyOf(bytes, size), size);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CoarseKey key && Arrays.equals(bytes, 0, size, key.bytes, 0, key.size);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < size; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash;
    }

    private void room(int extra) {
        if (size + extra > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + extra, bytes.length * 2));
        }
    }
}
