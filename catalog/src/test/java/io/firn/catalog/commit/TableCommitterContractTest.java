package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.Test;

/** What the committer promises over any catalog; the parts of the contract are in the classes it extends. */
abstract class TableCommitterContractTest extends OutcomeContractTest {
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
                        + "\"start\":{\"0\":5,\"1\":7},\"rows\":{\"0\":[5,0],\"1\":[7,0]}}}}");
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
    void aStartOfATopicThatTheLedgerHasLeftBehindIsFenced() {
        SourcePartition again = new SourcePartition("orders", "topic-id-2", 0);
        SourcePartition stale = new SourcePartition("orders", "topic-id-0", 0);
        committed(Commits.start(0, 0));
        committed(Commits.of(
                Operation.HEARTBEAT,
                List.of(),
                new TreeMap<>(Map.of(again, PartitionStep.start(0, Optional.of("topic-id-1"))))));

        assertThat(committer.attempt(Commits.of(
                        Operation.HEARTBEAT, List.of(), new TreeMap<>(Map.of(stale, PartitionStep.start(0))))))
                .isInstanceOf(Fenced.class);
        assertThat(ledgerOfTable().next(PIPELINE, again)).hasValue(0);
    }

    @Test
    void aTopicThatAnotherPipelineReadsIntoTheTableIsNotBegunUnlessItIsClaimed() {
        committed(Commits.start(3, 4));
        TableCommit second = renamed(Commits.start(0, 0), LedgerClaim.NONE);
        assertThat(committer.attempt(second)).isInstanceOf(Fenced.class);

        committed(renamed(Commits.start(0, 0), new LedgerClaim(Optional.empty(), new TreeSet<>(List.of(PIPELINE)))));
        assertThat(next(0)).hasValue(3);
        assertThat(ledgerOfTable().next("renamed", P0)).hasValue(0);
    }

    @Test
    void aRenamedPipelinesLedgerMovesOnceAndFencesTheOldName() {
        committed(Commits.start(3, 4));
        TableCommit move =
                renamed(Commits.of(Operation.RENAME, List.of(), new TreeMap<>()), LedgerClaim.renamedFrom(PIPELINE));
        committed(move);

        assertThat(ledgerOfTable().next("renamed", P0)).hasValue(3);
        assertThat(ledgerOfTable().next("renamed", P1)).hasValue(4);
        assertThat(ledgerOfTable().knows(PIPELINE)).isFalse();
        assertThat(newCommitter().attempt(Commits.append(List.of(file()), P0, 3, 10)))
                .isInstanceOf(Fenced.class);
        assertThat(newCommitter().attempt(Commits.start(0, 0))).isInstanceOf(Fenced.class);
        assertThat(newCommitter()
                        .attempt(renamed(
                                Commits.of(Operation.RENAME, List.of(), new TreeMap<>()),
                                LedgerClaim.renamedFrom(PIPELINE))))
                .isInstanceOf(Fenced.class);
    }

    private static TableCommit renamed(TableCommit commit, LedgerClaim claim) {
        return new TableCommit(commit.id(), "renamed", commit.operation(), commit.files(), commit.steps(), claim);
    }
}
