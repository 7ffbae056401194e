package io.firn.compaction.merge;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.Work;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.SpillingFold;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/** The first pass over what is staged: keys and positions only, into the fold. */
final class StagedRows {
    private final MergePlan plan;
    private final FileScans scans;
    private final RecordColumns columns;
    private final int tombstone;
    private final @Nullable DeleteMark mark;
    private final SpillingFold fold;
    private final Counts counts;
    private final RestagedRows restaged;
    private final StepProof proof;
    private final Expression filter;
    private final Map<Integer, OffsetRange> rangeOf = new HashMap<>();
    private long[] from = new long[0];
    private long[] to = new long[0];
    private long earliest = Long.MAX_VALUE;
    private int nextFile;

    StagedRows(
            MergePlan plan,
            Table staging,
            RecordColumns columns,
            Optional<Expression> deleteWhen,
            SpillingFold fold,
            Sources sources,
            RestagedRows restaged,
            StepProof proof,
            Counts counts) {
        this.plan = plan;
        this.scans = new FileScans(staging);
        this.columns = columns;
        this.tombstone = columns.add(staging, UpsertColumns.TOMBSTONE);
        this.mark =
                deleteWhen.map(when -> new DeleteMark(staging, when, columns)).orElse(null);
        this.fold = fold;
        this.counts = counts;
        this.restaged = restaged;
        this.proof = proof;
        this.filter = MergePlanner.filter(plan.all());
        for (StagedRange range : plan.ranges()) {
            rangeOf.put(sources.number(range.source()), range.offsets());
        }
    }

    /**
     * Rows with a lower order timestamp than this come before every staged record, of whatever position; microseconds.
     * Of records that are staged once more nothing like that is known.
     */
    long earliest() {
        return restaged.isNone() ? earliest : Long.MIN_VALUE;
    }

    boolean isDone() {
        return nextFile == plan.files().size();
    }

    /** Reads the next file; returns what was read. */
    Work readNext() {
        int number = Pointers.requireFile(nextFile++);
        FileScanTask task = plan.files().get(number);
        PositionDeleteIndex deleted = scans.deleted(task);
        KeyBuffer key = new KeyBuffer();
        Candidate candidate = new Candidate();
        try (CloseableIterable<RowCursor> rows = scans.rows(task.file(), columns.fields(), filter)) {
            for (RowCursor row : rows) {
                if (deleted != null && deleted.isDeleted(row.position())) {
                    continue;
                }
                columns.position(row, candidate);
                if (isWanted(candidate)) {
                    candidate.deletes = deletes(row);
                    candidate.pointer = Pointers.of(number, row.position());
                    earliest = Math.min(earliest, candidate.timestamp);
                    columns.key(row, key);
                    fold.offer(key, key.hash(), candidate);
                    counts.staged++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + task.file().location(), e);
        }
        return new Work(1, task.length(), task.file().recordCount());
    }

    private boolean deletes(RowCursor row) {
        boolean gone = !row.column(tombstone).isNull() && row.column(tombstone).asLong() != 0;
        return gone || mark != null && mark.isSet(row);
    }

    private boolean isWanted(Candidate record) {
        int source = record.source;
        if (source >= from.length) {
            addRanges(source);
        }
        if (record.offset >= from[source] && record.offset < to[source]) {
            proof.add(source, record.offset);
            return true;
        }
        if (!restaged.isNone() && restaged.take(record)) {
            return true;
        }
        if (record.offset < from[source] && to[source] > 0) {
            counts.replayed++;
        }
        return false;
    }

    private void addRanges(int source) {
        int known = from.length;
        from = Arrays.copyOf(from, source + 1);
        to = Arrays.copyOf(to, source + 1);
        for (int each = known; each <= source; each++) {
            OffsetRange range = rangeOf.get(each);
            from[each] = range == null ? 0 : range.start();
            to[each] = range == null ? 0 : range.end();
        }
    }

    /** The name under which the records' own timestamps lie in staging. */
    static String timestampColumn() {
        return SourceColumns.TIMESTAMP;
    }
}
