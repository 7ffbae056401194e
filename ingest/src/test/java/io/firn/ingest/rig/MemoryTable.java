package io.firn.ingest.rig;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;

/** A table that is only a ledger and a list of files; as strict about steps as the real one. */
public final class MemoryTable implements CommitAttempts {
    private final List<DataFile> files = new ArrayList<>();
    private final List<TableCommit> commits = new ArrayList<>();
    private Ledger ledger = Ledger.empty();
    private boolean isAway;

    /** No attempt is answered until {@link #comeBack}. */
    public synchronized void goAway() {
        isAway = true;
    }

    public synchronized void comeBack() {
        isAway = false;
    }

    @Override
    public synchronized CommitOutcome attempt(TableCommit commit) {
        if (isAway) {
            return new CommitOutcome.Undecided(10, "the catalog is away");
        }
        SortedSet<SourcePartition> wrong = new TreeSet<>();
        Map<SourcePartition, PartitionEntry> entries = new TreeMap<>();
        commit.steps().forEach((partition, step) -> {
            if (!ledger.next(commit.pipeline(), partition).equals(step.expectedNext())) {
                wrong.add(partition);
            }
            entries.put(partition, after(commit.pipeline(), partition, step));
        });
        if (!wrong.isEmpty()) {
            return new CommitOutcome.Fenced(wrong, ledger);
        }
        ledger = ledger.with(commit.pipeline(), entries);
        files.addAll(commit.files());
        commits.add(commit);
        return new CommitOutcome.Committed(commits.size(), ledger);
    }

    private PartitionEntry after(String pipeline, SourcePartition partition, PartitionStep step) {
        PartitionEntry known = ledger.entry(pipeline, partition)
                .orElseGet(() -> PartitionEntry.startingAt(step.range().start()));
        List<OffsetRange> gaps = new ArrayList<>(known.gaps());
        gaps.addAll(step.gaps());
        OptionalLong until = step.until().isPresent() ? step.until() : known.until();
        return new PartitionEntry(known.start(), step.range().end(), until, gaps);
    }

    @Override
    public long waitedMillis() {
        return 0;
    }

    @Override
    public synchronized Ledger refreshedLedger() {
        return ledger;
    }

    @Override
    public Table latest() {
        throw new UnsupportedOperationException("this table has no columns");
    }

    public synchronized List<DataFile> files() {
        return List.copyOf(files);
    }

    public synchronized List<TableCommit> commits() {
        return List.copyOf(commits);
    }
}
