package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.CommitOutcome.Undecided;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the committer promises over any catalog. */
abstract class TableCommitterContractTest {
    static final Schema SCHEMA = new Schema(Types.NestedField.optional(1, "id", Types.LongType.get()));
    static final PartitionSpec UNPARTITIONED = PartitionSpec.unpartitioned();

    private Table writer;
    private TableCommitter committer;

    /** Makes the table that {@link #open} opens; it has no snapshot. */
    abstract void createTable();

    /** A handle of its own, with faults that {@link #faults} arms. */
    abstract Table open();

    abstract Faults faults();

    /** What can go wrong between a committer and its catalog; each counts for the next commit of an opened handle. */
    interface Faults {
        void loseNextReply();

        void dropNextRequest();

        void landLate();

        boolean deliverLate();

        void conflictNext();

        void hideNextSuccess();

        void goAway();

        void comeBack();
    }

    @BeforeEach
    void openTable() {
        createTable();
        writer = open();
        committer = newCommitter();
    }

    @Test
    void theFirstCommitIsAnEmptySnapshotWithTheStartOfEveryPartition() {
        committed(Commits.start(5, 7));

        Snapshot head = head();
        assertThat(head.summary())
                .containsEntry("firn.operation", "append")
                .containsEntry("firn.ranges", "{}")
                .containsEntry("total-records", "0")
                .containsKey("firn.commit-id")
                .doesNotContainKey("firn.watermark");
        assertThat(head.summary().get("firn.offsets"))
                .isEqualTo("{\"orders\":{\"orders\":{\"id\":\"topic-id-1\",\"next\":{\"0\":5,\"1\":7},"
                        + "\"start\":{\"0\":5,\"1\":7}}}}");
        assertThat(next(0)).hasValue(5);
        assertThat(next(1)).hasValue(7);
    }

    @Test
    void rowsAndOffsetsBecomeVisibleInOneSnapshot() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        Committed outcome = committed(commit);

