package io.firn.catalog.commit;

import io.firn.catalog.ledger.Ledger;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;

/**
 * Commits to one table as {@link CommitAttempts} says: appends of new records, by the protocol that {@link
 * JobCommitter} holds to. Not safe for use by several threads.
 *
 * <p>Appends are fast appends: one small manifest a commit, nothing read back. Bringing manifests together is
 * maintenance's work, not ingestion's.
 */
public final class TableCommitter implements CommitAttempts {
    private final String name;
    private final JobCommitter protocol;

    /**
     * @param table as a catalog opened it; refreshed by this committer, so give it one of its own
     * @param random for the jitter of the back-off
     */
    public TableCommitter(Table table, RandomGenerator random, MissingLedger missingLedger) {
        this(table, random, missingLedger, CommitTurn.NONE);
    }

    /** @param turn shared with the others of this process that commit to the table */
    public TableCommitter(Table table, RandomGenerator random, MissingLedger missingLedger, CommitTurn turn) {
        this(table, random, missingLedger, EnumSet.allOf(Safeguard.class), turn);
    }

    TableCommitter(Table table, RandomGenerator random, MissingLedger missingLedger, Set<Safeguard> safeguards) {
        this(table, random, missingLedger, safeguards, CommitTurn.NONE);
    }

    private TableCommitter(
            Table table,
            RandomGenerator random,
            MissingLedger missingLedger,
            Set<Safeguard> safeguards,
            CommitTurn turn) {
        this.name = table.name();
        this.protocol = new JobCommitter(table, random, missingLedger, safeguards, turn);
    }

    @Override
    public CommitOutcome attempt(TableCommit commit) {
        JobCommit change = new JobCommit(
                        commit.id(),
                        commit.operation(),
                        commit.pipeline(),
                        commit.steps(),
                        new TreeMap<>(),
                        transaction -> append(transaction, commit),
                        commit.files().stream().map(ContentFile::location).toList())
                .claiming(commit.claim())
                .writtenFor(commit.schemas());
        return protocol.attempt(change).fold(new JobOutcome.Cases<>() {
            @Override
            public CommitOutcome committed(JobOutcome.Committed outcome) {
                return new CommitOutcome.Committed(outcome.snapshotId(), outcome.ledger());
            }

            @Override
            public CommitOutcome fenced(JobOutcome.Fenced outcome) {
                // A commit that landed and was rolled back fits nowhere, whatever the ledger says.
                return new CommitOutcome.Fenced(
                        outcome.partitions().isEmpty()
                                ? new TreeSet<>(commit.steps().keySet())
                                : outcome.partitions(),
                        outcome.ledger());
            }

            @Override
            public CommitOutcome invalid(JobOutcome.Invalid outcome) {
                // An append asks for nothing that another commit could take away.
                throw Failures.impossible(name, outcome.reason(), null);
            }

            @Override
            public CommitOutcome schemaChanged(JobOutcome.SchemaChanged outcome) {
                return new CommitOutcome.SchemaChanged(outcome.reason());
            }

            @Override
            public CommitOutcome undecided(JobOutcome.Undecided outcome) {
                return new CommitOutcome.Undecided(outcome.delayMillis(), outcome.reason());
            }
        });
    }

    private static AppendFiles append(Transaction transaction, TableCommit commit) {
        CallerThread here = new CallerThread();
        AppendFiles append = transaction.newFastAppend().scanManifestsWith(here).writeManifestsWith(here, 1);
        commit.files().forEach(append::appendFile);
        return append;
    }

    @Override
    public long waitedMillis() {
        return protocol.waitedMillis();
    }

    @Override
    public Ledger refreshedLedger() {
        return protocol.refreshedLedger();
    }

    @Override
    public Table latest() {
        return protocol.latest();
    }
}
