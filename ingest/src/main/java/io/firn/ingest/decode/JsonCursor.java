package io.firn.ingest.decode;

import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A strict reader of RFC 8259 JSON over bytes. It makes no strings: text is a {@link Slice} of the record or, where it
 * was escaped, of the row's scratch. UTF-8 is validated, raw control characters and lone surrogates are refused.
 */
final class JsonCursor {
    /** Deeper than any schema that people write, shallow enough for any thread's stack. */
    static final int MAX_DEPTH = 64;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH = 0x8080_8080_8080_8080L;

    /** Of a value that is quoted: enough to find it, and no whole document. */
    private static final int MAX_SHOWN = 48;

    private static final String HIDDEN = "the value";

    private final JsonEscapes escapes;
    private final DecodeSettings.Values values;
    private byte[] bytes = new byte[0];
    private int base;
    private int position;
    private int end;
    private int depth;

    /** @param values whether messages quote the record */
    JsonCursor(Row row, DecodeSettings.Values values) {
        this.escapes = new JsonEscapes(row);
        this.values = values;
    }

    void start(byte[] record, int start, int length) {
        bytes = record;
        base = start;
        position = start;
        end = start + length;
        depth = 0;
    }

    byte[] bytes() {
        return bytes;
    }

    int position() {
        return position;
    }

    int end() {
        return end;
    }

    void moveTo(int newPosition) {
        position = newPosition;
    }

