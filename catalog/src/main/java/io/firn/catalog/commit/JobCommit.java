package io.firn.catalog.commit;

import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Transaction;

/**
 * One snapshot of a job: any change to the table other than an append of new records, and the ledger carried with it.
 *
 * @param id names the commit in the table's history; never used for other content
 * @param operation as in the summary key {@code firn.operation}
 * @param pipeline the pipeline whose partitions the steps are about; empty text where there are none
 * @param steps how far each partition of the table's own ledger goes; empty where the job consumes nothing
 * @param summary further summary keys
 * @param change stages the change in the transaction it is given, validations included, without committing it. Called
 *     once an attempt, each time on newer metadata, so it must not hold on to what it did before
 * @param newFiles locations of the files that exist for this commit alone, to be removed where it can not take effect
 * @param swap a table property that the commit depends on and changes
 * @param branch that the snapshot goes on; one on another than main carries no ledger, since that tells of main's rows
 * @param claim as in {@link TableCommit}
 * @param schemas what the new files were written for; empty if there are none
 */
public record JobCommit(
        UUID id,
        Operation operation,
        String pipeline,
        SortedMap<SourcePartition, PartitionStep> steps,
        SortedMap<String, String> summary,
        Function<Transaction, SnapshotUpdate<?>> change,
        List<String> newFiles,
        PropertySwap swap,
        String branch,
        LedgerClaim claim,
        List<FileSchema> schemas) {
    public JobCommit {
        schemas = List.copyOf(schemas);
        steps = Collections.unmodifiableSortedMap(new TreeMap<>(steps));
        summary = Collections.unmodifiableSortedMap(new TreeMap<>(summary));
        newFiles = List.copyOf(newFiles);
    }

    /** A commit that depends on no property. */
    public JobCommit(
            UUID id,
            Operation operation,
            String pipeline,
            SortedMap<SourcePartition, PartitionStep> steps,
            SortedMap<String, String> summary,
            Function<Transaction, SnapshotUpdate<?>> change,
            List<String> newFiles) {
        this(
                id,
                operation,
                pipeline,
                steps,
                summary,
                change,
                newFiles,
                PropertySwap.NONE,
                SnapshotRef.MAIN_BRANCH,
                LedgerClaim.NONE,
                List.of());
    }

    /** A commit that leaves the ledger as it is. */
    public static JobCommit carrying(
            UUID id,
            Operation operation,
            SortedMap<String, String> summary,
            Function<Transaction, SnapshotUpdate<?>> change,
            List<String> newFiles) {
        return new JobCommit(id, operation, "", new TreeMap<>(), summary, change, newFiles);
    }

    /** This commit, with a property that it depends on and changes. */
    public JobCommit with(PropertySwap change) {
        return new JobCommit(
                id, operation, pipeline, steps, summary, this.change, newFiles, change, branch, claim, schemas);
    }

    /** This commit on a branch. */
    public JobCommit on(String name) {
        return new JobCommit(id, operation, pipeline, steps, summary, change, newFiles, swap, name, claim, schemas);
    }

    /** This commit as that of a pipeline. */
    public JobCommit of(String name) {
        return new JobCommit(id, operation, name, steps, summary, change, newFiles, swap, branch, claim, schemas);
    }

    /** This commit with a claim. */
    public JobCommit claiming(LedgerClaim wanted) {
        return new JobCommit(id, operation, pipeline, steps, summary, change, newFiles, swap, branch, wanted, schemas);
    }

    /** This commit, with what its new files were written for. */
    public JobCommit writtenFor(List<FileSchema> written) {
        return new JobCommit(id, operation, pipeline, steps, summary, change, newFiles, swap, branch, claim, written);
    }

    /** What it means for the ledger. */
    TableCommit advance() {
        return new TableCommit(id, pipeline, operation, List.of(), steps, claim);
    }
}
