package io.firn.catalog.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.io.api.Binary;

/** The least and the greatest of many byte strings, most of which their first eight bytes tell from both. */
final class BytesBounds {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final boolean signed;
    private byte[] least = new byte[0];
    private byte[] greatest = new byte[0];
    private long leastStart;
    private long greatestStart;
    private boolean empty = true;

    /** @param signed whether the first bit is a sign, as of a decimal; then all have one length */
    BytesBounds(boolean signed) {
        this.signed = signed;
    }

    void clear() {
        empty = true;
    }

    boolean isEmpty() {
        return empty;
    }

    Binary least() {
        return Binary.fromConstantByteArray(least);
    }

    Binary greatest() {
        return Binary.fromConstantByteArray(greatest);
    }

    void add(byte[] bytes, int start, int length) {
        long first = first(bytes, start, length);
        if (empty) {
            empty = false;
            least = Arrays.copyOfRange(bytes, start, start + length);
            greatest = least;
            leastStart = first;
            greatestStart = first;
        } else if (first <= leastStart && (first < leastStart || isBelow(bytes, start, length, least))) {
            least = Arrays.copyOfRange(bytes, start, start + length);
            leastStart = first;
        } else if (first >= greatestStart && (first > greatestStart || isAbove(bytes, start, length, greatest))) {
            greatest = Arrays.copyOfRange(bytes, start, start + length);
            greatestStart = first;
        }
    }

    private boolean isBelow(byte[] bytes, int start, int length, byte[] other) {
        return compareEqualStarts(bytes, start, length, other) < 0;
    }

    private boolean isAbove(byte[] bytes, int start, int length, byte[] other) {
        return compareEqualStarts(bytes, start, length, other) > 0;
    }

    /** The sign does not matter any more where the first bytes are the same. */
    private static int compareEqualStarts(byte[] bytes, int start, int length, byte[] other) {
        return Arrays.compareUnsigned(bytes, start, start + length, other, 0, other.length);
    }

    /** Eight bytes, with zeros where there are fewer, as a number that compares like them. */
    private long first(byte[] bytes, int start, int length) {
        long first = 0;
        if (length >= Long.BYTES) {
            first = (long) LONGS.get(bytes, start);
        } else {
            for (int i = 0; i < Long.BYTES; i++) {
                first = first << Byte.SIZE | (i < length ? bytes[start + i] & 0xff : 0);
            }
        }
        return signed ? first : first ^ Long.MIN_VALUE;
    }
}
