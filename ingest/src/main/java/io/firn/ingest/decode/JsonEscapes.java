package io.firn.ingest.decode;

import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;

/** Unescapes the rare string that needs it, into the row's scratch. */
final class JsonEscapes {
    private final Row row;
    private int position;

    JsonEscapes(Row row) {
        this.row = row;
    }

    /** Index after the closing quote of the string last unescaped. */
    int position() {
        return position;
    }

    /**
     * @param from index of the text's first byte
     * @param firstEscape index of its first backslash
     */
    long unescape(JsonCursor in, int from, int firstEscape) {
        byte[] b = in.bytes();
        int end = in.end();
        int start = row.scratchSize();
        append(b, from, firstEscape);
        int p = firstEscape;
        while (true) {
            if (p >= end) {
                throw in.bad("the string has no end", from - 1);
            }
            byte c = b[p];
            if (c == '"') {
                position = p + 1;
                return Slice.ofScratch(start, row.scratchSize() - start);
            }
            if (c == '\\') {
                p = escape(in, b, p, end);
            } else if (c < 0) {
                int next = Utf8.next(in, b, p, end);
                append(b, p, next);
                p = next;
            } else if (c < ' ') {
                throw in.bad("a control character must be escaped in a string", p);
            } else {
                int next = JsonCursor.plainText(b, p, end);
                append(b, p, next);
                p = next;
            }
        }
    }

    private int escape(JsonCursor in, byte[] b, int at, int end) {
        if (at + 1 >= end) {
            throw in.bad("the string has no end", at);
        }
        int codePoint =
                switch (b[at + 1]) {
                    case '"', '\\', '/' -> b[at + 1];
                    case 'b' -> '\b';
                    case 'f' -> '\f';
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    case 't' -> '\t';
                    case 'u' -> hex(in, b, at, end);
                    default -> throw in.bad("not an escape sequence", at);
                };
        int next = b[at + 1] == 'u' ? at + 6 : at + 2;
        if (Character.isSurrogate((char) codePoint)) {
            boolean pair = Character.isHighSurrogate((char) codePoint)
                    && next + 1 < end
                    && b[next] == '\\'
                    && b[next + 1] == 'u';
            int low = pair ? hex(in, b, next, end) : 0;
            if (!Character.isLowSurrogate((char) low)) {
                throw in.bad("half of a surrogate pair is not a character", at);
            }
            codePoint = Character.toCodePoint((char) codePoint, (char) low);
            next += 6;
        }
        row.scratchSize(Utf8.write(row.scratch(4), row.scratchSize(), codePoint));
        return next;
    }

    private static int hex(JsonCursor in, byte[] b, int at, int end) {
        if (at + 6 > end) {
            throw in.bad("not an escape sequence", at);
        }
        int value = 0;
        for (int i = at + 2; i < at + 6; i++) {
            int digit = Character.digit(b[i], 16);
            if (digit < 0) {
                throw in.bad("not an escape sequence", at);
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private void append(byte[] b, int from, int to) {
        row.keep(b, from, to - from);
    }
}
