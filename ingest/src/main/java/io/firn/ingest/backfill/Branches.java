package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillBranch;
import io.firn.catalog.backfill.BackfillRules;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;

/** Where branches of backfills begin. */
final class Branches {
    /** What every engine takes in a query without a second thought. */
    private Branches() {}

    /**
     * A branch at the head of the table as it was refreshed last; not made yet.
     *
     * @throws FirnException {@code branch-invalid}, {@code branch-exists}
     */
    static BackfillBranch begin(Table table, String name) {
        if (!BackfillRules.isBranch(name)) {
            throw FirnException.user(
                    "branch-invalid",
                    "a branch is named with letters, digits, '_', '.' and '-', and not main",
                    "branch " + name,
                    "choose another name");
        }
        if (table.refs().containsKey(name)) {
            throw FirnException.user(
                    "branch-exists",
                    "the table has a branch or tag of that name already",
                    "table " + table.name() + ", branch " + name,
                    "choose another name, or drop it");
        }
        Snapshot head = table.currentSnapshot();
        if (head == null || TableUtil.formatVersion(table) < 2) {
            throw FirnException.user(
                    "branch-unsupported",
                    "a table of format 1 does not tell which files are of a branch",
                    "table " + table.name(),
                    "leave the branch out, or upgrade the table to format 2");
        }
        return new BackfillBranch(name, head.snapshotId(), head.sequenceNumber());
    }
}
