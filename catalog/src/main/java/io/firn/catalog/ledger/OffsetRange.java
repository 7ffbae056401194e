package io.firn.catalog.ledger;

/**
 * A half-open span of offsets.
 *
 * @param start first offset, inclusive
 * @param end exclusive, not before {@code start}
 */
public record OffsetRange(long start, long end) {
    public OffsetRange {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("not a range: [" + start + ", " + end + ")");
        }
    }

    public boolean isEmpty() {
        return start == end;
    }

    @Override
    public String toString() {
        return "[" + start + ", " + end + ")";
    }
}
