package io.firn.compaction.merge;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.SourcePartition;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.apache.iceberg.FileScanTask;

/**
 * What one commit of a merge takes in. Immutable.
 *
 * @param stagingSnapshot that is read
 * @param complete whether it takes in all of that snapshot
 * @param steps of the keyed table's ledger
 * @param claims by partition what has to be proven of its step
 * @param ranges of offsets, none empty; rows of the staging table outside of them are not looked at
 * @param restaged what it takes in below the keyed table's ledger
 * @param renamed the earlier name of the pipeline, if the keyed table's ledger still has it
 * @param files of the staging table that can hold rows of either, with their deletes
 */
record MergePlan(
        long stagingSnapshot,
        boolean complete,
        SortedMap<SourcePartition, PartitionStep> steps,
        SortedMap<SourcePartition, StepClaim> claims,
        List<StagedRange> ranges,
        Restaged restaged,
        LedgerClaim renamed,
        List<FileScanTask> files) {
    MergePlan {
        ranges = List.copyOf(ranges);
        files = List.copyOf(files);
    }

    /** This plan with the files that it needs. */
    MergePlan reading(List<FileScanTask> those) {
        return new MergePlan(stagingSnapshot, complete, steps, claims, ranges, restaged, renamed, those);
    }

    long bytes() {
        return files.stream().mapToLong(FileScanTask::length).sum();
    }

    /** How many offsets it spans. */
    long offsets() {
        long again = restaged.ranges().stream()
                .mapToLong(range -> range.offsets().end() - range.offsets().start())
                .sum();
        return again
                + steps.values().stream()
                        .mapToLong(step -> step.range().end() - step.range().start())
                        .sum();
    }

    /** All offsets of which rows are looked at; a row of one more than these harms nothing. */
    List<StagedRange> all() {
        List<StagedRange> all = new ArrayList<>(ranges);
        restaged.ranges().forEach(range -> all.add(range.staged()));
        return all;
    }

    long rows() {
        return files.stream().mapToLong(task -> task.file().recordCount()).sum();
    }
}