        Snapshot head = head();
        assertThat(outcome.snapshotId()).isEqualTo(head.snapshotId());
        assertThat(outcome.ledger()).isEqualTo(ledgerOfTable());
        assertThat(head.summary())
                .containsEntry("added-records", "10")
                .containsEntry("firn.commit-id", commit.id().toString())
                .containsEntry("firn.ranges", "{\"orders\":{\"orders\":{\"0\":[0,10]}}}");
        Table table = open();
        assertThat(table.properties())
                .containsEntry("firn.offsets", head.summary().get("firn.offsets"));
        assertThat(LedgerCodec.read(head.summary().getOrDefault("firn.offsets", ""), "head")
                        .next(PIPELINE, P0))
                .hasValue(10);
    }

    @Test
    void everySnapshotCarriesThePartitionsThatItDoesNotTouch() {
        committed(Commits.start(0, 3));
        committed(Commits.append(List.of(file()), P0, 0, 10));
        committed(Commits.append(List.of(file()), P1, 3, 4));

        assertThat(next(0)).hasValue(10);
        assertThat(next(1)).hasValue(4);
    }

    @Test
    void aCommitThatDoesNotFollowOnIsFencedAndItsFilesAreRemoved() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(file()), P0, 0, 10));
        DataFile stale = file();

        CommitOutcome outcome = committer.attempt(Commits.append(List.of(stale), P0, 5, 15));

        assertThat(((Fenced) outcome).partitions()).containsExactly(P0);
        assertThat(((Fenced) outcome).ledger().next(PIPELINE, P0)).hasValue(10);
        assertThat(exists(stale)).isFalse();
        assertThat(records()).isEqualTo("10");
    }

    @Test
    void aZombieThatCommittedAPrefixOfTheSameBatchIsFencedThoughItEndsFurtherOn() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(file()), P0, 0, 10));

        assertThat(committer.attempt(Commits.append(List.of(file()), P0, 0, 20)))
                .isInstanceOf(Fenced.class);
    }

    @Test
    void aCommitIsFencedWholeWhenOnePartitionDoesNotFit() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(file()), P1, 0, 5));

        CommitOutcome outcome = committer.attempt(Commits.of(
                Operation.APPEND,
                List.of(file()),
                Commits.steps(
                        PartitionStep.advance(new OffsetRange(0, 10), OptionalLong.empty()),
                        PartitionStep.advance(new OffsetRange(0, 9), OptionalLong.empty()))));

        assertThat(((Fenced) outcome).partitions()).containsExactly(P1);
        assertThat(next(0)).hasValue(0);
    }

    @Test
    void aStartIsNotWrittenDownTwice() {
        committed(Commits.start(0, 0));

        assertThat(committer.attempt(Commits.start(3, 3))).isInstanceOf(Fenced.class);
        assertThat(next(0)).hasValue(0);
    }

    @Test
    void theLedgerIsFoundBehindASnapshotOfAnotherEngine() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(file()), P0, 0, 10));
        foreignAppend();

        committed(Commits.append(List.of(file()), P0, 10, 20));

        assertThat(next(0)).hasValue(20);
        assertThat(next(1)).hasValue(0);
        assertThat(records()).isEqualTo("30");
    }

    @Test
    void theTablePropertyHoldsTheLedgerWhenAnotherEngineExpiredTheAncestors() {
        committed(Commits.start(0, 0));
        committed(Commits.append(List.of(file()), P0, 0, 10));
        foreignAppend();
        expireAllButHead();

        assertThat(((LedgerState.Present) LedgerReader.read(open())).origin()).isEqualTo(LedgerState.Origin.PROPERTY);
        committed(Commits.append(List.of(file()), P0, 10, 20));
        assertThat(next(0)).hasValue(20);
        assertThat(next(1)).hasValue(0);
    }

    @Test
    void aRollbackOfTheTableRollsTheLedgerBack() {
        committed(Commits.start(0, 0));
        long first = committed(Commits.append(List.of(file()), P0, 0, 10)).snapshotId();
        committed(Commits.append(List.of(file()), P0, 10, 20));
        open().manageSnapshots().rollbackTo(first).commit();

        assertThat(next(0)).hasValue(10);
        assertThat(committer.attempt(Commits.append(List.of(file()), P0, 20, 30)))
                .isInstanceOf(Fenced.class);
        committed(Commits.append(List.of(file()), P0, 10, 15));
        assertThat(next(0)).hasValue(15);
    }

    @Test
    void aRollbackToBeforeTheFirstLedgerDoesNotBelieveTheProperty() {
        foreignAppend();
        long foreign = head().snapshotId();
        TableCommitter adopting = new TableCommitter(open(), new Random(1), MissingLedger.ADOPT);
        adopting.attempt(Commits.start(0, 0));
        adopting.attempt(Commits.append(List.of(file()), P0, 0, 10));
        open().manageSnapshots().rollbackTo(foreign).commit();

        assertThat(LedgerReader.read(open())).isInstanceOf(LedgerState.Unknown.class);
    }

    @Test
    void aCommitThatLandedAndLostItsAnswerIsFoundByItsId() {
        committed(Commits.start(0, 0));
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().loseNextReply();

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        Committed found = (Committed) committer.attempt(commit);

        assertThat(found.snapshotId()).isEqualTo(head().snapshotId());
        assertThat(found.ledger().next(PIPELINE, P0)).hasValue(10);
        assertThat(records()).isEqualTo("10");
        assertThat(exists(file)).isTrue();
    }

    @Test
    void aSuccessThatTheClientTookForAConflictIsASuccess() {
        committed(Commits.start(0, 0));
        faults().hideNextSuccess();

        committed(Commits.append(List.of(file()), P0, 0, 10));

        assertThat(records()).isEqualTo("10");
        for (Snapshot each : open().snapshots()) {
            assertThat(writer.io().newInputFile(each.manifestListLocation()).exists())
                    .isTrue();
        }
    }

    @Test
    void aCommitWhoseRequestWasLostIsRepeatedAndTakesEffectOnce() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        faults().dropNextRequest();

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
        assertThat(records()).isEqualTo("10");
    }

    @Test
    void aCommitThatLandsLateIsNotRepeated() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        faults().landLate();

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(faults().deliverLate()).isTrue();
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
        assertThat(records()).isEqualTo("10");
    }

    @Test
    void aCommitThatWasRepeatedBeforeItLandedLateTakesEffectOnce() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        faults().landLate();

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
        assertThat(faults().deliverLate()).isFalse();
        assertThat(records()).isEqualTo("10");
    }

    @Test
    void filesStayWhenTheCommitIsFencedAfterAnUnknownOutcome() {
        committed(Commits.start(0, 0));
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().dropNextRequest();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        newCommitter().attempt(Commits.append(List.of(file()), P0, 0, 8));

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(exists(file)).isTrue();
    }

    @Test
    void filesStayWhenTheSnapshotThatBroughtThemWasExpiredBeforeItsCommitterKnew() {
        committed(Commits.start(0, 0));
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().loseNextReply();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        foreignAppend();
        expireAllButHead();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(exists(file)).isTrue();
    }

    @Test
    void aCommitThatLandedAndWasRolledBackIsFencedSoThatItsFilesAreNotUsedTwice() {
        committed(Commits.start(0, 0));
        long start = head().snapshotId();
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().loseNextReply();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        open().manageSnapshots().rollbackTo(start).commit();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(exists(file)).isTrue();
    }

    @Test
    void aConflictIsUndecidedAndTheNextAttemptChecksTheLedgerAgain() {
        committed(Commits.start(0, 0));
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().conflictNext();

        Undecided undecided = (Undecided) committer.attempt(commit);
        assertThat(undecided.delayMillis()).isBetween(50L, 100L);
        newCommitter().attempt(Commits.append(List.of(file()), P0, 0, 8));

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(exists(file)).isFalse();
    }

    @Test
    void ofTwoCommittersWithTheSameSpanOneWinsAndTheOtherIsFenced() {
        committed(Commits.start(0, 0));
        TableCommitter other = newCommitter();
        CommitOutcome one = committer.attempt(Commits.append(List.of(file()), P0, 0, 10));
        CommitOutcome two = other.attempt(Commits.append(List.of(file()), P0, 0, 10));

        assertThat(one).isInstanceOf(Committed.class);
        assertThat(two).isInstanceOf(Fenced.class);
        assertThat(records()).isEqualTo("10");
    }

    @Test
    void twoCommittersWithDifferentPartitionsBothCommit() {
        committed(Commits.start(0, 0));
        TableCommitter other = newCommitter();

        committed(Commits.append(List.of(file()), P0, 0, 10));
        assertThat(other.attempt(Commits.append(List.of(file()), P1, 0, 4))).isInstanceOf(Committed.class);
        assertThat(next(0)).hasValue(10);
        assertThat(next(1)).hasValue(4);
    }

    @Test
    void aHeartbeatWritesTheLedgerAndMovesTheWatermark() {
        committed(Commits.start(0, 0));
        committed(heartbeat(1_000, 2_000));

        assertThat(head().summary())
                .containsEntry("firn.operation", "heartbeat")
                .containsEntry("firn.watermark", Instant.ofEpochMilli(1_000).toString());
        assertThat(open().properties())
                .containsEntry("firn.watermark", Instant.ofEpochMilli(1_000).toString());
        assertThat(entry(1).until()).hasValue(2_000);
    }

    @Test
    void theWatermarkDoesNotGoBack() {
        committed(Commits.start(0, 0));
        committed(heartbeat(5_000, 5_000));
        committed(heartbeat(1_000, 7_000));

        assertThat(entry(0).until()).hasValue(5_000);
        assertThat(head().summary())
                .containsEntry("firn.watermark", Instant.ofEpochMilli(5_000).toString());
    }

    @Test
    void gapsAndSkippedRecordsAreWrittenDown() {
        committed(Commits.start(0, 0));
        TreeMap<String, Long> skipped = new TreeMap<>();
        skipped.put("null-value", 3L);
        TreeMap<io.firn.catalog.ledger.SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                P0,
                new PartitionStep(
                        OptionalLong.of(0),
                        new OffsetRange(5, 10),
                        OptionalLong.empty(),
                        List.of(new OffsetRange(0, 5)),
                        skipped));
        committed(Commits.of(Operation.APPEND, List.of(file()), steps));

        assertThat(head().summary())
                .containsEntry("firn.ranges", "{\"orders\":{\"orders\":{\"0\":[5,10]}}}")
                .containsEntry("firn.gaps", "{\"orders\":{\"orders\":{\"0\":[[0,5]]}}}")
                .containsEntry("firn.skipped", "{\"orders\":{\"orders\":{\"0\":{\"null-value\":3}}}}");
        assertThat(entry(0)).isEqualTo(new PartitionEntry(0, 10, OptionalLong.empty(), List.of(new OffsetRange(0, 5))));
    }

    @Test
    void aTableWithRowsAndNoLedgerIsRefusedUntilItIsAdopted() {
        foreignAppend();

        assertThatThrownBy(() -> committer.attempt(Commits.start(0, 0)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("table-has-no-ledger"));
        assertThatThrownBy(() -> committer.refreshedLedger()).isInstanceOf(FirnException.class);
        TableCommitter adopting = new TableCommitter(open(), new Random(1), MissingLedger.ADOPT);
        assertThat(adopting.attempt(Commits.start(0, 0))).isInstanceOf(Committed.class);
        committed(Commits.append(List.of(file()), P0, 0, 10));
        assertThat(records()).isEqualTo("20");
    }

    @Test
    void whileTheCatalogIsAwayACommitIsUndecidedAndThenTakesEffectOnce() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        faults().goAway();
        Undecided first = (Undecided) committer.attempt(commit);
        Undecided second = (Undecided) committer.attempt(commit);
        assertThatThrownBy(() -> committer.refreshedLedger())
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.kind()).isEqualTo(FirnException.Kind.EXTERNAL));
        faults().comeBack();

        assertThat(first.reason()).contains("cannot be read");
        assertThat(second.delayMillis()).isBetween(100L, 200L);
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
        assertThat(records()).isEqualTo("10");
    }

    TableCommitter newCommitter() {
        return new TableCommitter(open(), new Random(42), MissingLedger.REFUSE);
    }

    DataFile file() {
        return Commits.file(writer);
    }

    private Committed committed(TableCommit commit) {
        CommitOutcome outcome = committer.attempt(commit);
        assertThat(outcome).isInstanceOf(Committed.class);
        return (Committed) outcome;
    }

    private TableCommit heartbeat(long until0, long until1) {
        long at0 = next(0).orElseThrow();
        long at1 = next(1).orElseThrow();
        return Commits.of(
                Operation.HEARTBEAT,
                List.of(),
                Commits.steps(
                        PartitionStep.advance(new OffsetRange(at0, at0), OptionalLong.of(until0)),
                        PartitionStep.advance(new OffsetRange(at1, at1), OptionalLong.of(until1))));
    }

    private void foreignAppend() {
        Table foreign = open();
        foreign.newFastAppend().appendFile(file()).commit();
    }

    private void expireAllButHead() {
        open().expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1)
                .cleanExpiredFiles(true)
                .commit();
        assertThat(open().snapshots()).hasSize(1);
    }

    private boolean exists(DataFile file) {
        try {
            return writer.io().newInputFile(file.location()).exists();
        } catch (NotFoundException e) {
            return false;
        }
    }

    private Snapshot head() {
        Snapshot head = open().currentSnapshot();
        assertThat(head).isNotNull();
        return head;
    }

    private String records() {
        return head().summary().getOrDefault("total-records", "");
    }

    private io.firn.catalog.ledger.Ledger ledgerOfTable() {
        return ((LedgerState.Present) LedgerReader.read(open())).ledger();
    }

    private PartitionEntry entry(int partition) {
        return ledgerOfTable().entry(PIPELINE, partition == 0 ? P0 : P1).orElseThrow();
    }

    private OptionalLong next(int partition) {
        return ledgerOfTable().next(PIPELINE, partition == 0 ? P0 : P1);
    }
}
