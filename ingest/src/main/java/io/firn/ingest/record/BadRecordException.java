package io.firn.ingest.record;

/**
 * A record that cannot become a row. Carries the reason and the byte at which it was found; who catches it knows the
 * record's position. Without a stack trace: it is an outcome, and a topic may hold millions of them.
 */
public final class BadRecordException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int byteOffset;

    /**
     * @param reason what is wrong, naming the column where there is one, as {@code amount: 12.345 has more than 2
     *     digits after the point}
     * @param byteOffset index in the record's value, from 0; -1 where it is about the whole record
     */
    public BadRecordException(String reason, int byteOffset) {
        super(reason, null, false, false);
        this.byteOffset = byteOffset;
    }

    public int byteOffset() {
        return byteOffset;
    }
}
