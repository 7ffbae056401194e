package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.NotFoundException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JobCommitterTest {
    private static final String NAME = "shop.orders";

    private final InMemoryTables tables = new InMemoryTables();
    private JobCommitter jobs;
    private DataFile first;
    private DataFile second;

    @BeforeEach
    void tableWithTwoFiles() {
        tables.create(NAME, TableCommitterContractTest.SCHEMA, TableCommitterContractTest.UNPARTITIONED, Map.of());
        TableCommitter ingestion = ingestion();
        first = Commits.file(tables.open(NAME));
        second = Commits.file(tables.open(NAME));
        ingestion.attempt(Commits.start(0, 0));
        ingestion.attempt(Commits.append(List.of(first), P0, 0, 10));
        ingestion.attempt(Commits.append(List.of(second), P1, 0, 10));
        jobs = new JobCommitter(tables.open(NAME), new Random(7));
    }

    @Test
    void aRewriteCarriesTheWholeLedger() {
        Ledger before = ledger();
        JobOutcome outcome = jobs.attempt(rewrite(compacted()));

        assertThat(outcome).isInstanceOf(JobOutcome.Committed.class);
        assertThat(ledger()).isEqualTo(before);
        Snapshot head = head();
        assertThat(head.summary())
                .containsEntry("firn.operation", "rewrite")
                .containsEntry("firn.ranges", "{}")
                .containsKey("firn.offsets")
                .containsEntry("job-key", "job value");
        assertThat(table().properties())
                .containsEntry("firn.offsets", head.summary().get("firn.offsets"))
                .containsEntry("firn.offsets-snapshot-id", Long.toString(head.snapshotId()));
    }

    @Test
    void ingestionGoesOnOverARewrite() {
        jobs.attempt(rewrite(compacted()));
        assertThat(ingestion().attempt(Commits.append(List.of(Commits.file(table())), P0, 10, 20)))
                .isInstanceOf(CommitOutcome.Committed.class);
        assertThat(jobs.attempt(rewrite(compacted()))).isInstanceOf(JobOutcome.Invalid.class);
    }

    @Test
    void aRewriteOfAFileThatIsGoneIsInvalidAndItsFilesAreRemoved() {
        DataFile compacted = compacted();
        table().newDelete().deleteFile(first).commit();

        assertThat(jobs.attempt(rewrite(compacted))).isInstanceOf(JobOutcome.Invalid.class);
        assertThat(exists(compacted)).isFalse();
        assertThat(exists(second)).isTrue();
    }

    @Test
    void aLostAnswerIsFoundByTheCommitsId() {
        JobCommit commit = rewrite(compacted());
        tables.loseNextReply();
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Undecided.class);

        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Committed.class);
        assertThat(table().snapshots()).hasSize(4);
    }

    @Test
    void aConflictIsTriedAgainOnTheNewHead() {
        JobCommit commit = rewrite(compacted());
        tables.conflictNext();
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Undecided.class);
        ingestion().attempt(Commits.append(List.of(Commits.file(table())), P0, 10, 20));

        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Committed.class);
        assertThat(ledger().next(PIPELINE, P0)).hasValue(20);
    }

    @Test
    void aMergeTakesTheLedgerForwardOnceHoweverManyTry() {
        JobCommit mine = merge(10, 15);
        JobCommit theirs = merge(10, 12);
        assertThat(new JobCommitter(tables.open(NAME), new Random(8)).attempt(theirs))
                .isInstanceOf(JobOutcome.Committed.class);

        assertThat(jobs.attempt(mine))
                .isInstanceOfSatisfying(JobOutcome.Fenced.class, fenced -> assertThat(fenced.partitions())
                        .containsExactly(P0));
        assertThat(ledger().next(PIPELINE, P0)).hasValue(12);
        assertThat(mine.newFiles()).noneMatch(this::exists);
    }

    @Test
    void filesStayWhereACommitOfUnknownOutcomeMayStillLand() {
        DataFile compacted = compacted();
        JobCommit commit = rewrite(compacted);
        tables.landLate();
        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Undecided.class);
        table().newDelete().deleteFile(first).commit();

        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Invalid.class);
        assertThat(exists(compacted)).isTrue();
    }

    @Test
    void aMergeThatWasRolledBackIsNotRepeatedWithItsFiles() {
        JobCommit commit = merge(10, 15);
        tables.loseNextReply();
        jobs.attempt(commit);
        Snapshot landed = head();
        table().manageSnapshots().rollbackTo(landed.parentId()).commit();

        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Fenced.class);
        assertThat(commit.newFiles()).allMatch(this::exists);
    }

    @Test
    void aMergeThatWasRolledBackAndExpiredIsNotRepeatedWithItsFiles() {
        JobCommit commit = merge(10, 15);
        tables.loseNextReply();
        jobs.attempt(commit);
        table().manageSnapshots().rollbackTo(head().parentId()).commit();
        table().newFastAppend().appendFile(compacted()).commit();
        table().expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1)
                .cleanExpiredFiles(false)
                .commit();

        assertThat(jobs.attempt(commit)).isInstanceOf(JobOutcome.Fenced.class);
        assertThat(commit.newFiles()).allMatch(this::exists);
        assertThat(ledger().next(PIPELINE, P0)).hasValue(10);
    }

    private JobCommit rewrite(DataFile compacted) {
        long planned = head().snapshotId();
        TreeMap<String, String> summary = new TreeMap<>();
        summary.put("job-key", "job value");
        return JobCommit.carrying(
                UUID.randomUUID(),
                Operation.REWRITE,
                summary,
                transaction -> transaction
                        .newRewrite()
                        .validateFromSnapshot(planned)
                        .rewriteFiles(Set.of(first, second), Set.of(compacted)),
                List.of(compacted.location()));
    }

    private JobCommit merge(long from, long to) {
        DataFile added = Commits.file(table());
        SortedMap<io.firn.catalog.ledger.SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(P0, PartitionStep.advance(new OffsetRange(from, to), OptionalLong.empty()));
        Function<Transaction, SnapshotUpdate<?>> change =
                transaction -> transaction.newRowDelta().addRows(added);
        return new JobCommit(
                UUID.randomUUID(),
                Operation.MERGE,
                PIPELINE,
                steps,
                new TreeMap<>(),
                change,
                List.of(added.location()));
    }

    private DataFile compacted() {
        return Commits.file(table());
    }

    private TableCommitter ingestion() {
        return new TableCommitter(tables.open(NAME), new Random(3), MissingLedger.REFUSE);
    }

    private Table table() {
        return tables.open(NAME);
    }

    private Snapshot head() {
        Snapshot head = table().currentSnapshot();
        assertThat(head).isNotNull();
        return head;
    }

    private Ledger ledger() {
        return ((LedgerState.Present) LedgerReader.read(table())).ledger();
    }

    private boolean exists(DataFile file) {
        return exists(file.location());
    }

    private boolean exists(String location) {
        try {
            return table().io().newInputFile(location).exists();
        } catch (NotFoundException e) {
            return false;
        }
    }
}
