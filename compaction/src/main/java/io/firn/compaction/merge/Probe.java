package io.firn.compaction.merge;

import io.firn.compaction.Work;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.KeyFilter;
import io.firn.compaction.fold.WinnerTable;
import io.firn.compaction.scan.FileScans;
import io.firn.compaction.scan.RowCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/**
 * Holds some of the staged keys against what the keyed table has of them and against the deletes that are known, file
 * by file, and then decides for each key. What is there already takes part in the fold like any other record.
 */
final class Probe {
    /**
     * One side to look at.
     *
     * @param files that can hold one of the keys
     * @param columns for keys and positions; each probe has its own
     */
    record Side(FileScans scans, RecordColumns columns, Age age, List<KeyedPlan.ProbedFile> files) {}

    private final WinnerTable keys;
    private final Side keyed;
    private final Side deletes;
    private final KnownRecords known;
    private final Expression filter;
    private final Pointers matchedBefore;
    private final Verdict verdict;
    private final Counts counts;
    private final Matches matches = new Matches();
    private final List<Touched> touched = new ArrayList<>();
    private final KeyBuffer key = new KeyBuffer();
    private final Candidate candidate = new Candidate();
    private int nextKeyed;
    private int nextDeletes;

    /** @param matchedBefore staged rows of keys that had a row when an earlier plan of this run looked */
    Probe(
            WinnerTable keys,
            Side keyed,
            Side deletes,
            KnownRecords known,
            Expression filter,
            Pointers matchedBefore,
            Verdict verdict,
            Counts counts) {
        this.keys = keys;
        this.keyed = keyed;
        this.deletes = deletes;
        this.known = known;
        this.filter = filter;
        this.matchedBefore = matchedBefore;
        this.verdict = verdict;
        this.counts = counts;
    }

    boolean isDone() {
        return nextKeyed == keyed.files().size()
                && nextDeletes == deletes.files().size()
                && known.isDone();
    }

    /** Looks at the next file; returns what was read. */
    Work readNext() {
        if (nextKeyed < keyed.files().size()) {
            KeyedPlan.ProbedFile file = keyed.files().get(nextKeyed++);
            new KeyedFile(file).probe();
            return work(file.task());
        }
        if (!known.isDone()) {
            return known.readNext(keys);
        }
        KeyedPlan.ProbedFile file = deletes.files().get(nextDeletes++);
        if (deletes.age().isBefore(file.task().file())) {
            return Work.NONE;
        }
        probeDeletes(file.task());
        return work(file.task());
    }

    /** Decides for each key, once all files were looked at. */
    void decide() {
        for (int number = 0; number < keys.size(); number++) {
            decide(keys.head(number));
        }
        for (int match = 0; match < matches.size(); match++) {
            int head = matches.head(match);
            int winner = keys.winner(head);
            if (keys.pointer(winner) != Candidate.INCUMBENT || keys.deletes(winner)) {
                long row = matches.row(match);
                touched.get(Pointers.file(row)).now().delete(Pointers.position(row));
            }
        }
    }

    /** A file of the keyed table that is looked through. */
    private final class KeyedFile {
        private final FileScanTask task;
        private final @Nullable KeyFilter those;
        private final boolean older;
        private @Nullable PositionDeleteIndex deleted;
        private int number = -1;

        KeyedFile(KeyedPlan.ProbedFile file) {
            this.task = file.task();
            this.those = file.keys();
            this.older = keyed.age().isBefore(task.file());
        }

        void probe() {
            RecordColumns columns = keyed.columns();
            try (CloseableIterable<RowCursor> rows =
                    keyed.scans().rows(task.file(), older ? columns.keyFields() : columns.fields(), filter)) {
                for (RowCursor row : rows) {
                    int head = head(row);
                    if (head >= 0) {
                        match(head, row);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + task.file().location(), e);
            }
        }

        /** Of the row's key, or less than 0. */
        private int head(RowCursor row) {
            keyed.columns().key(row, key);
            long hash = key.hash();
            return those == null || those.mayContain(hash) ? keys.find(key, hash) : -1;
        }

        private void match(int head, RowCursor row) {
            if (number < 0) {
                deleted = keyed.scans().deleted(task);
                number = touch(task, deleted);
            }
            if (deleted != null && deleted.isDeleted(row.position())) {
                return;
            }
            noteMatch(head);
            matches.add(head, Pointers.of(number, row.position()));
            if (!older) {
                keyed.columns().position(row, candidate);
                candidate.deletes = false;
                candidate.pointer = Candidate.INCUMBENT;
                known.offer(keys, head, candidate);
            }
        }
    }

    private void probeDeletes(FileScanTask task) {
        RecordColumns columns = deletes.columns();
        PositionDeleteIndex deleted = deletes.scans().deleted(task);
        try (CloseableIterable<RowCursor> rows = deletes.scans().rows(task.file(), columns.fields(), filter)) {
            for (RowCursor row : rows) {
                columns.key(row, key);
                int head = keys.find(key, key.hash());
                if (head >= 0 && (deleted == null || !deleted.isDeleted(row.position()))) {
                    columns.position(row, candidate);
                    candidate.deletes = true;
                    candidate.pointer = Candidate.INCUMBENT;
                    keys.offer(head, candidate);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + task.file().location(), e);
        }
    }

    /** Before what is there takes part: its record may displace the staged ones, of which this has to be remembered. */
    private void noteMatch(int head) {
        keys.markMatched(head);
        for (int entry = head; entry >= 0; entry = keys.next(entry)) {
            if (keys.pointer(entry) != Candidate.INCUMBENT) {
                verdict.matched.add(keys.pointer(entry));
            }
        }
    }

    private int touch(FileScanTask task, @Nullable PositionDeleteIndex deleted) {
        touched.add(verdict.touched.computeIfAbsent(task.file().location(), location -> Touched.by(task, deleted)));
        return touched.size() - 1;
    }

    private void decide(int head) {
        int winner = keys.winner(head);
        boolean matched = keys.isMatched(head);
        long pointer = keys.pointer(winner);
        if (pointer == Candidate.INCUMBENT) {
            counts.late++;
        } else if (keys.deletes(winner)) {
            verdict.deletes.add(pointer);
            counts.deleted += matched ? 1 : 0;
            noteOrderTimestamp(winner);
        } else if (!matched && wasMatchedBefore(head)) {
            counts.foreignDeleted++;
        } else {
            verdict.winners.add(pointer);
            counts.updated += matched ? 1 : 0;
            counts.inserted += matched ? 0 : 1;
            noteOrderTimestamp(winner);
        }
    }

    private void noteOrderTimestamp(int winner) {
        if (keys.isInherited(winner)) {
            verdict.orderTimestamps.put(keys.pointer(winner), keys.timestamp(winner));
        }
    }

    private boolean wasMatchedBefore(int head) {
        if (matchedBefore.isEmpty()) {
            return false;
        }
        for (int entry = head; entry >= 0; entry = keys.next(entry)) {
            if (keys.pointer(entry) != Candidate.INCUMBENT && matchedBefore.contains(keys.pointer(entry))) {
                return true;
            }
        }
        return false;
    }

    private static Work work(FileScanTask task) {
        return new Work(1, task.length(), task.file().recordCount());
    }
}
