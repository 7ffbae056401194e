package io.firn.ingest.decode;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/**
 * A JSON number, kept exact: up to 18 digits as a long and a power of ten, longer ones as their text. What it is asked
 * for it gives exactly or says why not; only {@link #toDouble} and {@link #toFloat} take the nearest value, as IEEE 754
 * has it.
 */
final class NumberText {
    /** Why a number has no exact value as asked. */
    enum Fit {
        EXACT,
        TOO_PRECISE,
        OUT_OF_RANGE
    }

    /** Longer numbers are refused: big-number arithmetic is quadratic, and nobody means them. */
    private static final int MAX_LENGTH = 1000;

    private static final int LONG_DIGITS = 18;
    private static final int MAX_EXPONENT = 1_000_000;
    private static final long[] TENS = new long[LONG_DIGITS + 1];
    private static final double[] DOUBLE_TENS = new double[23];
    private static final float[] FLOAT_TENS = new float[11];

    static {
        TENS[0] = 1;
        DOUBLE_TENS[0] = 1;
        FLOAT_TENS[0] = 1;
        for (int i = 1; i < TENS.length; i++) {
            TENS[i] = TENS[i - 1] * 10;
        }
        for (int i = 1; i < DOUBLE_TENS.length; i++) {
            DOUBLE_TENS[i] = DOUBLE_TENS[i - 1] * 10;
        }
        for (int i = 1; i < FLOAT_TENS.length; i++) {
            FLOAT_TENS[i] = FLOAT_TENS[i - 1] * 10;
        }
    }

    private byte[] text = new byte[0];
    private int start;
    private int end;
    private boolean negative;
    private int digits;
    private long magnitude;
    private int exponent;
    private Fit fit = Fit.EXACT;

    /** Takes the number that comes next. */
    void read(JsonCursor in) {
        byte first = in.peek();
        if (first != '-' && (first < '0' || first > '9')) {
            throw in.unexpected("a value");
        }
        int from = in.position();
        int after = scan(in.bytes(), from, in.end());
        if (after < 0) {
            throw in.bad("not a JSON number", -after - 1);
        }
        if (after - from > MAX_LENGTH) {
            throw in.bad("a number of more than " + MAX_LENGTH + " characters", from);
        }
        in.moveTo(after);
    }

    /** Whether all these bytes are one JSON number. */
    boolean readAll(byte[] b, int from, int length) {
        return length <= MAX_LENGTH && scan(b, from, from + length) == from + length;
    }

    Fit fit() {
        return fit;
    }

    /** The number as written, cut where it is long. */
    @Override
    public String toString() {
        int shown = Math.min(end - start, 48);
        return new String(text, start, shown, StandardCharsets.US_ASCII) + (shown < end - start ? "…" : "");
    }

    /** The number times ten to the power of {@code scale}; its value only where {@link #fit} is EXACT. */
    long scaled(int scale) {
        fit = Fit.EXACT;
        if (digits > LONG_DIGITS) {
            return scaledSlowly(scale);
        }
        long value = magnitude;
        int power = exponent + scale;
        if (value == 0 || power == 0) {
            return negative ? -value : value;
        }
        if (power < 0) {
            long divisor = power < -LONG_DIGITS ? 0 : TENS[-power];
            if (divisor == 0 || value % divisor != 0) {
                fit = Fit.TOO_PRECISE;
                return 0;
            }
            value /= divisor;
        } else {
            if (power > LONG_DIGITS || Math.multiplyHigh(value, TENS[power]) != 0 || value * TENS[power] < 0) {
                // Long.MIN_VALUE alone may still fit; it has 19 digits or trailing zeros.
                return scaledSlowly(scale);
            }
            value *= TENS[power];
        }
        return negative ? -value : value;
    }

    /** As {@link #scaled} for more digits than a long has. */
    BigInteger scaledBig(int scale, int maxDigits) {
        fit = Fit.EXACT;
        BigDecimal value = big().stripTrailingZeros();
        if (value.signum() == 0) {
            return BigInteger.ZERO;
        }
        if (value.scale() > scale) {
            fit = Fit.TOO_PRECISE;
            return BigInteger.ZERO;
        }
        if ((long) value.precision() - value.scale() + scale > maxDigits) {
            fit = Fit.OUT_OF_RANGE;
            return BigInteger.ZERO;
        }
        return value.setScale(scale).unscaledValue();
    }

