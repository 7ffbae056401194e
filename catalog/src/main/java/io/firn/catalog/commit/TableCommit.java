package io.firn.catalog.commit;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
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
 * @param claim what the pipeline's name has to do with others in the ledger; with an earlier name the commit moves the
 *     ledger and fits only where that is due
 * @param schemas what the files were written for, and what decided which records became rows
 */
public record TableCommit(
        UUID id,
        String pipeline,
        Operation operation,
        List<DataFile> files,
        SortedMap<SourcePartition, PartitionStep> steps,
        LedgerClaim claim,
        List<FileSchema> schemas) {
    /** What kind of snapshot it is. */
    public enum Operation {
        APPEND,
        HEARTBEAT,
        MERGE,
        REWRITE,
        BACKFILL,
        EXPIRE,
        RENAME;

        /** As written into the snapshot's summary. */
        public String summaryValue() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public TableCommit {
        schemas = List.copyOf(schemas);
        files = List.copyOf(files);
        steps = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(steps));
    }

    /** A commit of a pipeline that always had its name and reads its topics alone. */
    public TableCommit(
            UUID id,
            String pipeline,
            Operation operation,
            List<DataFile> files,
            SortedMap<SourcePartition, PartitionStep> steps) {
        this(id, pipeline, operation, files, steps, LedgerClaim.NONE);
    }

    /** A commit whose files fit any schema, or that has none. */
    public TableCommit(
            UUID id,
            String pipeline,
            Operation operation,
            List<DataFile> files,
            SortedMap<SourcePartition, PartitionStep> steps,
            LedgerClaim claim) {
        this(id, pipeline, operation, files, steps, claim, List.of());
    }

    /** This commit, with what its files were written for. */
    public TableCommit writtenFor(List<FileSchema> written) {
        return new TableCommit(id, pipeline, operation, files, steps, claim, written);
    }
}
