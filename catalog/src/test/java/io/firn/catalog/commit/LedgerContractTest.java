package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static io.firn.catalog.commit.Commits.P1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What the ledger of a table comes through, over any catalog. */
abstract class LedgerContractTest extends CommitterRig {
    @Test
    void everySnapshotCarriesThePartitionsThatItDoesNotTouch() {
        committed(Commits.start(0, 3));
        committed(Commits.append(List.of(file()), P0, 0, 10));
        committed(Commits.append(List.of(file()), P1, 3, 4));

        assertThat(next(0)).hasValue(10);
        assertThat(next(1)).hasValue(4);
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
    void aTableThatHasLostItsLedgerIsNotAdoptedUntilSomebodyRemovesTheProperty() {
        foreignAppend();
        long foreign = head().snapshotId();
        TableCommitter adopting = new TableCommitter(open(), new Random(1), MissingLedger.ADOPT);
        adopting.attempt(Commits.start(0, 0));
        adopting.attempt(Commits.append(List.of(file()), P0, 0, 10));
        open().manageSnapshots().rollbackTo(foreign).commit();

        assertThatThrownBy(() -> adopting.attempt(Commits.start(0, 0)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("ledger-lost"));
        assertThatThrownBy(adopting::refreshedLedger)
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("firn.offsets");
        assertThat(records()).isEqualTo("10");

        open().updateProperties().remove(LedgerKeys.OFFSETS).commit();
        assertThat(adopting.attempt(Commits.start(0, 0))).isInstanceOf(Committed.class);
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
}