    /** The nearest double; OUT_OF_RANGE where that is infinite, TOO_PRECISE where it is zero and the number is not. */
    double toDouble() {
        fit = Fit.EXACT;
        if (digits <= LONG_DIGITS && magnitude <= 1L << 53 && exponent >= -22 && exponent <= 22) {
            // Both operands are exact, so the one operation rounds correctly (Clinger's fast path).
            double value = magnitude;
            value = exponent < 0 ? value / DOUBLE_TENS[-exponent] : value * DOUBLE_TENS[exponent];
            return negative ? -value : value;
        }
        double value = Double.parseDouble(asciiText());
        checkNearest(Double.isInfinite(value), value == 0);
        return value;
    }

    /** As {@link #toDouble} for float; rounds once, not through double. */
    float toFloat() {
        fit = Fit.EXACT;
        if (digits <= LONG_DIGITS && magnitude <= 1L << 24 && exponent >= -10 && exponent <= 10) {
            float value = magnitude;
            value = exponent < 0 ? value / FLOAT_TENS[-exponent] : value * FLOAT_TENS[exponent];
            return negative ? -value : value;
        }
        float value = Float.parseFloat(asciiText());
        checkNearest(Float.isInfinite(value), value == 0);
        return value;
    }

    private void checkNearest(boolean infinite, boolean zero) {
        if (infinite) {
            fit = Fit.OUT_OF_RANGE;
        } else if (zero && big().signum() != 0) {
            fit = Fit.TOO_PRECISE;
        }
    }

    private long scaledSlowly(int scale) {
        BigInteger value = scaledBig(scale, LONG_DIGITS + 1);
        if (value.bitLength() > 63) {
            fit = Fit.OUT_OF_RANGE;
        }
        return value.longValue();
    }

    private String asciiText() {
        return new String(text, start, end - start, StandardCharsets.US_ASCII);
    }

    private BigDecimal big() {
        if (digits <= LONG_DIGITS) {
            return BigDecimal.valueOf(negative ? -magnitude : magnitude, -exponent);
        }
        StringBuilder all = new StringBuilder(end - start);
        int fraction = 0;
        boolean afterPoint = false;
        for (int p = start; p < end && (text[p] | 0x20) != 'e'; p++) {
            if (text[p] == '.') {
                afterPoint = true;
            } else {
                all.append((char) text[p]);
                fraction += afterPoint ? 1 : 0;
            }
        }
        return new BigDecimal(new BigInteger(all.toString()), fraction - exponent);
    }

    /** Index after the number; where there is none, minus the index of the fault, minus one. */
    private int scan(byte[] b, int from, int limit) {
        text = b;
        start = from;
        negative = false;
        digits = 0;
        magnitude = 0;
        exponent = 0;
        int p = from;
        if (p < limit && b[p] == '-') {
            negative = true;
            p++;
        }
        int whole = p;
        p = digits(b, p, limit);
        if (p == whole || b[whole] == '0' && p > whole + 1) {
            return -p - 1;
        }
        int fraction = 0;
        if (p < limit && b[p] == '.') {
            int first = p + 1;
            p = digits(b, first, limit);
            fraction = p - first;
            if (fraction == 0) {
                return -p - 1;
            }
        }
        if (p < limit && (b[p] | 0x20) == 'e') {
            p = exponent(b, p + 1, limit);
            if (p < 0) {
                return p;
            }
        }
        if (digits <= LONG_DIGITS) {
            exponent -= fraction;
        }
        end = p;
        return p;
    }

    /** Leading zeros do not count. Past 18 digits the magnitude is garbage, and is not used. */
    private int digits(byte[] b, int from, int limit) {
        int p = from;
        if (digits == 0) {
            while (p < limit && b[p] == '0') {
                p++;
            }
        }
        int first = p;
        long value = magnitude;
        while (p < limit) {
            int digit = b[p] - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            value = value * 10 + digit;
            p++;
        }
        magnitude = value;
        digits += p - first;
        return p;
    }

    private int exponent(byte[] b, int from, int limit) {
        int p = from;
        boolean minus = false;
        if (p < limit && (b[p] == '+' || b[p] == '-')) {
            minus = b[p] == '-';
            p++;
        }
        int first = p;
        int value = 0;
        while (p < limit && b[p] >= '0' && b[p] <= '9') {
            value = Math.min(value * 10 + b[p] - '0', MAX_EXPONENT);
            p++;
        }
        exponent = minus ? -value : value;
        return p == first ? -p - 1 : p;
    }
}
