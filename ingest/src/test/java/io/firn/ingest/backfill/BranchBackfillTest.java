package io.firn.ingest.backfill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.ledger.Ledger;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Backfills on a branch: nothing of them is on main before they are published, and all of it afterwards. */
class BranchBackfillTest {
    private static final String BRANCH = "second-reading";

    private BackfillRig rig = rig(2);

    private static BackfillRig rig(int format) {
        BackfillRig rig = new BackfillRig(format, 5);
        for (int batch = 0; batch < 4; batch++) {
            rig.produce(40, "old");
            rig.ingest();
        }
        return rig;
    }

    private String replacing() {
        rig.log.replaceAll(value -> value.replace("old", "new"));
        return rig.start(BackfillMode.REPLACE, BRANCH);
    }

    private Snapshot main() {
        return rig.open().currentSnapshot();
    }

    private void publish(String id) {
        rig.backfills().publish(id);
        rig.run(id, 33);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void nothingIsOnMainBeforeItIsPublishedAndAllOfItAfterwards(int format) throws IOException {
        rig = rig(format);
        List<String> before = rig.rows();
        Ledger ledger = rig.ledger();
        String id = replacing();
        rig.run(id, 33);

        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.READY);
        assertThat(rig.state(id).counts().chunks()).isGreaterThan(4);
        assertThat(rig.rows()).isEqualTo(before);
        assertThat(rig.rows(BRANCH)).isEqualTo(rig.wholeLog());

        publish(id);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
        BackfillState state = rig.state(id);
        assertThat(state.standing().phase()).isEqualTo(Phase.DONE);
        assertThat(state.counts().replaced()).isEqualTo(before.size());
        assertThat(state.counts().added()).isZero();
        assertThat(rig.ledger()).isEqualTo(ledger);
        assertThat(rig.open().refs()).containsOnlyKeys("main");
        assertThat(main().summary())
                .containsEntry("firn.backfill", id)
                .containsEntry(
                        "firn.commit-id", state.lastCommit().orElseThrow().toString())
                .containsKeys("firn.offsets", "firn.backfill-spans");
        try (CloseableIterable<FileScanTask> files =
                rig.open().newScan().includeColumnStats().planFiles()) {
            assertThat(files).allSatisfy(file -> assertThat(file.file().lowerBounds())
                    .as("without bounds no query can leave it out")
                    .isNotEmpty());
        }
    }

    @Test
    void readersOfTheBranchSeeChunksComeInWithoutARowMissingOrTwice() {
        String id = replacing();
        BackfillJob job = rig.job(id, "a", 33);
        int whole = rig.rows().size();
        long chunks = 0;
        while (!job.turn().ended()) {
            assertThat(rig.rows(BRANCH)).hasSize(whole);
            if (rig.state(id).counts().chunks() > chunks) {
                chunks = rig.state(id).counts().chunks();
                assertThat(rig.rows(BRANCH).stream().filter(row -> row.endsWith("new")))
                        .hasSize((int) rig.state(id).counts().replaced());
            }
        }
        assertThat(chunks).isGreaterThan(4);
    }

    static Stream<Arguments> both() {
        return Stream.of(BackfillMode.values())
                .flatMap(mode -> Stream.of(2, 3).map(format -> Arguments.of(mode, format)));
    }

