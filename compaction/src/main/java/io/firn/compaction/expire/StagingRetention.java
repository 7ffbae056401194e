package io.firn.compaction.expire;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.KnownBackfills;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.compaction.Budget;
import io.firn.compaction.CommittingJob;
import io.firn.compaction.Foreign;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.Work;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFiles;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.io.CloseableIterable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes those files out of a staging table that are merged, and older than they are kept. The rows stay in the table's
 * history until its snapshots expire.
 *
 * <p>A file stays as long as the keyed table has a snapshot that lacks any of its rows: whoever rolls the keyed table
 * back to that snapshot, branches and tags included, finds in staging what has to be merged again.
 */
public final class StagingRetention extends CommittingJob {
    public static final String NAME = "staging";
    /** How long merged files stay, for those who look what a keyed row was made of. */
    public static final Duration DEFAULT_KEEP = Duration.ofDays(1);

    private static final Logger LOG = LoggerFactory.getLogger(StagingRetention.class);
    private static final int MOST_REFUSALS = 5;

    private final Table keyed;
    private final Duration keep;
    private final Budget budget;
    private List<DataFile> leaving = List.of();
    private Set<String> backfills = Set.of();
    private int refusals;
    private boolean more;

    /**
     * @param context of the staging table
     * @param keyed a handle of the job's own on the keyed table
     * @param keep age from which on merged files go
     */
    public StagingRetention(JobContext context, Table keyed, Duration keep, Budget budget) {
        super(NAME, context);
        this.keyed = keyed;
        this.keep = keep;
        this.budget = budget;
    }

    @Override
    protected JobTurn plan() {
        meter().begin("plan", Work.NONE);
        leaving = Foreign.call("the staging files can not be listed", context().where(), this::leaving);
        if (leaving.isEmpty()) {
            return end(End.NOTHING, "no file of that age is merged as a whole");
        }
        List<DataFile> files = leaving;
        Set<String> planned = backfills;
        return propose(JobCommit.carrying(
                context().newId(),
                Operation.EXPIRE,
                new TreeMap<>(),
                transaction -> {
                    requireNoOthers(planned, transaction.table());
                    DeleteFiles delete = transaction.newDelete().validateFilesExist();
                    files.forEach(delete::deleteFile);
                    return delete;
                },
                List.of()));
    }

    private List<DataFile> leaving() throws IOException {
        Table staging = context().table();
        staging.refresh();
        keyed.refresh();
        Ledger known = ledger(staging);
        Ledger merged = ledger(keyed);
        if (known.isEmpty() || merged.isEmpty()) {
            return List.of();
        }
        KnownBackfills found = Backfills.known(staging);
        if (!found.unreadable().isEmpty()) {
            // One of them may be of a backfill whose staged rows are not merged yet.
            LOG.warn(
                    "No staged file of {} is removed: {}; remove the table properties",
                    staging.name(),
                    found.unreadable());
            return List.of();
        }
        List<BackfillState> asked = found.states();
        backfills = asked.stream().map(BackfillState::id).collect(Collectors.toSet());
        Set<String> notMerged = MergedBackfills.read(keyed).open(asked);
        List<BackfillTask> open = asked.stream()
                .filter(each -> notMerged.contains(each.id()))
                .map(BackfillState::task)
                .toList();
        MergedFiles rule = new MergedFiles(staging.schema(), known, reachable(merged), open);
        Ages ages = new Ages(staging);
        Instant now = context().clock().instant();
        Instant oldEnough = now.minus(keep);
        List<DataFile> chosen = new ArrayList<>();
        Work work = Work.NONE;
        more = false;
        try (CloseableIterable<FileScanTask> tasks = staging.newScan()
                .includeColumnStats(List.of(
                        SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET, UpsertColumns.TOPIC_ID))
                .planFiles()) {
            for (FileScanTask task : tasks) {
                DataFile file = task.file();
                if (ages.addedAt(file).isAfter(oldEnough) || !rule.isMerged(file)) {
                    continue;
                }
                Work piece = new Work(1, file.fileSizeInBytes(), file.recordCount());
                if (!budget.allows(work, piece, now, now)) {
                    more = true;
                    break;
                }
                work = work.plus(piece);
                chosen.add(file);
            }
        }
        return chosen;
    }

    /** Ledgers of the head and of every snapshot that the keyed table can be rolled back to. */
    private Set<Ledger> reachable(Ledger head) {
        Set<Ledger> ledgers = new HashSet<>();
        ledgers.add(head);
        for (Snapshot each : keyed.snapshots()) {
            // Another engine's snapshot has its ancestor's ledger, which is one of these or is gone for good.
            String text = each.summary().get(LedgerKeys.OFFSETS);
            if (text != null) {
                ledgers.add(LedgerCodec.read(text, "snapshot " + each.snapshotId() + " of " + keyed.name()));
            }
        }
        return ledgers;
    }

    /** A backfill that was asked for meanwhile may rest on rows of the files, and find that it has nothing to add. */
    private static void requireNoOthers(Set<String> planned, Table base) {
        for (BackfillState each : Backfills.read(base)) {
            if (!planned.contains(each.id())) {
                throw new ValidationException("Backfill %s has begun since", each.id());
            }
        }
    }

    private static Ledger ledger(Table table) {
        LedgerState state = LedgerReader.read(table);
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }

    @Override
    protected JobTurn committed(long snapshotId) {
        figures().replaced(work(leaving), Work.NONE);
        return more ? end(End.BUDGET, "the budget is used up; more is to do") : end(End.DONE, "");
    }

    @Override
    protected JobTurn refused() {
        refusals++;
        figures().count("refused", 1);
        return refusals < MOST_REFUSALS
                ? JobTurn.AT_ONCE
                : end(End.YIELDED, "others changed the same files " + refusals + " times in a row");
    }

    private static Work work(List<DataFile> files) {
        Work work = Work.NONE;
        for (DataFile file : files) {
            work = work.plus(new Work(1, file.fileSizeInBytes(), file.recordCount()));
        }
        return work;
    }

    /** When files came, as far as the history tells; at the latest with the oldest snapshot where it tells nothing. */
    private static final class Ages {
        private final Map<Long, Long> bySequence = new HashMap<>();
        private long oldest = Long.MAX_VALUE;

        Ages(Table table) {
            for (Snapshot snapshot : table.snapshots()) {
                bySequence.put(snapshot.sequenceNumber(), snapshot.timestampMillis());
                oldest = Math.min(oldest, snapshot.timestampMillis());
            }
        }

        Instant addedAt(DataFile file) {
            Long sequence = file.dataSequenceNumber();
            return Instant.ofEpochMilli(bySequence.getOrDefault(sequence == null ? 0 : sequence, oldest));
        }
    }
}
