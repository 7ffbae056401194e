package io.firn.compaction;

import io.firn.catalog.commit.CommitTurn;
import io.firn.catalog.commit.JobCommitter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Table;

/**
 * What every job is handed.
 *
 * @param table a handle of the job's own; refreshed by it
 * @param clock for ages, budgets and progress
 * @param random for jitter, commit ids and file names; never seeded alike in two runs
 * @param progress is told how far the run is
 * @param scratch an existing folder on local disk for what does not fit in memory; the job removes what it puts there
 * @param turn shared with the others of this process that commit to the table
 */
public record JobContext(
        Table table, Clock clock, RandomGenerator random, JobProgress progress, Path scratch, CommitTurn turn) {
    /** Of a process in which nobody else commits to the table. */
    public JobContext(Table table, Clock clock, RandomGenerator random, JobProgress progress, Path scratch) {
        this(table, clock, random, progress, scratch, CommitTurn.NONE);
    }

    /** For the table. */
    public JobCommitter committer() {
        return new JobCommitter(table, random, turn);
    }

    /** How the table is called where errors are reported. */
    public String where() {
        return "table " + table.name();
    }

    /** A fresh commit id. */
    public java.util.UUID newId() {
        return new java.util.UUID(random.nextLong(), random.nextLong());
    }
}
