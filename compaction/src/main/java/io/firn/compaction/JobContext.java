package io.firn.compaction;

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
 */
public record JobContext(Table table, Clock clock, RandomGenerator random, JobProgress progress, Path scratch) {
    /** How the table is called where errors are reported. */
    public String where() {
        return "table " + table.name();
    }

    /** A fresh commit id. */
    public java.util.UUID newId() {
        return new java.util.UUID(random.nextLong(), random.nextLong());
    }
}
