package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillBranch;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.ManifestMerges;
import io.firn.catalog.commit.PropertySwap;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.catalog.schema.FileSchema;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;

/**
 * A backfill's branch on its way to main: its files go there in one commit, and the rows that are there twice then go
 * out in the same one. Which those are is found anew, by their source columns, because main has gone on since the
 * branch began: in mode replace the ones of main, in mode missing the ones of the branch.
 *
 * <p>Holds a bit an offset at most, and the rows of one file.
 */
final class Publication {
    private final Table table;
    private final BackfillState state;
    private final UUID id;
    private final Snapshot main;
    private final Snapshot branch;
    private final SortedMap<Integer, OffsetRange> spans;
    private final LiveRows rows;
    private final List<DataFile> added = new ArrayList<>();
    /** Rows of these stay. */
    private final Queue<FileScanTask> kept = new ArrayDeque<>();
    /** Of these the rows go that one of the others has as well. */
    private final Queue<FileScanTask> looked = new ArrayDeque<>();

    private final ChunkOffsets found;
    private final RowDeletes deletes;
    private final OldRows old;
    private long rowsOfBranch;

    private Publication(Table table, BackfillState state, Snapshot main, Snapshot branch, UUID id) {
        this.table = table;
        this.state = state;
        this.id = id;
        this.main = main;
        this.branch = branch;
        this.spans = state.task().spans();
        this.rows = new LiveRows(table, state.task().topic());
        this.found = new ChunkOffsets(spans);
        this.deletes = new RowDeletes(table, id);
        this.old = new OldRows(found, deletes);
    }

    /**
     * Plans it on the table as it was refreshed last.
     *
     * @param branch the branch's head
     * @param id of the commit; another one each time
     */
    static Publication begin(Table table, BackfillState state, Snapshot main, Snapshot branch, UUID id)
            throws IOException {
        Publication publication = new Publication(table, state, main, branch, id);
        publication.requirePast();
        publication.plan(state.task().branch().orElseThrow());
        return publication;
    }

    /** Above the ledger rows are ingestion's to write. */
    private void requirePast() {
        SortedMap<Integer, Long> ledger = Line.ledgerOf(table, state);
        state.task().spans().forEach((partition, span) -> {
            if (ledger.getOrDefault(partition, 0L) < span.end()) {
                throw new FirnException(
                        "ledger-behind",
                        FirnException.Kind.EXTERNAL,
                        "the table was rolled back to before the span's end, and ingestion has not got there again",
                        "table " + table.name() + ", " + state.task().partition(partition) + ", offset " + span.end(),
                        "let the pipeline run",
                        null);
            }
        });
    }

    private void plan(BackfillBranch from) throws IOException {
        List<FileScanTask> ofBranch = new ArrayList<>();
        for (FileScanTask task : rows.filesWithBounds(branch, spans)) {
            Long sequence = task.file().dataSequenceNumber();
            if (sequence != null && sequence > from.sequence()) {
                ofBranch.add(task);
                added.add(task.file());
                rowsOfBranch += task.file().recordCount();
            }
        }
        List<FileScanTask> ofMain = rows.files(main, spans);
        boolean replaces = state.task().mode() == BackfillMode.REPLACE;
        kept.addAll(replaces ? ofBranch : ofMain);
        looked.addAll(replaces ? ofMain : ofBranch);
    }

    UUID id() {
        return id;
    }

    /** Whether every file was read. */
    boolean isRead() {
        return kept.isEmpty() && looked.isEmpty();
    }

    /** Reads one file. */
    void read() throws IOException {
        FileScanTask next = kept.poll();
        if (next != null) {
            rows.readFile(next, spans, new LiveRows.Seen() {
                @Override
                public void row(int partition, long offset, long position) {
                    found.add(partition, offset);
                }

                @Override
                public void end(FileScanTask file, long live) {}
            });
            return;
        }
        next = looked.poll();
        if (next != null) {
            rows.readFile(next, spans, old);
        }
    }

