package io.firn.catalog.commit;

import static io.firn.catalog.commit.Commits.P0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome.Committed;
import io.firn.catalog.commit.CommitOutcome.Fenced;
import io.firn.catalog.commit.CommitOutcome.Undecided;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.io.CloseableIterable;
import org.junit.jupiter.api.Test;

/**
 * What the ledger comes through when another engine expires the snapshots that held it, over any catalog. Two stories
 * end alike and mean the opposite: other engines wrote after Firn, or after a rollback took Firn's rows away.
 */
abstract class ExpiryContractTest extends LedgerContractTest {
    @Test
    void theTablePropertyHoldsTheLedgerWhenAnotherEngineRewroteAndExpired() {
        tenRows();
        rewriteAll();
        expireAllButHead();
        forgetEarlierMetadata();

        assertThat(origin()).isEqualTo(LedgerState.Origin.PROPERTY);
        committed(Commits.append(List.of(file()), P0, 10, 20));
        assertThat(next(0)).hasValue(20);
        assertThat(next(1)).hasValue(0);
        assertThat(records()).isEqualTo("20");
    }

    @Test
    void thePropertyIsNotBelievedAfterARollbackAForeignCommitAndAnExpiry() {
        long start = tenRowsAfter();
        rollBackTo(start);
        foreignAppend();
        expireAllButHead();

        assertThat(origin()).isEqualTo(LedgerState.Origin.EARLIER_METADATA);
        assertThat(next(0)).hasValue(0);
        assertThat(committer.attempt(Commits.append(List.of(file()), P0, 10, 20)))
                .isInstanceOf(Fenced.class);
        committed(Commits.append(List.of(file()), P0, 0, 20));
        assertThat(records()).isEqualTo("20");
    }

    @Test
    void severalForeignCommitsAfterARollbackHideItNeither() {
        long start = tenRowsAfter();
        rollBackTo(start);
        foreignAppend();
        rewriteAll();
        foreignAppend();
        expireAllButHead();

        assertThat(next(0)).hasValue(0);
    }

    @Test
    void severalForeignCommitsOnTopOfFirnsKeepTheLedger() {
        tenRows();
        foreignAppend();
        rewriteAll();
        foreignAppend();
        expireAllButHead();

        assertThat(origin()).isEqualTo(LedgerState.Origin.EARLIER_METADATA);
        committed(Commits.append(List.of(file()), P0, 10, 20));
        assertThat(next(0)).hasValue(20);
    }

    @Test
    void aTableThatShowsNoLongerWhetherItWasRolledBackIsRefused() {
        long start = tenRowsAfter();
        rollBackTo(start);
        foreignAppend();
        foreignAppend();
        expireAllButHead();
        forgetEarlierMetadata();

        assertThatThrownBy(() -> LedgerReader.read(open())).isInstanceOfSatisfying(FirnException.class, e -> {
            assertThat(e.code()).isEqualTo("ledger-unclear");
            assertThat(e.where()).contains("head snapshot " + head().snapshotId());
            assertThat(e.action())
                    .contains("set the table property firn.offsets-snapshot-id to " + head().snapshotId());
        });
        assertThatThrownBy(() -> committer.attempt(Commits.append(List.of(file()), P0, 10, 20)))
                .isInstanceOf(FirnException.class);
        TableCommitter adopting = new TableCommitter(open(), new Random(1), MissingLedger.ADOPT);
        assertThatThrownBy(() -> adopting.attempt(Commits.start(0, 0))).isInstanceOf(FirnException.class);
    }

    @Test
    void aPersonWhoSaysWhatATableHoldsDoesNotVouchForTheWatermarkOfRowsThatAreGone() {
        committed(Commits.start(0, 0));
        committed(heartbeat(1_000, 1_000));
        long start = head().snapshotId();
        String ledger = head().summary().getOrDefault("firn.offsets", "");
        committed(heartbeat(9_000, 9_000));
        rollBackTo(start);
        foreignAppend();
        foreignAppend();
        expireAllButHead();
        forgetEarlierMetadata();
        set(Map.of("firn.offsets", ledger, "firn.offsets-snapshot-id", Long.toString(head().snapshotId())));

        foreignAppend();
        expireAllButHead();
        forgetEarlierMetadata();

        committed(Commits.append(List.of(file()), P0, 0, 10));
        assertThat(head().summary()).doesNotContainKey("firn.watermark");
        assertThat(open().properties()).doesNotContainKey("firn.watermark");
        committed(heartbeat(2_000, 2_000));
        assertThat(head().summary())
                .containsEntry("firn.watermark", Instant.ofEpochMilli(2_000).toString());
    }

