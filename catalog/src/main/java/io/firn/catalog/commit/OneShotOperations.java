package io.firn.catalog.commit;

import java.util.OptionalLong;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;

/**
 * A table pinned to the metadata whose ledger was checked: {@link #refresh} does not move, so that nothing is rebased,
 * and {@link #commit} goes to the catalog exactly once.
 *
 * <p>The library's idea of a clean failure is not ours. A client below it may have retried a request that had landed
 * (JDBC after a lost connection, HTTP after a 503), and then a success looks like a conflict. So a conflict is
 * believed only when the refreshed table shows that this commit is not in it; everything else is an unknown outcome,
 * after which the library removes nothing.
 */
final class OneShotOperations extends DelegatingOperations {
    private final UUID commitId;
    private final String branch;
    private final OptionalLong head;
    private TableMetadata pinned;
    private boolean handedOver;

    OneShotOperations(TableOperations table, TableMetadata base, UUID commitId, String branch) {
        super(table);
        this.pinned = base;
        this.commitId = commitId;
        this.branch = branch;
        this.head = headOf(base, branch);
    }

    static OptionalLong headOf(TableMetadata metadata, String branch) {
        Snapshot last = History.head(metadata, branch);
        return last == null ? OptionalLong.empty() : OptionalLong.of(last.snapshotId());
    }

    /** Whether the catalog was asked at all; before that no outcome is unknown. */
    boolean wasHandedOver() {
        return handedOver;
    }

    @Override
    public TableMetadata current() {
        return pinned;
    }

    @Override
    public TableMetadata refresh() {
        return pinned;
    }

    @Override
    @SuppressWarnings("IllegalCatch") // whatever a catalog throws, the outcome is unknown
    public void commit(TableMetadata base, TableMetadata metadata) {
        handedOver = true;
        try {
            table().commit(base, metadata);
        } catch (CommitStateUnknownException e) {
            throw e;
        } catch (CommitFailedException e) {
            settle(e);
        } catch (RuntimeException e) {
            throw new CommitStateUnknownException(e);
        }
        pinned = metadata;
    }

    /** Returns where the commit has landed after all. */
    @SuppressWarnings("IllegalCatch")
    private void settle(CommitFailedException failure) {
        History history;
        try {
            history = new History(table().refresh(), branch);
            if (history.inAncestry(commitId).isPresent()) {
                return;
            }
            if (!history.anywhere(commitId) && history.isCompleteSince(head)) {
                throw new CommitConflictException(failure);
            }
        } catch (CommitConflictException e) {
            throw e;
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
        throw new CommitStateUnknownException(failure);
    }
}
