package io.firn.ingest.backfill;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.ManifestMerges;
import io.firn.catalog.commit.PropertySwap;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.SealedFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataOperations;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.expressions.Expression;

/** The commit of a chunk: new rows, old rows' deletes and how far the backfill has got, in one snapshot. */
final class ChunkCommit {
    static final String SPANS = "firn.backfill-spans";

    /** Firn's own appends only add rows above every ledger there was before: none can be of the chunk. */
    private static final Set<String> ABOVE_THE_LEDGER =
            Set.of(Operation.APPEND.summaryValue(), Operation.HEARTBEAT.summaryValue());

    private ChunkCommit() {}

    /**
     * @param planned the snapshot that the table was looked at
     * @param sealed the new rows
     * @param from the state that the chunk was planned from
     * @param to the state that it leads to
     */
    static JobCommit of(
            Chunk chunk,
            Snapshot planned,
            SealedFiles sealed,
            RowDeletes deletes,
            BackfillState from,
            BackfillState to) {
        List<DataFile> files = sealed.files();
        TreeMap<String, String> summary = new TreeMap<>();
        summary.put(BackfillState.SUMMARY_KEY, from.id());
        summary.put(SPANS, json(chunk.done()));
        List<String> locations = new ArrayList<>(deletes.locations());
        files.forEach(file -> locations.add(file.location()));
        TreeMap<SourcePartition, Long> covered = new TreeMap<>();
        chunk.done().forEach((partition, span) -> covered.put(from.task().partition(partition), span.end()));
        PropertySwap swap = Backfills.swap(from, to);
        return JobCommit.carrying(
                        chunk.id,
                        Operation.BACKFILL,
                        summary,
                        transaction -> change(transaction, from, chunk, planned, files, deletes),
                        locations)
                .of(from.task().pipeline())
                .writtenFor(List.of(sealed.schema()))
                .on(Line.branch(from))
                .with(new PropertySwap(swap.key(), swap.expected(), swap.value(), covered));
    }

    private static SnapshotUpdate<?> change(
            Transaction transaction,
            BackfillState from,
            Chunk chunk,
            Snapshot planned,
            List<DataFile> files,
            RowDeletes deletes) {
        Snapshot unchanged = from.task().branch().isEmpty()
                ? unchangedUpTo(transaction.table(), planned)
                : requireHead(transaction.table(), Line.branch(from), planned);
        ManifestMerges.leaveOut(transaction);
        return swapped(
                transaction,
                unchanged,
                LiveRows.filter(from.task().topic(), chunk.done()),
                files,
                deletes.dropped(),
                deletes);
    }

    /**
     * New rows and old rows' deletes as one change.
     *
     * @param unchanged the last snapshot up to which nothing touched the rows since they were looked up
     * @param dropped files that go as a whole
     */
    static RowDelta swapped(
            Transaction transaction,
            Snapshot unchanged,
            Expression rows,
            List<DataFile> files,
            List<DataFile> dropped,
            RowDeletes deletes) {
        RowDelta delta = transaction.newRowDelta();
        files.forEach(delta::addRows);
        dropped.forEach(delta::removeRows);
        deletes.added().forEach(delta::addDeletes);
        deletes.removed().forEach(delta::removeDeletes);
        return delta.validateFromSnapshot(unchanged.snapshotId())
                .conflictDetectionFilter(rows)
                .validateDataFilesExist(deletes.marked())
                .validateDeletedFiles()
                .validateNoConflictingDataFiles()
                .validateNoConflictingDeleteFiles();
    }

    /**
     * The last snapshot up to which nothing can have touched the chunk. Live ingestion commits all the time, and by the
     * bounds of its files' columns alone, each over all partitions of a file, it may look like a conflict.
     *
     * @throws ValidationException where the planned snapshot is no ancestor of the head: rolled back or expired
     */
    static Snapshot unchangedUpTo(Table table, Snapshot planned) {
        Snapshot unchanged = null;
        for (Snapshot each = table.currentSnapshot(); each != null; each = Line.parent(table, each)) {
            if (each.snapshotId() == planned.snapshotId()) {
                return unchanged == null ? planned : unchanged;
            }
            if (!isAboveTheLedger(each)) {
                unchanged = null;
            } else if (unchanged == null) {
                unchanged = each;
            }
        }
        throw new ValidationException(
                "The snapshot that was planned on, %s, is no ancestor any more", planned.snapshotId());
    }

    private static boolean isAboveTheLedger(Snapshot snapshot) {
        return DataOperations.APPEND.equals(snapshot.operation())
                && ABOVE_THE_LEDGER.contains(snapshot.summary().getOrDefault(LedgerKeys.OPERATION, ""));
    }

    /** @throws ValidationException where the branch's head is another one, or where it is gone */
    static Snapshot requireHead(Table table, String branch, Snapshot planned) {
        SnapshotRef ref = table.refs().get(branch);
        ValidationException.check(
                ref != null && ref.snapshotId() == planned.snapshotId(),
                "The head of branch %s is not %s any more",
                branch,
                planned.snapshotId());
        return planned;
    }

    /** Spans as the summary has them. */
    static String json(SortedMap<Integer, OffsetRange> spans) {
        return spans.entrySet().stream()
                .map(each -> "\"" + each.getKey() + "\":[" + each.getValue().start() + ","
                        + each.getValue().end() + "]")
                .collect(Collectors.joining(",", "{", "}"));
    }
}
