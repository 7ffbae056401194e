package io.firn.compaction.expire;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.KnownBackfills;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.util.SnapshotUtil;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots may go. Pure.
 *
 * <p>Of every kept snapshot the nearest ancestor that carries the ledger is kept as well, and all between them, since
 * it is found by going from parent to parent: whatever head somebody rolls back to, its ledger is found.
 */
final class ExpirePlan {
    private ExpirePlan() {}

    /** Ids of the snapshots that may go, oldest first. */
    static List<Long> expired(TableMetadata table, ExpireSettings settings, Instant now) {
        long youngest = now.minus(settings.keepAge()).toEpochMilli();
        Set<Long> kept = new HashSet<>();
        for (SnapshotRef ref : table.refs().values()) {
            kept.add(ref.snapshotId());
            if (ref.isBranch()) {
                keepBranch(table, ref, settings, now, kept);
            }
        }
        List<SpacedHistory.Moment> young = table.snapshots().stream()
                .filter(snapshot -> snapshot.timestampMillis() >= youngest)
                .map(SpacedHistory.Moment::of)
                .toList();
        kept.addAll(SpacedHistory.kept(young, settings.keepOlder(), wholeFrom(table, now)));
        for (long id : List.copyOf(kept)) {
            keepCarrier(table, table.snapshot(id), kept);
        }
        List<Snapshot> expired = new ArrayList<>(table.snapshots());
        expired.removeIf(snapshot -> kept.contains(snapshot.snapshotId()));
        expired.sort(Comparator.comparingLong(Snapshot::timestampMillis).thenComparingLong(Snapshot::sequenceNumber));
        return expired.stream().map(Snapshot::snapshotId).toList();
    }

    /** Whether the head itself carries the ledger, so that nobody's expiry of older snapshots can take it away. */
    static boolean headCarriesLedger(TableMetadata table) {
        Snapshot head = table.currentSnapshot();
        return head == null || head.summary().containsKey(LedgerKeys.OFFSETS);
    }

    /** A branch's own settings come first, as everywhere in Iceberg. */
    private static void keepBranch(
            TableMetadata table, SnapshotRef branch, ExpireSettings settings, Instant now, Set<Long> kept) {
        int least = branch.minSnapshotsToKeep() == null ? settings.keepLast() : branch.minSnapshotsToKeep();
        Long age = branch.maxSnapshotAgeMs();
        long from = age == null ? Long.MAX_VALUE : now.toEpochMilli() - age;
        int seen = 0;
        for (Snapshot each : SnapshotUtil.ancestorsOf(branch.snapshotId(), table::snapshot)) {
            seen++;
            if (seen <= least || each.timestampMillis() >= from) {
                kept.add(each.snapshotId());
            }
        }
    }

    /**
     * A backfill under way looks for its last chunk from parent to parent, and begins again where it finds none: what
     * came after that chunk stays whole as well.
     */
    private static long wholeFrom(TableMetadata table, Instant now) {
        Set<String> lastCommits = new HashSet<>();
        for (BackfillState backfill :
                KnownBackfills.of(table.properties(), table.uuid()).states()) {
            if (backfill.isRunning()) {
                backfill.lastCommit().ifPresent(commit -> lastCommits.add(commit.toString()));
            }
        }
        long from = SpacedHistory.wholeFrom(now);
        for (Snapshot snapshot : table.snapshots()) {
            if (lastCommits.contains(snapshot.summary().getOrDefault(LedgerKeys.COMMIT_ID, ""))) {
                from = Math.min(from, snapshot.timestampMillis());
            }
        }
        return from;
    }

    /** Of a keyed table that took in backfills, merges alone say how far those were when they were made. */
    private static boolean carries(TableMetadata table, Snapshot snapshot) {
        return snapshot.summary().containsKey(LedgerKeys.OFFSETS)
                && (!table.properties().containsKey(LedgerKeys.MERGED_BACKFILLS)
                        || Operation.MERGE
                                .summaryValue()
                                .equals(snapshot.summary().get(LedgerKeys.OPERATION)));
    }

    private static void keepCarrier(TableMetadata table, @Nullable Snapshot snapshot, Set<Long> kept) {
        List<Long> between = new ArrayList<>();
        Snapshot each = snapshot;
        while (each != null) {
            between.add(each.snapshotId());
            if (carries(table, each)) {
                kept.addAll(between);
                return;
            }
            Long parent = each.parentId();
            each = parent == null ? null : table.snapshot(parent);
        }
    }
}
