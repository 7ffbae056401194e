package io.firn.catalog.commit;

import io.firn.catalog.ledger.SourcePartition;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;

/**
 * What one commit makes visible: files and the offsets they came from, or neither.
 *
 * @param id names the commit in the table's history; never used for other content
 * @param pipeline the pipeline whose partitions the steps are about
 * @param operation as in the summary key {@code firn.operation}
 * @param files data files to append; may be empty
 * @param steps how far each partition goes, by partition
 */
public record TableCommit(
        UUID id,
        String pipeline,
        Operation operation,
        List<DataFile> files,
        SortedMap<SourcePartition, PartitionStep> steps) {
    /** What kind of snapshot it is. */
    public enum Operation {
        APPEND,
        HEARTBEAT,
        MERGE,
        REWRITE,
        BACKFILL,
        EXPIRE;

        /** As written into the snapshot's summary. */
        public String summaryValue() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public TableCommit {
        files = List.copyOf(files);
        steps = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(steps));
    }
}
