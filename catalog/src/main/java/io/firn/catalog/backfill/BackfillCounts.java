package io.firn.catalog.backfill;

/**
 * What chunks did that took effect.
 *
 * @param chunks how many there were
 * @param records that Kafka delivered
 * @param added rows that are new
 * @param replaced rows that were taken out for new ones
 * @param kept rows that were left as they are: there already, or of offsets that Kafka delivers no longer
 * @param nulls records without a value that the pipeline counts instead of making rows of them
 * @param restarts how often it began again because its chunks were rolled back
 * @param recordsPerSecond of the last chunk
 */
public record BackfillCounts(
        long chunks,
        long records,
        long added,
        long replaced,
        long kept,
        long nulls,
        long restarts,
        long recordsPerSecond) {
    public static final BackfillCounts NONE = new BackfillCounts(0, 0, 0, 0, 0, 0, 0, 0);

    /** With one chunk more, the rate being that of the chunk. */
    public BackfillCounts plus(BackfillCounts chunk) {
        return new BackfillCounts(
                chunks + 1,
                records + chunk.records,
                added + chunk.added,
                replaced + chunk.replaced,
                kept + chunk.kept,
                nulls + chunk.nulls,
                restarts,
                chunk.recordsPerSecond);
    }

    /** The same rows, of which so many took the place of others. */
    public BackfillCounts onMain(long rows, long old) {
        return new BackfillCounts(chunks, records, rows - old, old, kept, nulls, restarts, recordsPerSecond);
    }

    public BackfillCounts restarted() {
        return new BackfillCounts(0, 0, 0, 0, 0, 0, restarts + 1, recordsPerSecond);
    }
}
