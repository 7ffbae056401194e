package io.firn.catalog.commit;

import io.firn.catalog.ledger.LedgerKeys;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.UpdateProperties;

/** Puts a staged change and the ledger after it into one transaction. */
final class CarriedLedger {
    private CarriedLedger() {}

    /**
     * Commits the update to the transaction, with the summary keys, and sets the table properties that go with them.
     *
     * @param base what the transaction began on; the update refuses any other
     * @param ledger as JSON
     * @return the new snapshot
     */
    static Snapshot stage(
            Transaction transaction,
            TableMetadata base,
            SnapshotUpdate<?> update,
            Map<String, String> summary,
            String ledger,
            Optional<Instant> watermark) {
        commit(base, update, summary, SnapshotRef.MAIN_BRANCH);
        Snapshot snapshot = transaction.table().currentSnapshot();
        UpdateProperties properties = transaction.updateProperties();
        properties.set(LedgerKeys.OFFSETS, ledger);
        properties.set(LedgerKeys.OFFSETS_SNAPSHOT, Long.toString(snapshot.snapshotId()));
        properties.set(LedgerKeys.WATERMARK_SNAPSHOT, Long.toString(snapshot.snapshotId()));
        // What a commit that was rolled back said must not outlive it.
        watermark.ifPresentOrElse(
                instant -> properties.set(LedgerKeys.WATERMARK, instant.toString()),
                () -> properties.remove(LedgerKeys.WATERMARK));
        properties.commit();
        return snapshot;
    }

    /**
     * Commits the update to the transaction on a branch, with the summary keys but for the ledger and what belongs to
     * it: they tell of main.
     */
    static Snapshot stageOnBranch(
            Transaction transaction,
            TableMetadata base,
            SnapshotUpdate<?> update,
            Map<String, String> summary,
            String branch) {
        TreeMap<String, String> keys = new TreeMap<>(summary);
        keys.keySet().removeAll(Set.of(LedgerKeys.OFFSETS, LedgerKeys.WATERMARK));
        update.toBranch(branch);
        commit(base, update, keys, branch);
        return transaction.table().snapshot(branch);
    }

    private static void commit(
            TableMetadata base, SnapshotUpdate<?> update, Map<String, String> summary, String branch) {
        var head = OneShotOperations.headOf(base, branch);
        summary.forEach(update::set);
        update.validateWith(ancestry -> {
            java.util.Iterator<Snapshot> snapshots = ancestry.iterator();
            return snapshots.hasNext()
                    ? head.isPresent() && head.getAsLong() == snapshots.next().snapshotId()
                    : head.isEmpty();
        });
        update.commit();
    }
}
