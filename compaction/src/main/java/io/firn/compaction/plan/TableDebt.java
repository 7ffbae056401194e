package io.firn.compaction.plan;

import io.firn.compaction.Work;
import java.time.Duration;

/**
 * What a table needs done to it, in figures.
 *
 * @param files live data files, their bytes and rows, as the head's summary counts them
 * @param small what a rewrite would take now: files in groups worth it
 * @param positionDeletes rows that position deletes and deletion vectors name
 * @param equalityDeletes rows of equality delete files: each may delete any number of rows
 * @param deleteFiles delete files of the head
 * @param manifests data manifests of the head
 * @param smallManifests those of less than half the target size
 * @param snapshots all there are, on whatever branch
 * @param expirable those that an expiry would take now
 * @param staging what is not merged yet; {@link StagingLag#NONE} for a table that is not keyed
 */
public record TableDebt(
        Work files,
        Work small,
        long positionDeletes,
        long equalityDeletes,
        long deleteFiles,
        long manifests,
        long smallManifests,
        long snapshots,
        long expirable,
        StagingLag staging) {
    /** Part of the table's rows that deletes are known to take, from 0 to 1. */
    public double deleteRatio() {
        return files.rows() == 0 ? 0 : Math.min(1, (double) positionDeletes / files.rows());
    }

    public TableDebt with(StagingLag lag) {
        return new TableDebt(
                files,
                small,
                positionDeletes,
                equalityDeletes,
                deleteFiles,
                manifests,
                smallManifests,
                snapshots,
                expirable,
                lag);
    }

    /**
     * How far a keyed table is behind its staging table.
     *
     * @param rows offsets not merged yet: the most rows there can be
     * @param again of them, those that an ended backfill staged once more
     * @param bytes estimate by the mean size of a staging row
     * @param time between the watermarks of the two, zero where either has none
     */
    public record StagingLag(long rows, long again, long bytes, Duration time) {
        public static final StagingLag NONE = new StagingLag(0, 0, 0, Duration.ZERO);
    }
}
