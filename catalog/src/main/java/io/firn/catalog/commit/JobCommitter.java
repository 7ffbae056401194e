package io.firn.catalog.commit;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerReader.PropertyFallback;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.catalog.schema.FileSchema;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.Transactions;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.ValidationException;
import org.jspecify.annotations.Nullable;

/**
 * Commits of jobs, and the protocol of every commit, ingestion's included ({@link TableCommitter}): one attempt a call,
 * the commit's id looked for first, the ledger checked and carried, swapped in once on exactly the metadata that was
 * read.
 *
 * <p>What a job planned on may have changed by then; the change's own validations find out, and the outcome is
 * {@link JobOutcome.Invalid}.
 *
 * <p>Owns no thread and waits for nothing but its turn. Not safe for use by several threads. After
 * {@link JobOutcome.Undecided} the caller asks again with the same commit, or leaves its files to the orphan job; it
 * must not remove them itself.
 */
public final class JobCommitter {
    private final String name;
    private final TableOperations table;
    private final Backoff backoff;
    private final MissingLedger missingLedger;
    private final Set<Safeguard> safeguards;
    private final CommitTurn turn;
    private volatile @Nullable Table latest;
    private @Nullable String uuid;
    private String where;
    private Progress progress = new Progress(new UUID(0, 0));
    private long waitedMillis;

    /**
     * @param table as a catalog opened it; refreshed by this committer, so give it one of its own
     * @param random for the jitter of the back-off
     */
    public JobCommitter(Table table, RandomGenerator random) {
        this(table, random, CommitTurn.NONE);
    }

    /** @param turn shared with the others of this process that commit to the table */
    public JobCommitter(Table table, RandomGenerator random, CommitTurn turn) {
        this(table, random, MissingLedger.REFUSE, EnumSet.allOf(Safeguard.class), turn);
    }

    JobCommitter(
            Table table,
            RandomGenerator random,
            MissingLedger missingLedger,
            Set<Safeguard> safeguards,
            CommitTurn turn) {
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
        this.missingLedger = missingLedger;
        this.safeguards = Set.copyOf(safeguards);
        this.turn = turn;
    }

    /**
     * @throws FirnException when no attempt can ever succeed: the table was dropped, it has rows and no ledger, access
     *     was refused
     */
    public JobOutcome attempt(JobCommit commit) {
        return turn.take(millis -> waitedMillis = millis, () -> attemptNow(commit));
    }

