package io.firn.deploy.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Spoils good examples: bits, spans, words of the format, numbers at the edges, depth, length. */
public final class Mutations {
    private static final int MOST_CHANGES = 6;
    private static final int DEEP = 3_000;
    private static final int LONG = 20_000;

    /** Where numbers, times and texts begin to go wrong. */
    private static final List<String> EDGES = List.of(
            "0",
            "-0",
            "-1",
            "2147483647",
            "2147483648",
            "-2147483649",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "1e400",
            "1e-400",
            "1E+99999999999",
            "0e-2147483649",
            "123456789012345678901234567890123456789",
            "0.1",
            "00",
            "NaN",
            "null",
            "true",
            "\"\"",
            "\"\\u0000\"",
            "\"\\ud800\"",
            "\"0000-01-01T00:00:00Z\"",
            "\"9999-12-31T23:59:59.999999999+18:59\"",
            "{}",
            "[]",
            "\ufeff",
            "\ud83d\ude00",
            "\u0000");

    /** No UTF-8, or only the beginning of it. */
    private static final byte[][] NOT_TEXT = {
        {(byte) 0xc3},
        {(byte) 0xe2, (byte) 0x82},
        {(byte) 0xf0, (byte) 0x9f, (byte) 0x98},
        {(byte) 0xc0, (byte) 0x80},
        {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
        {(byte) 0xff},
        {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80}
    };

    private final List<String> words;

    /** @param words of the format */
    public Mutations(List<String> words) {
        this.words = words;
    }

    /** One input in eight stays as it is. */
    public byte[] of(byte[] good, SplittableRandom random) {
        byte[] bytes = good;
        if (random.nextInt(8) > 0) {
            for (int i = random.nextBoolean() ? 1 : 1 + random.nextInt(MOST_CHANGES); i > 0; i--) {
                bytes = change(bytes, random);
            }
        }
        return bytes;
    }

    private byte[] change(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length + 1);
        int to = Math.min(bytes.length, at + 1 + random.nextInt(random.nextInt(4) == 0 ? 40 : 4));
        switch (random.nextInt(13)) {
            case 0: {
                byte[] changed = bytes.clone();
                if (at < changed.length) {
                    changed[at] ^= (byte) (1 << random.nextInt(8));
                }
                return changed;
            }
            case 1:
                return replaced(bytes, at, Math.min(bytes.length, at + 1), new byte[] {(byte) random.nextInt()});
            case 2:
                return replaced(bytes, at, to, new byte[0]);
            case 3:
                return replaced(bytes, at, at, Arrays.copyOfRange(bytes, at, to));
            case 4:
                return Arrays.copyOf(bytes, at);
            case 5:
                return replaced(bytes, at, at, NOT_TEXT[random.nextInt(NOT_TEXT.length)]);
            case 6:
                return replaced(bytes, at, to, word(EDGES, random));
            case 7:
                return tokenReplaced(bytes, at, word(EDGES, random));
            case 8:
                return tokenReplaced(bytes, at, word(words, random));
            case 9:
                return replaced(bytes, at, at, word(words, random));
            case 10: {
                byte[] other = Arrays.copyOfRange(bytes, random.nextInt(bytes.length + 1), bytes.length);
                return replaced(bytes, at, bytes.length, other);
            }
            case 11:
                return random.nextInt(20) > 0
                        ? replaced(bytes, at, at, word(EDGES, random))
                        : repeated(bytes, at, to, 1 + random.nextInt(LONG / Math.max(1, to - at)));
            default:
                return random.nextInt(20) > 0
                        ? replaced(bytes, at, to, word(words, random))
                        : nested(bytes, at, 1 + random.nextInt(DEEP), random.nextBoolean());
        }
    }

    private static byte[] word(List<String> words, SplittableRandom random) {
        return words.get(random.nextInt(words.size())).getBytes(StandardCharsets.UTF_8);
    }

    /** The run of letters and digits around that place, or the place itself. */
    private static byte[] tokenReplaced(byte[] bytes, int at, byte[] by) {
        int from = at;
        while (from > 0 && isToken(bytes[from - 1])) {
            from--;
        }
        int to = at;
        while (to < bytes.length && isToken(bytes[to])) {
            to++;
        }
        return replaced(bytes, from, to, by);
    }

    private static boolean isToken(byte c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c < 0;
    }

    private static byte[] repeated(byte[] bytes, int from, int to, int times) {
        ByteArrayOutputStream many = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            many.write(bytes, from, to - from);
        }
        return replaced(bytes, from, to, many.toByteArray());
    }

    private static byte[] nested(byte[] bytes, int at, int depth, boolean objects) {
        String text =
                objects ? "{\"a\":".repeat(depth) + "1" + "}".repeat(depth) : "[".repeat(depth) + "]".repeat(depth);
        return replaced(bytes, at, at, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        byte[] changed = new byte[bytes.length - (to - from) + by.length];
        System.arraycopy(bytes, 0, changed, 0, from);
        System.arraycopy(by, 0, changed, from, by.length);
        System.arraycopy(bytes, to, changed, from + by.length, bytes.length - to);
        return changed;
    }
}