    @Test
    void aPersonSaysWhatARefusedTableHolds() {
        long start = tenRowsAfter();
        String ledger = open().snapshot(start).summary().getOrDefault("firn.offsets", "");
        rollBackTo(start);
        foreignAppend();
        foreignAppend();
        expireAllButHead();
        forgetEarlierMetadata();
        set(Map.of("firn.offsets", ledger, "firn.offsets-snapshot-id", Long.toString(head().snapshotId())));

        assertThat(next(0)).hasValue(0);
        committed(Commits.append(List.of(file()), P0, 0, 20));
        assertThat(next(0)).hasValue(20);
    }

    @Test
    void aRollbackToBeforeTheFirstLedgerIsSeenThroughAnExpiry() {
        foreignAppend();
        long foreign = head().snapshotId();
        TableCommitter adopting = new TableCommitter(open(), new Random(1), MissingLedger.ADOPT);
        adopting.attempt(Commits.start(0, 0));
        adopting.attempt(Commits.append(List.of(file()), P0, 0, 10));
        rollBackTo(foreign);
        foreignAppend();
        expireAllButHead();

        assertThat(LedgerReader.read(open())).isInstanceOf(LedgerState.Unknown.class);
        assertThatThrownBy(() -> adopting.attempt(Commits.start(0, 0)))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("ledger-lost"));
    }

    @Test
    void aWatermarkThatWasRolledBackIsNotBelievedLater() {
        committed(Commits.start(0, 0));
        long start = head().snapshotId();
        committed(heartbeat(5_000, 5_000));
        rollBackTo(start);
        committed(Commits.append(List.of(file()), P0, 0, 10));

        assertThat(open().properties()).doesNotContainKey("firn.watermark");
    }

    @Test
    void aCommitThatMayHaveLandedAndBeenRolledBackAndExpiredIsFencedAndItsFilesStay() {
        committed(Commits.start(0, 0));
        long start = head().snapshotId();
        DataFile file = file();
        TableCommit commit = Commits.append(List.of(file), P0, 0, 10);
        faults().loseNextReply();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        rollBackTo(start);
        foreignAppend();
        expireAllButHead();

        assertThat(committer.attempt(commit)).isInstanceOf(Fenced.class);
        assertThat(next(0)).hasValue(0);
        committed(Commits.append(List.of(file()), P0, 0, 10));
        assertThat(records()).isEqualTo("20");
    }

    @Test
    void aRetryGoesAheadWhereOtherCommitsThanItsOwnWereExpired() {
        tenRows();
        TableCommit commit = Commits.append(List.of(file()), P0, 10, 20);
        faults().dropNextRequest();
        assertThat(committer.attempt(commit)).isInstanceOf(Undecided.class);
        foreignAppend();
        open().expireSnapshots()
                .expireSnapshotId(head().parentId() == null ? 0 : head().parentId())
                .commit();

        assertThat(committer.attempt(commit)).isInstanceOf(Committed.class);
    }

    private void tenRows() {
        tenRowsAfter();
    }

    /** The snapshot before the rows. */
    private long tenRowsAfter() {
        committed(Commits.start(0, 0));
        long start = head().snapshotId();
        committed(Commits.append(List.of(file()), P0, 0, 10));
        return start;
    }

    private void rollBackTo(long snapshot) {
        open().manageSnapshots().rollbackTo(snapshot).commit();
    }

    /** One file in the place of all others. */
    private void rewriteAll() {
        Table table = open();
        Snapshot head = head();
        RewriteFiles rewrite = table.newRewrite().validateFromSnapshot(head.snapshotId());
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            tasks.forEach(task -> {
                rewrite.deleteFile(task.file());
                rewrite.addFile(Commits.file(table));
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rewrite.commit();
    }

    /** As where earlier versions of the metadata are deleted after a commit. */
    private void forgetEarlierMetadata() {
        set(Map.of("write.metadata.previous-versions-max", "1"));
        set(Map.of("comment", "one"));
        set(Map.of("comment", "two"));
    }

    private void set(Map<String, String> properties) {
        UpdateProperties update = open().updateProperties();
        properties.forEach(update::set);
        update.commit();
    }

    private LedgerState.Origin origin() {
        return ((LedgerState.Present) LedgerReader.read(open())).origin();
    }
}