    /** As {@link CommitAttempts#waitedMillis}. */
    long waitedMillis() {
        return waitedMillis;
    }

    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like
    private JobOutcome attemptNow(JobCommit commit) {
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

    /** As {@link CommitAttempts#refreshedLedger}. */
    @SuppressWarnings("IllegalCatch")
    Ledger refreshedLedger() {
        try {
            return ledgerIn(stateOf(refresh()));
        } catch (FirnException e) {
            throw e;
        } catch (RuntimeException e) {
            throwIfPermanent(e);
            throw FirnException.external(
                    "catalog-unavailable", "the table cannot be read: " + FailureText.of(e), "table " + name, "", e);
        }
    }

    /** As {@link CommitAttempts#latest}. */
    Table latest() {
        Table known = latest;
        return known == null ? pinned(table.current()) : known;
    }

    private Table pinned(TableMetadata metadata) {
        return new BaseTable(new PinnedOperations(table, metadata), name);
    }

    /** The outcome, where this metadata already decides it: landed earlier, or fenced. */
    private @Nullable JobOutcome settledBefore(JobCommit commit, TableMetadata base) {
        History history = new History(base, commit.branch());
        boolean landedAndRolledBack = false;
        if (safeguards.contains(Safeguard.COMMIT_ID_LOOKUP)) {
            Optional<Snapshot> landed = history.inAncestry(commit.id());
            if (landed.isPresent()) {
                return new JobOutcome.Committed(landed.get().snapshotId(), ledgerIn(stateOf(base)));
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
            return new JobOutcome.Fenced(new TreeSet<>(), ledger);
        }
        SortedSet<SourcePartition> misfits = Fence.misfits(commit.advance(), ledger, safeguards);
        boolean moves = commit.claim().renamedFrom().isPresent();
        boolean claimFits = !moves || commit.claim().isDue(commit.pipeline(), ledger);
        if (!misfits.isEmpty() || !claimFits || !commit.swap().fits(base, commit.pipeline(), ledger)) {
            removeUnreferenced(commit);
            return new JobOutcome.Fenced(misfits, ledger);
        }
        List<String> differences = FileSchema.differences(commit.schemas(), base.schema(), base.specsById());
        if (!differences.isEmpty() && safeguards.contains(Safeguard.SCHEMA_FENCE)) {
            removeUnreferenced(commit);
            return new JobOutcome.SchemaChanged(String.join("; ", differences));
        }
        return null;
    }

    @SuppressWarnings("IllegalCatch")
    private JobOutcome commitOn(TableMetadata base, JobCommit commit) {
        LedgerState state = stateOf(base);
        TableCommit advance = commit.advance();
        Ledger ledger =
                LedgerAdvance.after(advance, advance.claim().applied(advance.pipeline(), ledgerIn(state)), safeguards);
        Optional<Instant> watermark = LedgerAdvance.watermark(ledger, watermarkIn(state));
        OneShotOperations once = new OneShotOperations(table, base, commit.id(), commit.branch());
        try {
            // Iceberg would make a branch that is not there, of nothing.
            ValidationException.check(
                    commit.branch().equals(SnapshotRef.MAIN_BRANCH) || base.ref(commit.branch()) != null,
                    "The branch %s is gone",
                    commit.branch());
            Transaction transaction = Transactions.newTransaction(name, once);
            SnapshotUpdate<?> update = commit.change().apply(transaction);
            String json = LedgerCodec.write(ledger);
            Map<String, String> summary = new TreeMap<>(commit.summary());
            summary.putAll(CommitSummary.keys(advance, json, watermark));
            Snapshot snapshot = commit.branch().equals(SnapshotRef.MAIN_BRANCH)
                    ? CarriedLedger.stage(transaction, base, update, summary, json, watermark)
                    : CarriedLedger.stageOnBranch(transaction, base, update, summary, commit.branch());
            stage(transaction, commit.swap());
            ManifestMerges.restore(transaction, base);
            transaction.commitTransaction();
            return new JobOutcome.Committed(snapshot.snapshotId(), ledger);
        } catch (CommitConflictException e) {
            progress.failures = 0;
            progress.conflicts++;
            return undecided(backoff.afterConflict(progress.conflicts), "somebody else committed first", e);
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
            return new JobOutcome.Invalid(FailureText.of(e));
        } catch (RuntimeException e) {
            if (once.wasHandedOver()) {
                outcomeUnknownOn(base);
            }
            throwIfPermanent(e);
            return undecided(
                    Failures.isClockBehind(e)
                            ? "its last snapshot is from more than a minute later than this machine's clock says"
                            : "the commit could not be prepared",
                    e);
        }
    }

    private static void stage(Transaction transaction, PropertySwap swap) {
        if (swap.key().isEmpty()) {
            return;
        }
        UpdateProperties properties = transaction.updateProperties();
        swap.value().ifPresentOrElse(value -> properties.set(swap.key(), value), () -> properties.remove(swap.key()));
        properties.commit();
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
        if (uuid != null && !uuid.equals(metadata.uuid())) {
            throw Failures.tableReplaced(name, null);
        }
        uuid = metadata.uuid();
        latest = pinned(metadata);
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

    /** Once an outcome was unknown, the commit may be in the table, or still get there, whatever later attempts say. */
    private void removeUnreferenced(JobCommit commit) {
        if (!progress.outcomeUnknown || !safeguards.contains(Safeguard.DEFERRED_REMOVAL)) {
            removeFiles(commit);
        }
    }

    private void removeFiles(JobCommit commit) {
        UncommittedFiles.delete(table.io(), commit.newFiles(), "files of a refused commit");
    }

    private void throwIfPermanent(Throwable failure) {
        Optional<FirnException> permanent = Failures.permanent(name, where, failure);
        if (permanent.isPresent()) {
            throw permanent.get();
        }
    }

    private JobOutcome undecided(String what, Throwable cause) {
        progress.failures++;
        return undecided(backoff.afterFailure(progress.failures), what, cause);
    }

    private JobOutcome undecided(long delayMillis, String what, Throwable cause) {
        return new JobOutcome.Undecided(delayMillis, "table " + name + ": " + what + ": " + FailureText.of(cause));
    }

    /** What the attempts at one commit came to so far. */
    private static final class Progress {
        private final UUID commitId;
        private int failures;
        private int conflicts;
        private boolean outcomeUnknown;
        /** The last sequence numbers of the metadata that commits of unknown outcome were tried on. */
        private final Set<Long> unknownSince = new TreeSet<>();

        Progress(UUID commitId) {
            this.commitId = commitId;
        }
    }
}