    /** Main is rewritten, grows, and holds again what was deleted, before the branch gets there. */
    @ParameterizedTest
    @MethodSource("both")
    void whateverMainBecameMeanwhileEveryRecordHasOneRow(BackfillMode mode, int format) throws IOException {
        rig = rig(format);
        rig.deleteFirstFile();
        String id = rig.start(mode, BRANCH);
        rig.run(id, 33);
        assertThat(rig.rows(BRANCH)).isEqualTo(rig.wholeLog());

        rig.run(rig.start(BackfillMode.MISSING), 10);
        rig.rewriteAll();
        rig.deleteFirstFile();
        rig.run(rig.start(BackfillMode.MISSING), 1000);
        rig.produce(30, "live");
        rig.ingest();
        Ledger ledger = rig.ledger();
        long head = main().snapshotId();

        publish(id);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
        assertThat(rig.ledger()).isEqualTo(ledger);
        if (mode == BackfillMode.MISSING) {
            assertThat(main().snapshotId())
                    .as("main has every row of the branch")
                    .isEqualTo(head);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void ofRowsThatCameToMainMeanwhileNoneIsDoubledAndTheOthersCome(int format) {
        rig = rig(format);
        rig.run(rig.start(BackfillMode.REPLACE), 1000);
        rig.deleteFirstFile();
        assertThat(rig.rows()).isEmpty();
        String id = rig.start(BackfillMode.MISSING, BRANCH);
        rig.run(id, 1000);
        // A chunk of another one brings a part of it back.
        String other = rig.start(BackfillMode.MISSING);
        BackfillJob job = rig.job(other, "b", 20);
        while (rig.state(other).counts().chunks() == 0) {
            job.turn();
        }
        rig.backfills().cancel(other, "a test");
        int back = rig.rows().size();
        assertThat(back).isPositive();

        publish(id);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
        assertThat(rig.state(id).counts().added()).isEqualTo(rig.rows().size() - back);
    }

    @Test
    void liveIngestionGoesOnBesideIt() {
        String id = replacing();
        BackfillJob job = rig.job(id, "a", 33);
        for (int turn = 0; !job.turn().ended(); turn++) {
            if (turn % 5 == 0) {
                rig.produce(3, "live");
                rig.ingest();
            }
        }
        rig.backfills().publish(id);
        BackfillJob publishing = rig.job(id, "a", 33);
        while (!publishing.turn().ended()) {
            rig.produce(3, "live");
            rig.ingest();
        }
        assertThat(publishing.conflicts()).as("ingestion is in nobody's way").isZero();
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    @Test
    void askedToPublishAgainAndAgainNothingHappensTwice() {
        String id = replacing();
        rig.run(id, 33);
        publish(id);
        long head = main().snapshotId();
        BackfillState state = rig.state(id);
        publish(id);
        assertThat(rig.state(id)).isEqualTo(state);
        assertThat(main().snapshotId()).isEqualTo(head);
    }

    @Test
    void twoProcessesPublishItOnce() {
        String id = replacing();
        rig.run(id, 33);
        rig.backfills().publish(id);
        BackfillJob one = rig.job(id, "same", 33);
        BackfillJob two = rig.job(id, "same", 33);
        long before = snapshots();
        boolean ended = false;
        while (!ended) {
            ended = one.turn().ended() & two.turn().ended();
        }
        assertThat(snapshots()).isEqualTo(before + 1);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    private long snapshots() {
        return rig.open().history().size();
    }

    @Test
    void aForeignRewriteWhileItIsPublishedMakesItPlanAnew() throws IOException {
        String id = replacing();
        rig.run(id, 33);
        rig.backfills().publish(id);
        BackfillJob job = rig.job(id, "a", 33);
        while (!job.isPrepared()) {
            job.turn();
        }
        rig.rewriteAll();
        while (!job.turn().ended()) {
            assertThat(rig.rows()).doesNotHaveDuplicates();
        }
        assertThat(job.conflicts()).isEqualTo(1);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
    }

    @Test
    void branchIsNotPublishedIfItsFilesDoNotFitTheColumnsAnyMore() {
        String id = replacing();
        rig.run(id, 33);
        List<String> before = rig.rows();
        requireIds();
        rig.backfills().publish(id);
        assertThatThrownBy(() -> rig.run(id, 33)).satisfies(code("branch-outdated"));
        assertThat(rig.rows()).isEqualTo(before);
        assertThat(rig.rows(BRANCH)).as("still there").isEqualTo(rig.wholeLog());
    }

    @Test
    void branchIsNotPublishedIfItsFilesStopFittingRightBeforeTheCommit() {
        String id = replacing();
        rig.run(id, 33);
        List<String> before = rig.rows();
        rig.backfills().publish(id);
        BackfillJob job = rig.job(id, "a", 33);
        while (!job.isPrepared()) {
            job.turn();
        }
        requireIds();
        assertThatThrownBy(() -> {
                    while (!job.turn().ended()) {}
                })
                .satisfies(code("branch-outdated"));
        assertThat(rig.rows()).isEqualTo(before);
    }

    /** The branch's files say that an ID may be null. */
    private void requireIds() {
        rig.open().updateSchema().allowIncompatibleChanges().requireColumn("id").commit();
    }

    @Test
    void branchIsPublishedIfAColumnWasAddedOrRenamed() {
        String id = replacing();
        rig.run(id, 33);
        rig.open()
                .updateSchema()
                .addColumn("more", Types.StringType.get())
                .renameColumn("_source_timestamp", "at")
                .commit();
        publish(id);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
    }

    @Test
    void aBranchOfWhichNothingIsNewIsPublishedWithoutASnapshot() {
        long head = main().snapshotId();
        String id = rig.start(BackfillMode.MISSING, BRANCH);
        rig.run(id, 33);
        publish(id);
        assertThat(main().snapshotId()).isEqualTo(head);
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.DONE);
        assertThat(rig.open().refs()).containsOnlyKeys("main");
    }

    @Test
    void droppedItIsAsIfItHadNeverBeenAndExpiryTakesNothingOfMain() {
        List<String> before = rig.rows();
        String id = replacing();
        rig.run(id, 33);
        rig.backfills().cancel(id, "a test");
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.CANCELLED);
        assertThat(rig.open().refs()).containsOnlyKeys("main");
        expire();
        assertThat(rig.rows()).isEqualTo(before);
        assertThatThrownBy(() -> rig.backfills().publish(id)).satisfies(code("backfill-over"));
    }

    @Test
    void publishedAndExpiredMainHasAllItsFiles() {
        String id = replacing();
        rig.run(id, 33);
        expire();
        assertThat(rig.rows(BRANCH)).as("expiry leaves the branch").isEqualTo(rig.wholeLog());
        publish(id);
        expire();
        expire();
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    /** All but the heads, their files too, and branches by the table's age for them. */
    private void expire() {
        Table table = rig.tables.openSpared(BackfillRig.NAME);
        table.updateProperties()
                .set("history.expire.max-ref-age-ms", "1")
                .set("history.expire.min-snapshots-to-keep", "1")
                .set("history.expire.max-snapshot-age-ms", "1")
                .commit();
        table.expireSnapshots().expireOlderThan(Long.MAX_VALUE).retainLast(1).commit();
    }

    @Test
    void itIsPublishedWhenItIsReadyAndNotBefore() {
        String id = replacing();
        assertThatThrownBy(() -> rig.backfills().publish(id)).satisfies(code("backfill-unfinished"));
        String other = rig.start(BackfillMode.MISSING);
        assertThatThrownBy(() -> rig.backfills().publish(other)).satisfies(code("backfill-without-branch"));
        assertThatThrownBy(() -> rig.backfills().publish("nowhere")).satisfies(code("backfill-unknown"));
    }

    @Test
    void whereSomebodyDropsTheBranchItFailsAndCanBeDropped() {
        String id = replacing();
        BackfillJob job = rig.job(id, "a", 33);
        while (rig.state(id).counts().chunks() == 0) {
            job.turn();
        }
        rig.open().manageSnapshots().removeBranch(BRANCH).commit();
        assertThatThrownBy(() -> {
                    while (!job.turn().ended()) {}
                })
                .satisfies(code("branch-missing"));
        assertThat(rig.open().refs()).containsOnlyKeys("main");
        rig.backfills().fail(id, "the branch is gone");
        assertThat(rig.state(id).isOver()).isFalse();
        rig.backfills().cancel(id, "a test");
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.CANCELLED);
    }

    @Test
    void whatOthersWriteToTheBranchIsNeitherPublishedNorDropped() {
        String id = replacing();
        rig.run(id, 33);
        Table table = rig.open();
        DataFile any = BackfillRig.files(table).get(0);
        table.newDelete().deleteFile(any).toBranch(BRANCH).commit();
        long theirs = table.snapshot(BRANCH).snapshotId();
        rig.backfills().publish(id);
        assertThatThrownBy(() -> rig.run(id, 33)).satisfies(code("branch-changed"));
        rig.backfills().fail(id, "it was changed");
        BackfillState dropped = rig.backfills().cancel(id, "a test");
        assertThat(dropped.standing().error())
                .hasValueSatisfying(said -> assertThat(said).contains("stays"));
        assertThat(rig.open().snapshot(BRANCH).snapshotId()).isEqualTo(theirs);
    }

    @Test
    void onATableThatWasRolledBackItWaitsUntilIngestionIsThereAgain() {
        Snapshot early = rig.open().snapshot(main().parentId());
        String id = replacing();
        rig.run(id, 33);
        rig.open().manageSnapshots().rollbackTo(early.snapshotId()).commit();
        rig.backfills().publish(id);
        assertThatThrownBy(() -> rig.run(id, 33)).satisfies(code("ledger-behind"));
        rig.ingest();
        rig.run(id, 33);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    @Test
    void aTopicThatWasCreatedAgainIsNotPublished() {
        String id = replacing();
        rig.run(id, 33);
        rig.log.recreate(BackfillRig.TOPIC, "BBBBBBBBBBBBBBBBBBBBBB");
        rig.backfills().publish(id);
        assertThatThrownBy(() -> rig.run(id, 33)).satisfies(code("topic-recreated"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "", "-x", "two words", "a/b"})
    void aNameThatNoBranchShouldHaveIsRefused(String name) {
        assertThatThrownBy(() -> rig.start(BackfillMode.REPLACE, name)).satisfies(code("branch-invalid"));
    }

    @Test
    void aNameThatIsTakenIsRefused() {
        rig.open().manageSnapshots().createTag("taken", main().snapshotId()).commit();
        assertThatThrownBy(() -> rig.start(BackfillMode.REPLACE, "taken")).satisfies(code("branch-exists"));
        var task = rig.resolve(BackfillRig.request(BackfillMode.REPLACE).on(BRANCH));
        rig.backfills().accept(task);
        assertThatThrownBy(() -> rig.backfills().accept(task)).satisfies(code("branch-exists"));
    }

    private static java.util.function.Consumer<Throwable> code(String code) {
        return failure -> assertThat(failure)
                .isInstanceOfSatisfying(
                        FirnException.class, said -> assertThat(said.code()).isEqualTo(code));
    }
}
