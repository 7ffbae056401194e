package io.firn.catalog.commit;

import io.firn.catalog.FirnException;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;

/**
 * What becomes of a branch in the same version of the metadata as something else.
 *
 * @param branch its name; empty text where none changes
 * @param snapshot where a new one begins, or the head that one to be dropped must have
 */
public record BranchChange(Kind kind, String branch, long snapshot) {
    /** What is done to it. */
    public enum Kind {
        NONE,
        CREATE,
        DROP
    }

    /** No branch changes. */
    public static final BranchChange NONE = new BranchChange(Kind.NONE, "", 0);

    /** Nobody's expiry of branches takes it, whatever the table says of their age. */
    private static final long FOR_EVER = Long.MAX_VALUE;

    public static BranchChange create(String branch, long snapshot) {
        return new BranchChange(Kind.CREATE, branch, snapshot);
    }

    /** One that is gone by then stays gone. */
    public static BranchChange drop(String branch, long head) {
        return new BranchChange(Kind.DROP, branch, head);
    }

    /** Whether it can still be done as it was meant. */
    boolean fits(TableMetadata base) {
        SnapshotRef ref = base.ref(branch);
        return switch (kind) {
            case NONE -> true;
            case CREATE -> {
                if (ref != null) {
                    throw FirnException.user(
                            "branch-exists",
                            "the table has a " + (ref.isBranch() ? "branch" : "tag") + " of that name already",
                            branch,
                            "choose another name, or drop it");
                }
                yield base.snapshot(snapshot) != null;
            }
            case DROP -> ref == null || ref.snapshotId() == snapshot;
        };
    }

    void apply(TableMetadata.Builder metadata, TableMetadata base) {
        SnapshotRef ref = base.ref(branch);
        if (kind == Kind.CREATE) {
            metadata.setRef(
                    branch,
                    SnapshotRef.branchBuilder(snapshot).maxRefAgeMs(FOR_EVER).build());
        } else if (kind == Kind.DROP && ref != null) {
            touch(metadata, ref);
            metadata.removeRef(branch);
        }
    }

    /** A REST catalog checks the head of what is set, and nothing of what is only removed. */
    private void touch(TableMetadata.Builder metadata, SnapshotRef ref) {
        metadata.setRef(
                branch, SnapshotRef.builderFrom(ref).maxRefAgeMs(FOR_EVER - 1).build());
    }
}