    /** Whether main becomes another by it. */
    boolean changesMain() {
        return !files().isEmpty();
    }

    /** Rows of the branch that main gets. */
    long added() {
        return rowsOfBranch - (replaces() ? 0 : old.replaced());
    }

    /** Rows of main that they take the place of. */
    long replaced() {
        return replaces() ? old.replaced() : 0;
    }

    private boolean replaces() {
        return state.task().mode() == BackfillMode.REPLACE;
    }

    /** All of the branch, but for those that main has every row of. */
    private List<DataFile> files() {
        List<DataFile> files = new ArrayList<>(added);
        if (!replaces()) {
            List<String> whole =
                    deletes.dropped().stream().map(DataFile::location).toList();
            files.removeIf(file -> whole.contains(file.location()));
        }
        return files;
    }

    /**
     * @param from the state as it is now
     * @param to the state when it has taken effect
     */
    JobCommit commit(BackfillState from, BackfillState to) {
        TreeMap<String, String> summary = new TreeMap<>();
        summary.put(BackfillState.SUMMARY_KEY, state.id());
        summary.put(ChunkCommit.SPANS, ChunkCommit.json(spans));
        TreeMap<SourcePartition, Long> covered = new TreeMap<>();
        spans.forEach((partition, span) -> covered.put(state.task().partition(partition), span.end()));
        PropertySwap swap = Backfills.swap(from, to);
        List<FileSchema> written = schemas();
        requireFit(written);
        // The branch's files are the branch's still where this does not take effect.
        return JobCommit.carrying(id, Operation.BACKFILL, summary, this::change, deletes.locations())
                .of(state.task().pipeline())
                .writtenFor(written)
                .with(new PropertySwap(swap.key(), swap.expected(), swap.value(), covered));
    }

    /** Of the branch's snapshots: each chunk was committed to columns that it fitted. */
    private List<FileSchema> schemas() {
        long base = state.task().branch().orElseThrow().sequence();
        Set<Integer> ids = new TreeSet<>();
        for (Snapshot each = branch; each != null && each.sequenceNumber() > base; each = Line.parent(table, each)) {
            Integer id = each.schemaId();
            if (id != null) {
                ids.add(id);
            }
        }
        return table.schemas().values().stream()
                .filter(schema -> ids.contains(schema.schemaId()))
                .map(schema -> new FileSchema(schema, List.of(), FileSchema.Values.BY_ID))
                .toList();
    }

    private void requireFit(List<FileSchema> written) {
        List<String> differences = FileSchema.differences(written, table.schema(), table.specs());
        if (!differences.isEmpty()) {
            throw FirnException.user(
                    "branch-outdated",
                    "the table's columns were changed, and the branch's files do not fit them: "
                            + String.join("; ", differences),
                    "table " + table.name() + ", branch " + Line.branch(state),
                    "drop the backfill, and begin another");
        }
    }

    private SnapshotUpdate<?> change(Transaction transaction) {
        String name = Line.branch(state);
        ChunkCommit.requireHead(transaction.table(), name, branch);
        Snapshot unchanged = ChunkCommit.unchangedUpTo(transaction.table(), main);
        // A REST catalog checks the head of a branch that is set, and nothing of one that is only removed.
        transaction.manageSnapshots().setMaxRefAgeMs(name, Long.MAX_VALUE - 1).commit();
        transaction.manageSnapshots().removeBranch(name).commit();
        ManifestMerges.leaveOut(transaction);
        return ChunkCommit.swapped(
                transaction,
                unchanged,
                LiveRows.filter(state.task().topic(), spans),
                files(),
                replaces() ? deletes.dropped() : List.of(),
                deletes);
    }

    /** Removes what it wrote; not where its commit was tried. */
    void discard() {
        UncommittedFiles.delete(table.io(), deletes.locations(), "deletes of a publication that was given up");
    }
}