    /** The next byte that is not white space, without taking it; 0 at the end. */
    byte peek() {
        byte[] b = bytes;
        int p = position;
        while (p < end) {
            byte c = b[p];
            if (c > ' ') {
                position = p;
                return c;
            }
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                break;
            }
            p++;
        }
        position = p;
        return p < end ? b[p] : 0;
    }

    /** Takes the byte that {@link #peek} returned. */
    void take() {
        position++;
    }

    void expect(char wanted) {
        if (peek() != wanted) {
            throw unexpected("'" + wanted + "'");
        }
        position++;
    }

    /** Takes the opening brace or bracket that {@link #peek} returned. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw bad("nested deeper than " + MAX_DEPTH + " levels", position);
        }
        position++;
    }

    /**
     * Goes on after an element.
     *
     * @return whether another one follows; if not, the closing byte was taken
     */
    boolean another(char close) {
        byte c = peek();
        if (c == ',') {
            position++;
            return true;
        }
        if (c == close) {
            position++;
            depth--;
            return false;
        }
        throw unexpected("',' or '" + close + "'");
    }

    /** Takes the closing byte if the object or array just entered is empty. */
    boolean isEmpty(char close) {
        if (peek() == close) {
            position++;
            depth--;
            return true;
        }
        return false;
    }

    /** Takes this quoted name if exactly its bytes come next. */
    boolean takeName(byte[] quotedName) {
        int to = position + quotedName.length;
        if (to <= end && isHere(quotedName)) {
            position = to;
            return true;
        }
        return false;
    }

    /** Eight bytes at a time: a library's loop does not pay for names. */
    private boolean isHere(byte[] name) {
        byte[] b = bytes;
        int p = position;
        int last8 = name.length - Long.BYTES;
        if (last8 < 0) {
            return Arrays.equals(b, p, p + name.length, name, 0, name.length);
        }
        for (int i = 0; i < last8; i += Long.BYTES) {
            if ((long) LONGS.get(b, p + i) != (long) LONGS.get(name, i)) {
                return false;
            }
        }
        return (long) LONGS.get(b, p + last8) == (long) LONGS.get(name, last8);
    }

    /** Takes a string and returns where its text is. */
    long string() {
        if (peek() != '"') {
            throw unexpected("a string");
        }
        byte[] b = bytes;
        int from = position + 1;
        int p = from;
        while (true) {
            p = plainText(b, p, end);
            if (p >= end) {
                throw bad("the string has no end", position);
            }
            byte c = b[p];
            if (c == '"') {
                position = p + 1;
                return Slice.ofRecord(from, p - from);
            }
            if (c == '\\') {
                long text = escapes.unescape(this, from, p);
                position = escapes.position();
                return text;
            }
            if (c >= 0) {
                throw bad("a control character must be escaped in a string", p);
            }
            p = Utf8.next(this, b, p, end);
        }
    }

    /** Index of the next byte that is a quote, a backslash, a control character or not ASCII. */
    static int plainText(byte[] b, int from, int end) {
        int p = from;
        while (p + Long.BYTES <= end) {
            long word = (long) LONGS.get(b, p);
            long quote = word ^ (ONES * '"');
            long backslash = word ^ (ONES * '\\');
            long stop = (((quote - ONES) & ~quote)
                            | ((backslash - ONES) & ~backslash)
                            | ((word - ONES * ' ') & ~word)
                            | word)
                    & HIGH;
            if (stop != 0) {
                // The lowest mark is exact: borrows only spread upwards.
                return p + (Long.numberOfTrailingZeros(stop) >>> 3);
            }
            p += Long.BYTES;
        }
        while (p < end && b[p] >= ' ' && b[p] != '"' && b[p] != '\\') {
            p++;
        }
        return p;
    }

    /** Takes {@code true} or {@code false}. */
    boolean bool() {
        boolean value = peek() == 't';
        literal(value ? "true" : "false");
        return value;
    }

    void nullLiteral() {
        literal("null");
    }

    /** Checks and takes a value of any kind. */
    void skip(NumberText number) {
        switch (peek()) {
            case '{' -> {
                enter();
                if (!isEmpty('}')) {
                    do {
                        string();
                        expect(':');
                        skip(number);
                    } while (another('}'));
                }
            }
            case '[' -> {
                enter();
                if (!isEmpty(']')) {
                    do {
                        skip(number);
                    } while (another(']'));
                }
            }
            case '"' -> string();
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            default -> number.read(this);
        }
    }

    /** Checks that nothing but white space is left. */
    void finish() {
        peek();
        if (position < end) {
            throw bad("there is more after the record's end", position);
        }
    }

    BadRecordException unexpected(String wanted) {
        if (position >= end) {
            return bad("the record ends where " + wanted + " is expected", position);
        }
        return bad("expected " + wanted + ", found " + describe(bytes[position]), position);
    }

    /** Returns a text of the record for a message, cut where it is long; without it if values are hidden. */
    String quote(Row of, long slice) {
        if (values == DecodeSettings.Values.HIDDEN) {
            return HIDDEN;
        }
        int shown = Math.min(Slice.length(slice), MAX_SHOWN);
        String text = new String(of.bytes(slice), Slice.start(slice), shown, StandardCharsets.UTF_8);
        return '"' + text + (shown < Slice.length(slice) ? "…\"" : "\"");
    }

    /** Returns a number of the record for a message; without it if values are hidden. */
    String show(NumberText number) {
        return values == DecodeSettings.Values.HIDDEN ? HIDDEN : number.toString();
    }

    BadRecordException bad(String reason, int at) {
        return new BadRecordException(reason, at - base);
    }

    /** What kind of value comes next, for messages. */
    String kind() {
        return switch (peek()) {
            case '{' -> "an object";
            case '[' -> "an array";
            case '"' -> "a string";
            case 't', 'f' -> "a boolean";
            case 'n' -> "null";
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> "a number";
            default -> position >= end ? "the end of the record" : describe(bytes[position]);
        };
    }

    private void literal(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (position + i >= end || bytes[position + i] != word.charAt(i)) {
                throw bad("not a JSON value", position);
            }
        }
        position += word.length();
    }

    private static String describe(byte c) {
        return c > ' ' && c < 0x7f ? "'" + (char) c + "'" : String.format("byte 0x%02x", c);
    }
}
