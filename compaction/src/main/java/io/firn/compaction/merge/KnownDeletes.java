package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * How many rows the table of known deletes has. Each merge writes the number into its snapshot of the keyed table, since
 * without those rows a later merge would bring deleted keys back. Rows of that table are only ever added, so fewer than
 * that tell of a rollback, an older state or a delete by another engine.
 *
 * @param table UUID of the table; a table that was made anew is another one
 */
record KnownDeletes(UUID table, long rows) {
    /** Counts those of a table as it is; empty if its snapshot does not tell. */
    static Optional<KnownDeletes> in(Table deletes) {
        Snapshot head = deletes.currentSnapshot();
        if (head == null) {
            return Optional.of(new KnownDeletes(Tables.uuid(deletes), 0));
        }
        Map<String, String> summary = head.summary();
        try {
            long all = Long.parseLong(summary.get(SnapshotSummary.TOTAL_RECORDS_PROP));
            long deleted = Long.parseLong(summary.getOrDefault(SnapshotSummary.TOTAL_POS_DELETES_PROP, "0"));
            return Optional.of(new KnownDeletes(Tables.uuid(deletes), all - deleted));
        } catch (NumberFormatException leftOutByAnotherEngine) {
            return Optional.empty();
        }
    }

    /** Returns what the last merge wrote down; empty if it is expired or of an older Firn. */
    static Optional<KnownDeletes> recordedIn(Table keyed) {
        Snapshot head = keyed.currentSnapshot();
        if (head == null) {
            return Optional.empty();
        }
        for (Snapshot each : SnapshotUtil.ancestorsOf(head.snapshotId(), keyed::snapshot)) {
            if (Operation.MERGE.summaryValue().equals(each.summary().get(LedgerKeys.OPERATION))) {
                return Optional.ofNullable(each.summary().get(LedgerKeys.KNOWN_DELETES))
                        .flatMap(KnownDeletes::parse);
            }
        }
        return Optional.empty();
    }

    private static Optional<KnownDeletes> parse(String text) {
        String[] parts = text.split(" ", -1);
        try {
            return Optional.of(new KnownDeletes(UUID.fromString(parts[0]), Long.parseLong(parts[parts.length - 1])));
        } catch (IllegalArgumentException changedByHand) {
            return Optional.empty();
        }
    }

    /** The value in a snapshot's summary. */
    String text() {
        return table + " " + rows;
    }

    /**
     * Requires that the table of known deletes has all rows that the keyed table was merged with.
     *
     * @param keyed and {@code deletes}: refreshed, in this order
     * @throws FirnException {@code known-deletes-missing}
     */
    static void require(Table keyed, Table deletes) {
        Optional<KnownDeletes> recorded = recordedIn(keyed);
        Optional<KnownDeletes> found = in(deletes);
        if (recorded.isEmpty()
                || found.isEmpty()
                || !recorded.get().table().equals(found.get().table())) {
            return;
        }
        if (found.get().rows() < recorded.get().rows()) {
            throw FirnException.user(
                    "known-deletes-missing",
                    "the table of known deletes has lost rows, so records that are read again would bring deleted keys"
                            + " back, and nothing is merged",
                    "table " + deletes.name() + ": " + found.get().rows() + " rows, the last merge knew "
                            + recorded.get().rows(),
                    "undo the rollback or the delete, or make the table anew: 'firn rebuild' with its name");
        }
    }
}
