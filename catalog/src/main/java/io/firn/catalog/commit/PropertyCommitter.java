package io.firn.catalog.commit;

import io.firn.catalog.FirnException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitFailedException;

/**
 * Changes table properties without a snapshot, on exactly the metadata in which they were compared. Owns no thread and
 * never waits. Not safe for use by several threads.
 */
public final class PropertyCommitter {
    /** What one attempt came to. */
    public enum Outcome {
        /** The property has the new value now. */
        COMMITTED,
        /** It has neither the expected value nor the new one. */
        CHANGED,
        /** Conflict, or nobody knows: ask again. Where it landed after all the next attempt says so. */
        UNDECIDED
    }

    private final String name;
    private final TableOperations table;
    private final Backoff backoff;
    private int failures;
    private int conflicts;

    /**
     * @param table as a catalog opened it; refreshed by this committer, so give it one of its own
     * @param random for the jitter of the back-off
     */
    public PropertyCommitter(Table table, RandomGenerator random) {
        this.name = table.name();
        this.table = ((HasTableOperations) table).operations();
        this.backoff = new Backoff(random);
    }

    /**
     * @param swap what it asks of the ledger is not looked at
     * @param dropped properties that go with it, where they are there
     * @throws FirnException when no attempt can ever succeed: the table was dropped, access was refused
     */
    public Outcome attempt(PropertySwap swap, Set<String> dropped) {
        return attempt(swap, dropped, BranchChange.NONE);
    }

    /**
     * As {@link #attempt(PropertySwap, Set)}, and what becomes of a branch with it.
     *
     * @throws FirnException also {@code branch-exists}
     */
    @SuppressWarnings("IllegalCatch") // catalogs throw what they like
    public Outcome attempt(PropertySwap swap, Set<String> dropped, BranchChange branch) {
        try {
            TableMetadata base = table.refresh();
            if (base == null) {
                throw Failures.tableMissing(name, null);
            }
            if (swap.isDone(base)) {
                return Outcome.COMMITTED;
            }
            if (!swap.expected().equals(Optional.ofNullable(base.properties().get(swap.key()))) || !branch.fits(base)) {
                return Outcome.CHANGED;
            }
            table.commit(base, changed(base, swap, dropped, branch));
            return Outcome.COMMITTED;
        } catch (CommitFailedException conflict) {
            failures = 0;
            conflicts++;
            return Outcome.UNDECIDED;
        } catch (FirnException permanent) {
            throw permanent;
        } catch (RuntimeException failure) {
            Optional<FirnException> permanent = Failures.permanent(name, "table " + name, failure);
            if (permanent.isPresent()) {
                throw permanent.get();
            }
            failures++;
            return Outcome.UNDECIDED;
        }
    }

    /** How long to wait before the next attempt. */
    public long delayMillis() {
        return failures > 0 ? backoff.afterFailure(failures) : backoff.afterConflict(Math.max(1, conflicts));
    }

    private static TableMetadata changed(
            TableMetadata base, PropertySwap swap, Set<String> dropped, BranchChange branch) {
        Map<String, String> set = new HashMap<>();
        Set<String> removed = new HashSet<>(dropped);
        swap.value().ifPresentOrElse(value -> set.put(swap.key(), value), () -> removed.add(swap.key()));
        TableMetadata.Builder metadata =
                TableMetadata.buildFrom(base).setProperties(set).removeProperties(removed);
        branch.apply(metadata, base);
        return metadata.build();
    }
}
