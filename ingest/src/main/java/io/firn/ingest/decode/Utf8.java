package io.firn.ingest.decode;

/** Validates UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
final class Utf8 {
    private Utf8() {}

    /** Index after the character of several bytes that starts here. */
    static int next(JsonCursor in, byte[] b, int at, int end) {
        int first = b[at] & 0xff;
        int length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (first < 0xc2 || first > 0xf4 || at + length > end) {
            throw in.bad("not UTF-8", at);
        }
        int second = b[at + 1] & 0xff;
        int low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        int high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (second < low || second > high) {
            throw in.bad("not UTF-8", at);
        }
        for (int i = 2; i < length; i++) {
            if ((b[at + i] & 0xc0) != 0x80) {
                throw in.bad("not UTF-8", at);
            }
        }
        return at + length;
    }

    /** Writes a code point and returns the index after it. */
    static int write(byte[] to, int start, int codePoint) {
        int at = start;
        if (codePoint < 0x80) {
            to[at++] = (byte) codePoint;
        } else if (codePoint < 0x800) {
            to[at++] = (byte) (0xc0 | codePoint >> 6);
            to[at++] = (byte) (0x80 | codePoint & 0x3f);
        } else if (codePoint < 0x10000) {
            to[at++] = (byte) (0xe0 | codePoint >> 12);
            to[at++] = (byte) (0x80 | codePoint >> 6 & 0x3f);
            to[at++] = (byte) (0x80 | codePoint & 0x3f);
        } else {
            to[at++] = (byte) (0xf0 | codePoint >> 18);
            to[at++] = (byte) (0x80 | codePoint >> 12 & 0x3f);
            to[at++] = (byte) (0x80 | codePoint >> 6 & 0x3f);
            to[at++] = (byte) (0x80 | codePoint & 0x3f);
        }
        return at;
    }
}
