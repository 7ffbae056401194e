package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillBranch;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/** The line of snapshots that a backfill's chunks go to: main's, or that of a branch of its own. Does not refresh. */
final class Line {
    /** Rollbacks are rare; a person who rolls back that often wants to know. */
    private static final int MOST_RESTARTS = 10;

    private Line() {}

    static String branch(BackfillState state) {
        return state.task().branch().map(BackfillBranch::name).orElse(SnapshotRef.MAIN_BRANCH);
    }

    /**
     * The last snapshot. On a branch it is the backfill's own: what others write there would be published with it, or
     * lost.
     *
     * @throws FirnException {@code branch-missing}, {@code branch-changed}
     */
    static @Nullable Snapshot head(Table table, BackfillState state) {
        if (state.task().branch().isEmpty()) {
            return table.currentSnapshot();
        }
        String name = branch(state);
        SnapshotRef ref = table.refs().get(name);
        Snapshot head = ref == null || !ref.isBranch() ? null : table.snapshot(ref.snapshotId());
        if (head == null) {
            throw FirnException.user(
                    "branch-missing",
                    "the backfill's branch is gone: somebody dropped it",
                    "table " + table.name() + ", branch " + name,
                    "drop the backfill, and begin another");
        }
        if (!state.isHead(head)) {
            throw FirnException.user(
                    "branch-changed",
                    "somebody else wrote to the backfill's branch or moved it",
                    "table " + table.name() + ", branch " + name + ", snapshot " + head.snapshotId(),
                    "drop the backfill, and begin another");
        }
        return head;
    }

    /** Main's, as this table object has it. */
    static Ledger ledger(Table table) {
        return LedgerReader.read(table).fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(table.name(), unknown);
        });
    }

    /** How far main's ledger is, by partition of the task. */
    static SortedMap<Integer, Long> ledgerOf(Table table, BackfillState now) {
        Ledger ledger = ledger(table);
        TreeMap<Integer, Long> next = new TreeMap<>();
        now.task()
                .spans()
                .keySet()
                .forEach(partition -> next.put(
                        partition,
                        ledger.next(now.task().pipeline(), now.task().partition(partition))
                                .orElse(0)));
        return next;
    }

    /** Where snapshots expire sooner than chunks follow on each other it would begin again for ever. */
    static void requireFewRestarts(Table table, BackfillState now) {
        if (now.counts().restarts() >= MOST_RESTARTS) {
            throw FirnException.user(
                    "backfill-restarts",
                    "it began again " + MOST_RESTARTS + " times, because the snapshot of its last chunk was gone",
                    "backfill " + now.id() + " of table " + table.name(),
                    "keep snapshots for longer, or see who rolls the table back; then ask for it again");
        }
    }

    /** Not where it was rolled back; and not where its snapshot is gone and nobody can tell: then it is done again. */
    static boolean holds(Table table, @Nullable Snapshot head, UUID commit) {
        for (Snapshot each = head; each != null; each = parent(table, each)) {
            if (commit.toString().equals(each.summary().get(LedgerKeys.COMMIT_ID))) {
                return true;
            }
        }
        return false;
    }

    static @Nullable Snapshot parent(Table table, Snapshot snapshot) {
        Long parent = snapshot.parentId();
        return parent == null ? null : table.snapshot(parent);
    }
}
