package io.firn.ingest.backfill;

import io.firn.catalog.commit.CommitTurn;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * How a process works on backfills.
 *
 * @param owner names the process, as told to people
 * @param chunkRecords offsets of a chunk, over all of its partitions
 * @param chunkBytes a chunk ends early where its files hold this much
 * @param lease how long a backfill belongs to a process that says nothing
 * @param isGone whether the owner of that name is known to live no more: then nobody waits for its lease
 * @param turn shared with the others of this process that commit to the table
 */
public record BackfillSettings(
        String owner, long chunkRecords, long chunkBytes, Duration lease, Predicate<String> isGone, CommitTurn turn) {
    /** A second or two of work: little to do again after a crash, and few snapshots for millions of rows. */
    public static final long DEFAULT_CHUNK_RECORDS = 250_000;

    /** A few files of the usual size. */
    public static final long DEFAULT_CHUNK_BYTES = 512L << 20;

    /** Far above a pause of any kind, and soon enough for a person who waits. */
    public static final Duration DEFAULT_LEASE = Duration.ofSeconds(60);

    public BackfillSettings {
        if (chunkRecords < 1 || chunkBytes < 1 || lease.isNegative() || lease.isZero()) {
            throw new IllegalArgumentException("a chunk of " + chunkRecords + " records, " + chunkBytes + " bytes");
        }
    }

    public static BackfillSettings defaults(String owner) {
        return new BackfillSettings(
                owner, DEFAULT_CHUNK_RECORDS, DEFAULT_CHUNK_BYTES, DEFAULT_LEASE, gone -> false, CommitTurn.NONE);
    }

    public BackfillSettings withChunkRecords(long records) {
        return new BackfillSettings(owner, records, chunkBytes, lease, isGone, turn);
    }

    public BackfillSettings withChunkBytes(long bytes) {
        return new BackfillSettings(owner, chunkRecords, bytes, lease, isGone, turn);
    }

    public BackfillSettings withLease(Duration time) {
        return new BackfillSettings(owner, chunkRecords, chunkBytes, time, isGone, turn);
    }

    public BackfillSettings withTurn(CommitTurn other) {
        return new BackfillSettings(owner, chunkRecords, chunkBytes, lease, isGone, other);
    }

    public BackfillSettings withGone(Predicate<String> rule) {
        return new BackfillSettings(owner, chunkRecords, chunkBytes, lease, rule, turn);
    }
}
