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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.Transactions;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.jspecify.annotations.Nullable;

/**
 * Commits to one table as {@link CommitAttempts} says. Not safe for use by several threads.
 *
 * <p>Appends are fast appends: one small manifest a commit, nothing read back. Bringing manifests together is
 * maintenance's work, not ingestion's.
 */
public final class TableCommitter implements CommitAttempts {
    private final String name;
    private final TableOperations table;
    private final Backoff backoff;
    private final MissingLedger missingLedger;
    private final Set<Safeguard> safeguards;
    private String where;
    private Progress progress = new Progress(new UUID(0, 0));

    /**
     * @param table as a catalog opened it; refreshed by this committer, so give it one of its own
     * @param random for the jitter of the back-off
     */
    public TableCommitter(Table table, RandomGenerator random, MissingLedger missingLedger) {
        this(table, random, missingLedger, EnumSet.allOf(Safeguard.class));
    }

    TableCommitter(Table table, RandomGenerator random, MissingLedger missingLedger, Set<Safeguard> safeguards) {
        this.name = table.name();
        this.where = "table " + name;
        this.table = operations(table);
        this.backoff = new Backoff(random);
        this.missingLedger = missingLedger;
        this.safeguards = Set.copyOf(safeguards);
    }

    @Override
    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like
    public CommitOutcome attempt(TableCommit commit) {
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
        CommitOutcome settled = settledBefore(commit, base);
        return settled == null ? commitOn(base, commit) : settled;
    }

    @Override
    @SuppressWarnings("IllegalCatch")
    public Ledger refreshedLedger() {
        try {
            return ledgerIn(stateOf(refresh()));
        } catch (FirnException e) {
            throw e;
        } catch (RuntimeException e) {
            throwIfPermanent(e);
            throw FirnException.external(
                    "catalog-unavailable", "the table cannot be read: " + Failures.oneLine(e), "table " + name, "", e);
        }
    }

    /** The outcome, where this metadata already decides it: landed earlier, or fenced. */
    private @Nullable CommitOutcome settledBefore(TableCommit commit, TableMetadata base) {
        History history = new History(base);
        boolean landedAndRolledBack = false;
        if (safeguards.contains(Safeguard.COMMIT_ID_LOOKUP)) {
            Optional<Snapshot> landed = history.inAncestry(commit.id());
            if (landed.isPresent()) {
                return new CommitOutcome.Committed(landed.get().snapshotId(), ledgerIn(stateOf(base)));
            }
            landedAndRolledBack = history.anywhere(commit.id())
                    || progress.unknownSince.stream().anyMatch(history::lostSnapshotAfter);
        }
        Ledger ledger = ledgerIn(stateOf(base));
        if (landedAndRolledBack) {
            // The ledger may fit again, but the expiry of the dead snapshot would take these files with it.
            if (!safeguards.contains(Safeguard.DEFERRED_REMOVAL)) {
                removeFiles(commit);
            }
            return new CommitOutcome.Fenced(new TreeSet<>(commit.steps().keySet()), ledger);
        }
        SortedSet<SourcePartition> misfits = Fence.misfits(commit, ledger, safeguards);
        if (misfits.isEmpty()) {
            return null;
        }
        if (!progress.outcomeUnknown || !safeguards.contains(Safeguard.DEFERRED_REMOVAL)) {
            removeFiles(commit);
        }
        return new CommitOutcome.Fenced(misfits, ledger);
    }

    @SuppressWarnings("IllegalCatch")
    private CommitOutcome commitOn(TableMetadata base, TableCommit commit) {
        LedgerState state = stateOf(base);
        Ledger ledger = LedgerAdvance.after(commit, ledgerIn(state), safeguards);
        Optional<Instant> watermark = LedgerAdvance.watermark(ledger, watermarkIn(state));
        OneShotOperations once = new OneShotOperations(table, base, commit.id());
        try {
            Transaction transaction = Transactions.newTransaction(name, once);
            long snapshotId = append(transaction, base, commit, LedgerCodec.write(ledger), watermark);
            transaction.commitTransaction();
            return new CommitOutcome.Committed(snapshotId, ledger);
        } catch (CommitConflictException e) {
            return undecided("somebody else committed first", e);
        } catch (CommitStateUnknownException e) {
            progress.outcomeUnknown = true;
            progress.unknownSince.add(base.lastSequenceNumber());
            throwIfPermanent(e);
            return undecided("the outcome is unknown", e);
        } catch (RuntimeException e) {
            if (once.wasHandedOver()) {
                progress.outcomeUnknown = true;
                progress.unknownSince.add(base.lastSequenceNumber());
            }
            throwIfPermanent(e);
            return undecided("the commit could not be prepared", e);
        }
    }

    /** Rows and ledger into one transaction; returns the snapshot's id. */
    private long append(
            Transaction transaction,
            TableMetadata base,
            TableCommit commit,
            String ledger,
            Optional<Instant> watermark) {
        CallerThread here = new CallerThread();
        AppendFiles append = transaction.newFastAppend().scanManifestsWith(here).writeManifestsWith(here, 1);
        commit.files().forEach(append::appendFile);
        return CarriedLedger.stage(
                        transaction, base, append, CommitSummary.keys(commit, ledger, watermark), ledger, watermark)
                .snapshotId();
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
        return LedgerReader.read(
                metadata,
                table.io(),
                name,
                safeguards.contains(Safeguard.PROPERTY_FALLBACK) ? PropertyFallback.USED : PropertyFallback.IGNORED);
    }

    private Ledger ledgerIn(LedgerState state) {
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            if (missingLedger == MissingLedger.ADOPT && !unknown.lost()) {
                return Ledger.empty();
            }
            throw LedgerReader.noLedger(name, unknown);
        });
    }

    private static Optional<Instant> watermarkIn(LedgerState state) {
        return state.fold(LedgerState.Present::watermark, fresh -> Optional.empty(), unknown -> Optional.empty());
    }

    private void removeFiles(TableCommit commit) {
        List<String> paths = commit.files().stream().map(ContentFile::location).toList();
        if (!paths.isEmpty()) {
            CatalogUtil.deleteFiles(table.io(), paths, "fenced data", false);
        }
    }

    private void throwIfPermanent(Throwable failure) {
        Optional<FirnException> permanent = Failures.permanent(name, where, failure);
        if (permanent.isPresent()) {
            throw permanent.get();
        }
    }

    private CommitOutcome undecided(String what, Throwable cause) {
        progress.failures++;
        return new CommitOutcome.Undecided(
                backoff.delayMillis(progress.failures), "table " + name + ": " + what + ": " + Failures.oneLine(cause));
    }

    private static TableOperations operations(Table table) {
        if (table instanceof HasTableOperations) {
            return ((HasTableOperations) table).operations();
        }
        throw FirnException.internal(
                "table-not-writable",
                "a " + table.getClass().getSimpleName() + " gives no access to its metadata",
                "table " + table.name());
    }

    /** What the attempts at one commit came to so far. */
    private static final class Progress {
        private final UUID commitId;
        private int failures;
        /** From then on the commit may be in the table, or still get there, whatever later attempts say. */
        private boolean outcomeUnknown;
        /** The last sequence numbers of the metadata that commits of unknown outcome were tried on. */
        private final Set<Long> unknownSince = new TreeSet<>();

        Progress(UUID commitId) {
            this.commitId = commitId;
        }
    }
}
