package io.firn.compaction.fold;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The bytes of one key, reused from row to row. Two keys are equal exactly if their bytes are; whoever writes them has
 * to see to that. Not safe for use by several threads.
 */
public final class KeyBuffer {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long SEED = 0x9E3779B97F4A7C15L;
    private static final long FACTOR = 0xD6E8FEB86659FD93L;

    private byte[] bytes = new byte[64];
    private int length;

    /** Empties the buffer. */
    public void clear() {
        length = 0;
    }

    public byte[] bytes() {
        return bytes;
    }

    public int length() {
        return length;
    }

    public void putByte(int value) {
        reserve(1);
        bytes[length++] = (byte) value;
    }

    /** Eight bytes, the lowest first. */
    public void putLong(long value) {
        reserve(Long.BYTES);
        LONGS.set(bytes, length, value);
        length += Long.BYTES;
    }

    /** Length first, so that the columns of a composite key cannot run into each other. */
    public void putSized(byte[] value, int start, int count) {
        putCount(count);
        reserve(count);
        System.arraycopy(value, start, bytes, length, count);
        length += count;
    }

    /** Takes bytes that another buffer wrote. */
    public void set(byte[] from, int start, int count) {
        length = 0;
        reserve(count);
        System.arraycopy(from, start, bytes, 0, count);
        length = count;
    }

    /** 64 well mixed bits. */
    public long hash() {
        return hash(bytes, 0, length);
    }

    static long hash(byte[] bytes, int start, int length) {
        long hash = SEED ^ length;
        int at = start;
        int end = start + length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = mix(hash ^ (long) LONGS.get(bytes, at));
        }
        if (at < end) {
            long rest = 0;
            for (; at < end; at++) {
                rest = rest << Byte.SIZE | bytes[at] & 0xFF;
            }
            hash = mix(hash ^ rest);
        }
        return hash;
    }

    private static long mix(long value) {
        long product = value * FACTOR;
        return product ^ product >>> 32 ^ Math.multiplyHigh(value, SEED);
    }

    private void putCount(int count) {
        int rest = count;
        while (rest > 0x7F) {
            putByte(rest | 0x80);
            rest >>>= 7;
        }
        putByte(rest);
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
