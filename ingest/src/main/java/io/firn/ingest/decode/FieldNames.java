package io.firn.ingest.decode;

import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Finds fields by the bytes of their names. Producers write their fields in the same order again and again, so the
 * field that followed last time is tried first; only when that fails is the name hashed.
 */
final class FieldNames {
    static final int UNKNOWN = -1;

    private final byte[][] names;
    private final byte[][] quotedNames;
    private final int[] successors;
    private final int[] slots;

    FieldNames(List<String> fieldNames) {
        int count = fieldNames.size();
        names = new byte[count][];
        quotedNames = new byte[count][];
        successors = new int[count + 1];
        slots = new int[Integer.highestOneBit(Math.max(count, 1)) * 4];
        Arrays.fill(slots, UNKNOWN);
        for (int i = 0; i < count; i++) {
            String name = fieldNames.get(i);
            names[i] = name.getBytes(StandardCharsets.UTF_8);
            quotedNames[i] = quoted(name).getBytes(StandardCharsets.UTF_8);
            successors[i] = i + 1 < count ? i + 1 : 0;
            int slot = hash(names[i], 0, names[i].length) & slots.length - 1;
            while (slots[slot] != UNKNOWN) {
                slot = slot + 1 & slots.length - 1;
            }
            slots[slot] = i;
        }
    }

    int count() {
        return names.length;
    }

    /** What to give as the predecessor of an object's first field. */
    int beforeFirst() {
        return names.length;
    }

    /**
     * Takes the name that comes next.
     *
     * @param predecessor the known field before it
     * @return the field's index, or {@link #UNKNOWN}
     */
    int take(JsonCursor in, Row row, int predecessor) {
        in.peek();
        int guess = successors[predecessor];
        if (names.length > 0 && in.takeName(quotedNames[guess])) {
            return guess;
        }
        int mark = row.scratchSize();
        long name = in.string();
        int index = find(row.bytes(name), Slice.start(name), Slice.length(name));
        row.scratchSize(mark);
        if (index != UNKNOWN) {
            successors[predecessor] = index;
        }
        return index;
    }

    /** The name as it stands in JSON; for one that JSON must escape, bytes that never match: its hash finds it. */
    private static String quoted(String name) {
        boolean plain = name.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\');
        return plain ? '"' + name + '"' : "\0";
    }

    private int find(byte[] b, int start, int length) {
        int slot = hash(b, start, length) & slots.length - 1;
        while (slots[slot] != UNKNOWN) {
            byte[] name = names[slots[slot]];
            if (name.length == length && Arrays.equals(name, 0, length, b, start, start + length)) {
                return slots[slot];
            }
            slot = slot + 1 & slots.length - 1;
        }
        return UNKNOWN;
    }

    private static int hash(byte[] b, int start, int length) {
        int hash = length;
        for (int i = start; i < start + length; i++) {
            hash = hash * 31 + b[i];
        }
        return hash ^ hash >>> 15;
    }
}
