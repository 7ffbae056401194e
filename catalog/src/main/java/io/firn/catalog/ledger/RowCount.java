package io.firn.catalog.ledger;

/**
 * How many records of one partition became rows, as the commits that appended them counted. Backfills and deletes of
 * rows do not change it. Merges compare it with the rows that are there.
 *
 * @param from the offset at which counting began, inclusive; later than the partition's start where commits before it
 *     did not count
 * @param rows appended for offsets in {@code [from, next)} of the ledger entry
 */
public record RowCount(long from, long rows) {
    public RowCount {
        if (from < 0 || rows < 0) {
            throw new IllegalArgumentException("negative: " + rows + " rows from offset " + from);
        }
    }
}
