package io.firn.compaction.merge;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.util.SnapshotUtil;

/** The two commits of a merge. */
final class MergeCommits {
    private MergeCommits() {}

    /** Deletes become known: true for ever, whatever becomes of the merge. */
    static JobCommit deletes(UUID id, MergePass pass) {
        MergeOutput output = pass.output();
        return JobCommit.carrying(
                        id,
                        Operation.MERGE,
                        summary(pass),
                        transaction -> {
                            AppendFiles append = transaction.newFastAppend();
                            output.facts().forEach(append::appendFile);
                            return append;
                        },
                        output.factLocations())
                .writtenFor(List.of(output.factSchema()));
    }

    /** Rows, deletes and the ledger; refused where anybody else changed rows since the snapshot that was probed. */
    static JobCommit keyed(String pipeline, MergePass pass) {
        MergeOutput output = pass.output();
        Restaged restaged = pass.plan.restaged();
        SortedMap<String, String> summary = summary(pass);
        pass.knownDeletes().ifPresent(known -> summary.put(LedgerKeys.KNOWN_DELETES, known.text()));
        if (!restaged.after().isNone()) {
            summary.put(LedgerKeys.MERGED_BACKFILLS, restaged.after().text(pass.id));
        }
        return new JobCommit(
                        pass.id,
                        Operation.MERGE,
                        pipeline,
                        pass.steps(),
                        summary,
                        transaction -> change(transaction, pass, output),
                        List.copyOf(output.keyedLocations()))
                .writtenFor(List.of(output.keyedSchema()))
                .with(restaged.swap(pass.id))
                .claiming(pass.plan.renamed());
    }

    private static SnapshotUpdate<?> change(Transaction transaction, MergePass pass, MergeOutput output) {
        Snapshot planned = pass.keyedSnapshot;
        requireAncestor(transaction.table(), planned);
        RowDelta delta = transaction.newRowDelta();
        output.rows().forEach(delta::addRows);
        output.dropped().forEach(delta::removeRows);
        output.deadRows().added().forEach(delta::addDeletes);
        output.deadRows().removed().forEach(delta::removeDeletes);
        if (planned != null) {
            delta.validateFromSnapshot(planned.snapshotId());
        }
        return delta.conflictDetectionFilter(Expressions.alwaysTrue())
                .validateDataFilesExist(output.marked())
                .validateDeletedFiles()
                .validateNoConflictingDataFiles()
                .validateNoConflictingDeleteFiles();
    }

    /** Rolled back or expired: what happened since then can not be told. */
    private static void requireAncestor(Table table, @org.jspecify.annotations.Nullable Snapshot planned) {
        if (planned == null) {
            return;
        }
        Snapshot head = table.currentSnapshot();
        if (head == null || !SnapshotUtil.isAncestorOf(table, head.snapshotId(), planned.snapshotId())) {
            throw new ValidationException(
                    "The snapshot that was planned on, %s, is no ancestor any more", planned.snapshotId());
        }
    }

    private static SortedMap<String, String> summary(MergePass pass) {
        TreeMap<String, String> summary = new TreeMap<>();
        summary.put(LedgerKeys.MERGED_SNAPSHOT, Long.toString(pass.plan.stagingSnapshot()));
        summary.put(LedgerKeys.MERGED_ROWS, pass.counts.json());
        return summary;
    }
}
