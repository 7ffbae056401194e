package io.firn.compaction.merge;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.SourcePartition;
import java.util.List;
import java.util.SortedMap;
import org.apache.iceberg.FileScanTask;

/**
 * What one commit of a merge takes in. Immutable.
 *
 * @param stagingSnapshot that is read
 * @param complete whether it takes in all of that snapshot
 * @param steps of the keyed table's ledger
 * @param ranges of offsets, none empty; rows of the staging table outside of them are not looked at
 * @param files of the staging table that can hold such rows, with their deletes
 */
record MergePlan(
        long stagingSnapshot,
        boolean complete,
        SortedMap<SourcePartition, PartitionStep> steps,
        List<StagedRange> ranges,
        List<FileScanTask> files) {
    MergePlan {
        ranges = List.copyOf(ranges);
        files = List.copyOf(files);
    }

    long bytes() {
        return files.stream().mapToLong(FileScanTask::length).sum();
    }

    /** How many offsets the steps span. */
    long offsets() {
        return steps.values().stream()
                .mapToLong(step -> step.range().end() - step.range().start())
                .sum();
    }

    long rows() {
        return files.stream().mapToLong(task -> task.file().recordCount()).sum();
    }
}
