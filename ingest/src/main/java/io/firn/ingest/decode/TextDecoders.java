package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import java.util.Arrays;
import java.util.Base64;

/** Decoders of string, uuid, binary and fixed. */
final class TextDecoders {
    private TextDecoders() {}

    /** JSON strings alone: a number or an object in a string column is refused, not printed. */
    static final class OfString extends LeafDecoder {
        OfString(Place place, ColumnEntries column) {
            super(place, column);
        }

        @Override
        long bits(JsonCursor in, Row row) {
            return text(in, "a string");
        }
    }

    /** The 36 characters of RFC 9562, hex digits in either case. */
    static final class OfUuid extends LeafDecoder {
        private static final int TEXT_LENGTH = 36;

        OfUuid(Place place, ColumnEntries column) {
            super(place, column);
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = in.position();
            long text = text(in, "a string that holds a UUID");
            int start = row.scratchSize();
            byte[] to = row.scratch(16);
            if (!parse(row.bytes(text), Slice.start(text), Slice.length(text), to, start)) {
                throw bad(in, in.quote(row, text) + " is not a UUID", at);
            }
            row.scratchSize(start + 16);
            return Slice.ofScratch(start, 16);
        }

        private static boolean parse(byte[] b, int start, int length, byte[] to, int toStart) {
            if (length != TEXT_LENGTH) {
                return false;
            }
            int out = toStart;
            int p = start;
            while (p < start + TEXT_LENGTH) {
                int in = p - start;
                if (in == 8 || in == 13 || in == 18 || in == 23) {
                    if (b[p++] != '-') {
                        return false;
                    }
                }
                int high = Character.digit(b[p], 16);
                int low = Character.digit(b[p + 1], 16);
                if (high < 0 || low < 0) {
                    return false;
                }
                to[out++] = (byte) (high << 4 | low);
                p += 2;
            }
            return true;
        }
    }

    /** Base64 as RFC 4648 has it in section 4, padding optional. */
    static final class OfBinary extends LeafDecoder {
        private final int fixedLength;

        /** @param fixedLength bytes a value must have, -1 for any number */
        OfBinary(Place place, ColumnEntries column, int fixedLength) {
            super(place, column);
            this.fixedLength = fixedLength;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = in.position();
            long text = text(in, "a string that holds base64");
            int from = Slice.start(text);
            byte[] value;
            try {
                value = Base64.getDecoder()
                        .decode(Arrays.copyOfRange(row.bytes(text), from, from + Slice.length(text)));
            } catch (IllegalArgumentException e) {
                throw bad(in, "not base64: " + e.getMessage(), at);
            }
            if (fixedLength >= 0 && value.length != fixedLength) {
                throw bad(in, value.length + " bytes where fixed(" + fixedLength + ") takes " + fixedLength, at);
            }
            return row.keep(value, 0, value.length);
        }
    }
}
