package io.firn.catalog.commit;

import io.firn.catalog.ledger.LedgerKeys;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;
import org.jspecify.annotations.Nullable;

/** Questions to the snapshots of one version of a table's metadata. Pure. */
final class History {
    private final TableMetadata metadata;
    private final @Nullable Snapshot last;

    /** @param branch whose head and ancestors are meant; one that is not there has none */
    History(TableMetadata metadata, String branch) {
        this.metadata = metadata;
        this.last = head(metadata, branch);
    }

    static @Nullable Snapshot head(TableMetadata metadata, String branch) {
        SnapshotRef ref = metadata.ref(branch);
        return ref == null ? null : metadata.snapshot(ref.snapshotId());
    }

    /** The snapshot of this commit among the head and its ancestors. */
    Optional<Snapshot> inAncestry(UUID commitId) {
        for (Snapshot each = last; each != null; each = parent(each)) {
            if (isOf(commitId, each)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** Whether any snapshot, also one that was rolled back or lies on a branch, is of this commit. */
    boolean anywhere(UUID commitId) {
        for (Snapshot each : metadata.snapshots()) {
            if (isOf(commitId, each)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a snapshot came right after that sequence number and is not to be seen any more. A commit tried on that
     * metadata may have been it: landed, rolled back and expired, its files with it.
     *
     * @param sequenceNumber the table's last one when the commit was tried; format 1 has none and always answers no
     */
    boolean lostSnapshotAfter(long sequenceNumber) {
        if (metadata.lastSequenceNumber() <= sequenceNumber) {
            return false;
        }
        for (Snapshot each : metadata.snapshots()) {
            if (each.sequenceNumber() == sequenceNumber + 1) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether everything that happened on the branch since that head is still to be seen. Where it is not, a
     * snapshot may have come and been expired, and its files may be in use all the same.
     *
     * @param head a snapshot id, or empty for the state before the first snapshot
     */
    boolean isCompleteSince(OptionalLong head) {
        for (Snapshot each = last; each != null; each = parent(each)) {
            if (head.isPresent() && each.snapshotId() == head.getAsLong()) {
                return true;
            }
            if (each.parentId() == null) {
                return head.isEmpty();
            }
        }
        return last == null && head.isEmpty();
    }

    private @Nullable Snapshot parent(Snapshot snapshot) {
        Long parent = snapshot.parentId();
        return parent == null ? null : metadata.snapshot(parent);
    }

    private static boolean isOf(UUID commitId, Snapshot snapshot) {
        return commitId.toString().equals(snapshot.summary().get(LedgerKeys.COMMIT_ID));
    }
}
