package io.firn.ingest.commit;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.SealedFiles;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.DataFile;

/**
 * What one worker sealed: files and how far they take its partitions.
 *
 * @param epoch the group's epoch in which all of it was consumed
 * @param sealed the files, and what they were written for
 * @param steps of every partition the worker holds, those that did not move included: they carry the watermark
 * @param rows rows in the files, by partition
 */
public record Contribution(
        long epoch,
        SealedFiles sealed,
        SortedMap<SourcePartition, PartitionStep> steps,
        Map<SourcePartition, Long> rows) {
    public Contribution {
        steps = Collections.unmodifiableSortedMap(new TreeMap<>(steps));
        rows = Map.copyOf(rows);
    }

    List<DataFile> files() {
        return sealed.files();
    }

    /** Whether anything would be lost if it was not committed. */
    public boolean moves() {
        return !files().isEmpty()
                || steps.values().stream()
                        .anyMatch(
                                step -> !step.range().isEmpty() || !step.gaps().isEmpty());
    }
}
