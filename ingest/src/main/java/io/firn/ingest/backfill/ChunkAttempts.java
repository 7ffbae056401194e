package io.firn.ingest.backfill;

import io.firn.catalog.commit.CommitTurn;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.location.UncommittedFiles;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/** Attempts at the commits of chunks, one after the other, and what they tell of how large a chunk may be. */
final class ChunkAttempts {
    private static final long FIRST_DELAY_MILLIS = 50;
    private static final int MOST_DOUBLINGS = 7;

    /** A commit that lost so often takes longer than the time between two of the others. */
    private static final int MOST_ATTEMPTS = 4;

    private static final int SHRINK = 4;
    private static final long LEAST_OFFSETS = 500;

    private final Table table;
    private final JobCommitter committer;
    private final RandomGenerator random;
    private final long limit;
    private long mostOffsets;
    private @Nullable JobCommit pending;
    private long offsets;
    private boolean offered;
    private int refusals;
    private int attempts;
    private long conflicts;

    /**
     * @param limit of offsets in a chunk
     * @param turn shared with the others of this process that commit to the table
     */
    ChunkAttempts(Table table, RandomGenerator random, long limit, CommitTurn turn) {
        this.table = table;
        this.committer = new JobCommitter(table, random, turn);
        this.random = random;
        this.limit = limit;
        this.mostOffsets = limit;
    }

    /** Offsets of the next chunk at most. */
    long mostOffsets() {
        return mostOffsets;
    }

    /** Of all chunks so far. */
    long conflicts() {
        return conflicts;
    }

    boolean isPending() {
        return pending != null;
    }

    /** Takes a chunk's commit on; none is pending. */
    void propose(JobCommit commit, long offsetsOfIt) {
        pending = commit;
        offsets = offsetsOfIt;
        offered = false;
        attempts = 0;
    }

    /** One attempt at what is pending; where nothing is afterwards, the chunk is over and its files are cared for. */
    BackfillTurn attempt() {
        JobCommit commit = pending;
        if (commit == null) {
            throw new IllegalStateException("no commit is pending");
        }
        offered = true;
        return committer.attempt(commit).fold(new JobOutcome.Cases<>() {
            @Override
            public BackfillTurn committed(JobOutcome.Committed outcome) {
                refusals = 0;
                mostOffsets = Math.min(limit, 2 * mostOffsets);
                return over(BackfillTurn.AT_ONCE);
            }

            @Override
            public BackfillTurn fenced(JobOutcome.Fenced outcome) {
                return over(BackfillTurn.AT_ONCE);
            }

            @Override
            public BackfillTurn invalid(JobOutcome.Invalid outcome) {
                refusals++;
                conflicts++;
                long delay = FIRST_DELAY_MILLIS << Math.min(refusals, MOST_DOUBLINGS);
                return over(BackfillTurn.after(
                        delay / 2 + random.nextLong(delay / 2), "others changed the same rows: " + outcome.reason()));
            }

            @Override
            public BackfillTurn undecided(JobOutcome.Undecided outcome) {
                attempts++;
                conflicts++;
                return shrunk()
                        ? over(BackfillTurn.AT_ONCE)
                        : BackfillTurn.after(outcome.delayMillis(), outcome.reason());
            }
        });
    }

    /** Gives up what is pending, and removes its files where nothing can reference them. */
    void drop() {
        JobCommit commit = pending;
        if (commit != null && !offered) {
            UncommittedFiles.delete(table.io(), commit.newFiles(), "files of a dropped chunk");
        }
        pending = null;
    }

    private BackfillTurn over(BackfillTurn turn) {
        pending = null;
        return turn;
    }

    /**
     * A commit takes the longer the more files it is about, and whoever is quicker wins: so less is tried at a time.
     * The files may be in the table after all, if an answer was lost, and are the orphan job's.
     */
    private boolean shrunk() {
        if (attempts < MOST_ATTEMPTS || offsets <= LEAST_OFFSETS) {
            return false;
        }
        mostOffsets = Math.max(LEAST_OFFSETS, offsets / SHRINK);
        return true;
    }
}
