package io.firn.ingest.decode;

import io.firn.ingest.record.ColumnEntries;
import io.firn.ingest.record.Row;
import io.firn.ingest.record.Slice;
import java.math.BigInteger;

/** Decoders of boolean, int, long, float, double and decimal. */
final class NumberDecoders {
    private NumberDecoders() {}

    /** JSON true and false. */
    static final class OfBoolean extends LeafDecoder {
        OfBoolean(Place place, ColumnEntries column) {
            super(place, column);
        }

        @Override
        long bits(JsonCursor in, Row row) {
            byte c = in.peek();
            if (c != 't' && c != 'f') {
                throw wrongKind(in, "true or false");
            }
            return in.bool() ? 1 : 0;
        }
    }

    /** JSON numbers that are whole: 7, 7.0 and 70e-1 are the same number. */
    static final class OfInteger extends LeafDecoder {
        private final NumberText number;
        private final long min;
        private final long max;
        private final String typeName;

        OfInteger(Place place, ColumnEntries column, NumberText number, boolean fourBytes) {
            super(place, column);
            this.number = number;
            this.min = fourBytes ? Integer.MIN_VALUE : Long.MIN_VALUE;
            this.max = fourBytes ? Integer.MAX_VALUE : Long.MAX_VALUE;
            this.typeName = fourBytes ? "int" : "long";
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = number(in, number, "a number");
            long value = number.scaled(0);
            if (number.fit() == NumberText.Fit.TOO_PRECISE) {
                throw bad(in, in.show(number) + " is not a whole number", at);
            }
            if (number.fit() == NumberText.Fit.OUT_OF_RANGE || value < min || value > max) {
                throw bad(in, in.show(number) + " does not fit into " + typeName, at);
            }
            return value;
        }
    }

    /** JSON numbers, to the nearest float or double; what would become infinite or zero is refused. */
    static final class OfFloating extends LeafDecoder {
        private final NumberText number;
        private final boolean fourBytes;

        OfFloating(Place place, ColumnEntries column, NumberText number, boolean fourBytes) {
            super(place, column);
            this.number = number;
            this.fourBytes = fourBytes;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = number(in, number, "a number");
            long bits = fourBytes
                    ? Float.floatToRawIntBits(number.toFloat())
                    : Double.doubleToRawLongBits(number.toDouble());
            if (number.fit() != NumberText.Fit.EXACT) {
                String why = number.fit() == NumberText.Fit.OUT_OF_RANGE ? " is too large for " : " is too small for ";
                throw bad(in, in.show(number) + why + (fourBytes ? "float" : "double"), at);
            }
            return bits;
        }
    }

    /** JSON numbers, or strings that hold one; exact. */
    static final class OfDecimal extends LeafDecoder {
        private static final int LONG_PRECISION = 18;

        private final NumberText number;
        private final int precision;
        private final int scale;
        private final int fixedLength;
        private final long limit;

        /** @param fixedLength bytes of the column's fixed-length values; 0 where it keeps an int or long */
        OfDecimal(Place place, ColumnEntries column, NumberText number, int precision, int scale, int fixedLength) {
            super(place, column);
            this.number = number;
            this.precision = precision;
            this.scale = scale;
            this.fixedLength = fixedLength;
            this.limit =
                    precision <= LONG_PRECISION ? BigInteger.TEN.pow(precision).longValueExact() : Long.MAX_VALUE;
        }

        @Override
        long bits(JsonCursor in, Row row) {
            int at = read(in, row);
            if (fixedLength > 0) {
                BigInteger value = number.scaledBig(scale, precision);
                checkFit(in, at);
                return fixed(row, value);
            }
            long value = number.scaled(scale);
            checkFit(in, at);
            if (value >= limit || value <= -limit) {
                throw tooLarge(in, at);
            }
            return value;
        }

        private int read(JsonCursor in, Row row) {
            if (in.peek() != '"') {
                return number(in, number, "a number, or a string that holds one");
            }
            int at = in.position();
            long text = in.string();
            if (!number.readAll(row.bytes(text), Slice.start(text), Slice.length(text))) {
                throw bad(in, in.quote(row, text) + " is not a number", at);
            }
            return at;
        }

        private void checkFit(JsonCursor in, int at) {
            switch (number.fit()) {
                case EXACT -> {}
                case TOO_PRECISE ->
                    throw bad(in, in.show(number) + " has more than " + scale + " digits after the point", at);
                case OUT_OF_RANGE -> throw tooLarge(in, at);
            }
        }

        private RuntimeException tooLarge(JsonCursor in, int at) {
            return bad(in, in.show(number) + " is too large for decimal(" + precision + ", " + scale + ")", at);
        }

        private long fixed(Row row, BigInteger value) {
            byte[] big = value.toByteArray();
            int start = row.scratchSize();
            byte[] to = row.scratch(fixedLength);
            int padding = fixedLength - big.length;
            byte sign = (byte) (value.signum() < 0 ? -1 : 0);
            for (int i = 0; i < padding; i++) {
                to[start + i] = sign;
            }
            System.arraycopy(big, 0, to, start + padding, big.length);
            row.scratchSize(start + fixedLength);
            return Slice.ofScratch(start, fixedLength);
        }
    }
}
