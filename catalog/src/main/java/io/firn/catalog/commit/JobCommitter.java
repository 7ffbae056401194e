package io.firn.catalog.commit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerReader.PropertyFallback;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.Transactions;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.ValidationException;
import org.jspecify.annotations.Nullable;

/**
 * Commits of jobs, by the same protocol as ingestion's: one attempt a call, the commit's id looked for first, the ledger
 * checked and carried, swapped in once on exactly the metadata that was read. What a job planned on may have changed by
 * then; the change's own validations find out, and the outcome is {@link JobOutcome.Invalid}.
 *
 * <p>Owns no thread and never waits. Not safe for use by several threads. After {@link JobOutcome.Undecided} the caller
 * asks again with the same commit, or leaves its files to the orphan job; it must not remove them itself.
 */
public final class JobCommitter {
    private static final Set<Safeguard> ALL = EnumSet.allOf(Safeguard.class);

    private final String name;
    private final TableOperations table;
    private final Backoff backoff;
    private String where;
    private Progress progress = new Progress(new UUID(0, 0));

    /**
     * @param table as a catalog opened it; refreshed by this committer, so give it one of its own
     * @param random for the jitter of the back-off
     */
    public JobCommitter(Table table, RandomGenerator random) {
        if (!(table instanceof HasTableOperations)) {
            throw FirnException.internal(
                    "table-not-writable",
                    "a " + table.getClass().getSimpleName() + " gives no access to its metadata",
                    "table " + table.name());
        }
        this.name = table.name();
        this.where = "table " + name;
        this.table = ((HasTableOperations) table).operations();
        this.backoff = new Backoff(random);
    }

    /**
     * @throws FirnException when no attempt can ever succeed: the table was dropped, it has rows and no ledger, access
     *     was refused
     */
    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like
    public JobOutcome attempt(JobCommit commit) {
        if (!progress.commitId.equals(commit.id())) {
            progress = new Progress(commit.id());
        }
        TableMetadata base;
        try {
            base = refresh();
        } catch (FirnException e) {
            throw e;
        } catch (RuntimeException e) {
            throwIfPermanent(e);
            return undecided("the table cannot be read", e);
        }
        JobOutcome settled = settledBefore(commit, base);
        return settled == null ? commitOn(base, commit) : settled;
    }

    /** The outcome, where this metadata already decides it. */
    private @Nullable JobOutcome settledBefore(JobCommit commit, TableMetadata base) {
        History history = new History(base);
        Optional<Snapshot> landed = history.inAncestry(commit.id());
        if (landed.isPresent()) {
            return new JobOutcome.Committed(landed.get().snapshotId(), ledgerIn(stateOf(base)));
        }
        Ledger ledger = ledgerIn(stateOf(base));
        if (history.anywhere(commit.id()) || progress.unknownSince.stream().anyMatch(history::lostSnapshotAfter)) {
            // Its files belong to a snapshot that was rolled back; the expiry of that one takes them with it.
            return new JobOutcome.Fenced(new TreeSet<>(), ledger);
        }
        SortedSet<SourcePartition> misfits = Fence.misfits(commit.advance(), ledger, ALL);
        if (misfits.isEmpty()) {
            return null;
        }
        removeUnreferenced(commit);
        return new JobOutcome.Fenced(misfits, ledger);
    }

    @SuppressWarnings("IllegalCatch")
    private JobOutcome commitOn(TableMetadata base, JobCommit commit) {
        LedgerState state = stateOf(base);
        TableCommit advance = commit.advance();
        Ledger ledger = LedgerAdvance.after(advance, ledgerIn(state), ALL);
        Optional<Instant> watermark = LedgerAdvance.watermark(ledger, watermarkIn(state));
        OneShotOperations once = new OneShotOperations(table, base, commit.id());
        try {
            Transaction transaction = Transactions.newTransaction(name, once);
            SnapshotUpdate<?> update = commit.change().apply(transaction);
            String json = LedgerCodec.write(ledger);
            Map<String, String> summary = new TreeMap<>(commit.summary());
            summary.putAll(CommitSummary.keys(advance, json, watermark));
            Snapshot snapshot = CarriedLedger.stage(transaction, base, update, summary, json, watermark);
            transaction.commitTransaction();
            return new JobOutcome.Committed(snapshot.snapshotId(), ledger);
        } catch (CommitConflictException e) {
            return undecided("somebody else committed first", e);
        } catch (CommitStateUnknownException e) {
            outcomeUnknownOn(base);
            throwIfPermanent(e);
            return undecided("the outcome is unknown", e);
        } catch (ValidationException e) {
            if (once.wasHandedOver()) {
                outcomeUnknownOn(base);
                return undecided("the outcome is unknown", e);
            }
            removeUnreferenced(commit);
            return new JobOutcome.Invalid(Failures.oneLine(e));
        } catch (RuntimeException e) {
            if (once.wasHandedOver()) {
                outcomeUnknownOn(base);
            }
            throwIfPermanent(e);
            return undecided("the commit could not be prepared", e);
        }
    }

    private void outcomeUnknownOn(TableMetadata base) {
        progress.outcomeUnknown = true;
        progress.unknownSince.add(base.lastSequenceNumber());
    }

    private TableMetadata refresh() {
        TableMetadata metadata = table.refresh();
        if (metadata == null) {
            throw Failures.tableMissing(name, null);
        }
        where = "table " + name + " at " + metadata.location();
        return metadata;
    }

    private LedgerState stateOf(TableMetadata metadata) {
        return LedgerReader.read(metadata, table.io(), name, PropertyFallback.USED);
    }

    private Ledger ledgerIn(LedgerState state) {
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(name, unknown);
        });
    }

    private static Optional<Instant> watermarkIn(LedgerState state) {
        return state.fold(LedgerState.Present::watermark, fresh -> Optional.empty(), unknown -> Optional.empty());
    }

    /** Once an outcome was unknown, the commit may be in the table, or still get there, whatever later attempts say. */
    private void removeUnreferenced(JobCommit commit) {
        if (!progress.outcomeUnknown && !commit.newFiles().isEmpty()) {
            CatalogUtil.deleteFiles(table.io(), commit.newFiles(), "files of a refused job", false);
        }
    }

    private void throwIfPermanent(Throwable failure) {
        Optional<FirnException> permanent = Failures.permanent(name, where, failure);
        if (permanent.isPresent()) {
            throw permanent.get();
        }
    }

    private JobOutcome undecided(String what, Throwable cause) {
        progress.failures++;
        return new JobOutcome.Undecided(
                backoff.delayMillis(progress.failures), "table " + name + ": " + what + ": " + Failures.oneLine(cause));
    }

    /** What the attempts at one commit came to so far. */
    private static final class Progress {
        private final UUID commitId;
        private int failures;
        private boolean outcomeUnknown;
        /** The last sequence numbers of the metadata that commits of unknown outcome were tried on. */
        private final Set<Long> unknownSince = new TreeSet<>();

        Progress(UUID commitId) {
            this.commitId = commitId;
        }
    }
}
