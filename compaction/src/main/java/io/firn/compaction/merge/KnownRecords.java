package io.firn.compaction.merge;

import io.firn.compaction.Work;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.WinnerTable;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.CloseableIterable;

/**
 * Keeps what is staged once more from bringing back what was over: records that were merged take part in the fold, and
 * rows whose record is decoded anew do not.
 */
final class KnownRecords {
    private static final long BEFORE_ALL = -1;

    private final Restaged plan;
    private final RestagedRows restaged;
    private final FileScans staging;
    private final RecordColumns columns;
    private final KeyBuffer key = new KeyBuffer();
    private final Candidate candidate = new Candidate();
    private final Candidate other = new Candidate();
    private int next;

    /** @param columns of the staging table; of this probe alone */
    KnownRecords(Restaged plan, RestagedRows restaged, FileScans staging, RecordColumns columns) {
        this.plan = plan;
        this.restaged = restaged;
        this.staging = staging;
        this.columns = columns;
    }

    boolean isDone() {
        return next == plan.knownFiles().size();
    }

    /** Looks at the next file for records of the keys; returns what was read. */
    Work readNext(WinnerTable keys) {
        FileScanTask task = plan.knownFiles().get(next++);
        PositionDeleteIndex deleted = staging.deleted(task);
        try (CloseableIterable<RowCursor> rows =
                staging.rows(task.file(), columns.fields(), MergePlanner.filter(plan.known()))) {
            for (RowCursor row : rows) {
                columns.position(row, candidate);
                if (restaged.isKnown(candidate) && (deleted == null || !deleted.isDeleted(row.position()))) {
                    columns.key(row, key);
                    int head = keys.find(key, key.hash());
                    if (head >= 0) {
                        candidate.deletes = false;
                        candidate.pointer = Candidate.INCUMBENT;
                        keys.offer(head, candidate);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + task.file().location(), e);
        }
        return new Work(1, task.length(), task.file().recordCount());
    }

    /**
     * Takes a row of the keyed table into account. Where its record is decoded anew the row gives way, whatever its
     * version was, and leaves its order timestamp to the new one.
     */
    void offer(WinnerTable keys, int head, Candidate row) {
        if (!restaged.isVoid(row)) {
            keys.offer(head, row);
            return;
        }
        for (int entry = head; entry >= 0; entry = keys.next(entry)) {
            keys.candidate(entry, other);
            if (other.source == row.source && other.versionNull == row.versionNull && other.version == row.version) {
                row.offset = BEFORE_ALL;
                keys.offer(head, row);
                return;
            }
        }
    }
}
