package io.firn.compaction.fold;

/**
 * What the order has to know of one record, reused from row to row.
 *
 * <p>The fields are written by whoever reads the rows; they are public because a method each would say nothing more.
 */
@SuppressWarnings("VisibilityModifier")
public final class Candidate {
    /** The pointer of a record that is not to be written because a table has it already. */
    public static final long INCUMBENT = -1;

    /** As {@link Sources} numbers them. */
    public int source;

    public long offset;

    /** The record's timestamp, or the order timestamp of one that won before; microseconds. */
    public long timestamp;

    /** Whether the timestamp is not the record's own but a higher one of an earlier record of its partition. */
    public boolean inherited;

    /** The order-by column's value, mapped to a long so that the order stays; counts only where there is the column. */
    public long version;

    /** The order-by column was null, which is lower than any value. */
    public boolean versionNull;

    /** Where it wins, the key has no row. */
    public boolean deletes;

    /** Where the whole record is to be found, at the caller's choice, or {@link #INCUMBENT}. */
    public long pointer;
}
