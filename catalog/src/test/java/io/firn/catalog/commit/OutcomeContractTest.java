package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.PIPELINE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.CommitOutcome.Undecided;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.junit.jupiter.api.Test;

/** What becomes of a commit whose outcome was not known at first, over any catalog. */
abstract class OutcomeContractTest extends ExpiryContractTest {
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
    void filesStayWhenASuccessLookedLikeAConflictAndItsSnapshotWasExpiredMeanwhile() {
        committed(Commits.start(0, 0));
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().hideNextSuccess();
        faults().meanwhile(() -> {
            foreignAppend();
            expireAllButHead();
        });

        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(exists(file)).isTrue();
        assertThat(next(0)).hasValue(10);
    }

    @Test
    void aSuccessThatLookedLikeAConflictAndWasRolledBackAndExpiredIsNotAppendedAgain() {
        committed(Commits.start(0, 0));
        long start = head().snapshotId();
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        faults().hideNextSuccess();
        faults().meanwhile(() -> open().manageSnapshots().rollbackTo(start).commit());
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        foreignAppend();
        expireAllButHead();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(next(0)).hasValue(0);
        assertThat(records()).isEqualTo("10");
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
    void whoeverLosesTimeAndAgainDoesNotWaitLongerForIt() {
        committed(Commits.start(0, 0));
        TableCommit commit = Commits.append(List.of(file()), P0, 0, 10);
        for (int lost = 0; lost < 12; lost++) {
            faults().conflictNext();
            assertThat(((Undecided) committer.attempt(commit)).delayMillis()).isBetween(50L, 200L);
        }
        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
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
}
