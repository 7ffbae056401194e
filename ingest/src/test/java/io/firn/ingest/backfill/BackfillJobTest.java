package io.firn.ingest.backfill;

import static io.firn.ingest.backfill.BackfillRig.P0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import java.time.Duration;
import java.util.List;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackfillJobTest {
    private BackfillRig rig = rig(2);

    private static BackfillRig rig(int format) {
        BackfillRig rig = new BackfillRig(format, 5);
        for (int batch = 0; batch < 4; batch++) {
            rig.produce(40, "old");
            rig.ingest();
        }
        return rig;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void replaceSwapsEveryRowForANewOneAndNoneIsThereTwice(int format) {
        rig = rig(format);
        rig.log.replaceAll(value -> value.replace("old", "new"));
        String id = rig.start(BackfillMode.REPLACE);
        rig.run(id, 33);

        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
        BackfillState state = rig.state(id);
        assertThat(state.standing().phase()).isEqualTo(Phase.DONE);
        assertThat(state.counts().replaced()).isEqualTo(rig.rows().size());
        assertThat(state.counts().added()).isZero();
        assertThat(state.counts().chunks()).isGreaterThan(4);
        assertThat(state.done()).isEqualTo(state.task().total());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void runAgainItChangesNothing(int format) {
        rig = rig(format);
        rig.run(rig.start(BackfillMode.REPLACE), 33);
        List<String> rows = rig.rows();
        rig.run(rig.start(BackfillMode.REPLACE), 50);
        rig.run(rig.start(BackfillMode.MISSING), 50);
        assertThat(rig.rows()).isEqualTo(rows);
    }

    @Test
    void missingRepairsWhatAnotherEngineDeletedAndAddsNothingElse() {
        List<String> rows = rig.rows();
        deleteFirstFile();
        assertThat(rig.rows()).hasSizeLessThan(rows.size());
        int left = rig.rows().size();
        rig.log.replaceAll(value -> value.replace("old", "new"));

        String id = rig.start(BackfillMode.MISSING);
        rig.run(id, 33);
        assertThat(rig.rows().stream().map(row -> row.replace("new", "old"))).containsExactlyElementsOf(rows);
        assertThat(rig.rows().stream().filter(row -> row.endsWith("old"))).hasSize(left);
        assertThat(rig.state(id).counts().added()).isEqualTo(rows.size() - left);
        assertThat(rig.state(id).counts().kept()).isEqualTo(left);
    }

    @Test
    void missingWithNothingMissingMakesNoSnapshot() {
        Snapshot head = rig.open().currentSnapshot();
        rig.run(rig.start(BackfillMode.MISSING), 33);
        assertThat(rig.open().currentSnapshot().snapshotId()).isEqualTo(head.snapshotId());
    }

    @Test
    void aFileOfWhichEveryRowIsReplacedGoesAwayAsAWhole() {
        rig.run(rig.start(BackfillMode.REPLACE), 1000);
        assertThat(rig.open().currentSnapshot().summary())
                .containsEntry("deleted-data-files", "4")
                .containsEntry("total-delete-files", "0")
                .containsEntry("firn.operation", "backfill")
                .containsEntry("firn.ranges", "{}")
                .containsKey("firn.backfill-spans");
    }

    @Test
    void aChunkLeavesManifestsToTheirJobAndTheTablesSettingAsItWas() {
        Table table = rig.open();
        table.updateProperties().set("commit.manifest.min-count-to-merge", "2").commit();
        int before = table.currentSnapshot().allManifests(table.io()).size();
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob job = rig.job(id, "a", 10);
        while (rig.state(id).counts().chunks() == 0) {
            job.turn();
        }
        job.stop();
        table.refresh();
        assertThat(table.currentSnapshot().allManifests(table.io())).hasSizeGreaterThan(before);
        assertThat(table.properties()).doesNotContainKey("commit.manifest-merge.enabled");
    }

    @Test
    void aBackfillWhoseChunksAreForgottenAgainAndAgainEndsAndSaysWhy() {
        String id = rig.start(BackfillMode.REPLACE);
        assertThatThrownBy(() -> {
                    for (int turn = 0; turn < 1000; turn++) {
                        BackfillJob job = rig.job(id, "a", 10);
                        long chunks = rig.state(id).counts().chunks();
                        while (rig.state(id).counts().chunks() == chunks) {
                            job.turn();
                        }
                        job.stop();
                        rig.produce(3, "new");
                        rig.ingest();
                        rig.open()
                                .expireSnapshots()
                                .expireOlderThan(Long.MAX_VALUE)
                                .retainLast(1)
                                .commit();
                    }
                })
                .isInstanceOf(FirnException.class)
                .hasMessageContaining("began again 10 times");
    }

    @Test
    void rowsThatKafkaNoLongerDeliversAreKept() {
        long gone = rig.log.of(P0).firstKey();
        rig.log.compactAway(P0, gone);
        rig.log.replaceAll(value -> value.replace("old", "new"));
        String id = rig.start(BackfillMode.REPLACE);
        rig.run(id, 33);
        assertThat(rig.rows()).contains("0-" + String.format("%05d", gone) + " old");
        assertThat(rig.rows().stream().filter(row -> row.endsWith("old"))).hasSize(1);
        assertThat(rig.state(id).counts().kept()).isEqualTo(1);
    }

    @Test
    void whatRetentionRemovesMeanwhileIsKeptAndTold() {
        List<String> rows = rig.rows();
        String id = rig.start(BackfillMode.REPLACE);
        rig.log.deleteBefore(P0, 30);
        rig.run(id, 33);
        assertThat(rig.rows()).isEqualTo(rows);
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.DONE);
        assertThat(rig.state(id).task().told()).anyMatch(told -> told.contains("[0, 30)"));
    }

    @Test
    void liveIngestionGoesOnBesideIt() {
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob job = rig.job(id, "runner", 20);
        int refused = 0;
        for (BackfillTurn turn = job.turn(); !turn.ended(); turn = job.turn()) {
            rig.produce(3, "live");
            rig.ingest();
            refused += turn.delayMillis() > 0 && turn.reason().startsWith("others changed") ? 1 : 0;
        }
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
        assertThat(refused).as("appends above the ledger are no conflict").isZero();
    }

    @Test
    void aForeignDeleteDuringAChunkMakesItPlanAnew() {
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob job = rig.job(id, "runner", 1000);
        boolean deleted = false;
        boolean refused = false;
        for (BackfillTurn turn = job.turn(); !turn.ended(); turn = job.turn()) {
            if (!deleted && job.isPrepared()) {
                deleteFirstFile();
                deleted = true;
            }
            refused |= turn.reason().startsWith("others changed");
        }
        assertThat(deleted).isTrue();
        assertThat(refused).isTrue();
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    @Test
    void twoProcessesAtOnceDoNoHarm() {
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob one = rig.job(id, "one", 20);
        for (int turn = 0; turn < 4; turn++) {
            one.turn();
        }
        rig.clock.pass(Duration.ofMinutes(2));
        BackfillJob two = rig.job(id, "two", 20);
        boolean oneEnded = false;
        boolean twoEnded = false;
        while (!oneEnded || !twoEnded) {
            oneEnded = oneEnded || one.turn().ended();
            twoEnded = twoEnded || two.turn().ended();
        }
        rig.run(id, 20);
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.DONE);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
    }

    @Test
    void aProcessLeavesTheBackfillOfAnotherAloneWhileItIsAlive() {
        String id = rig.start(BackfillMode.REPLACE);
        rig.job(id, "one", 20).turn();
        assertThat(rig.job(id, "two", 20).turn().ended()).isTrue();
        rig.clock.pass(Duration.ofMinutes(2));
        assertThat(rig.job(id, "two", 20).turn().ended()).isFalse();
    }

    @Test
    void cancelledInTheMiddleOfAChunkNothingOfTheChunkTakesEffect() {
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob job = rig.job(id, "runner", 20);
        while (rig.state(id).counts().chunks() == 0) {
            job.turn();
        }
        job.turn();
        rig.backfills().cancel(id, "a person");
        while (!job.turn().ended()) {
            assertThat(rig.state(id).counts().chunks()).isEqualTo(1);
        }
        assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.CANCELLED);
        assertThat(rig.state(id).counts().chunks()).isEqualTo(1);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog());
        assertThatThrownBy(() -> rig.backfills().cancel("none", ""))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("backfill-unknown"));
    }

    @Test
    void afterARollbackItBeginsAgain() {
        rig.log.replaceAll(value -> value.replace("old", "new"));
        long before = rig.open().currentSnapshot().snapshotId();
        String id = rig.start(BackfillMode.REPLACE);
        afterThreeChunks(id);
        Table table = rig.open();
        table.manageSnapshots().rollbackTo(before).commit();
        rig.run(id, 20);
        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
        assertThat(rig.state(id).counts().restarts()).isEqualTo(1);
    }

    /** A chunk that was begun before the rollback and looked up its rows after it must not stand for those before. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aRollbackInTheMiddleOfAChunkIsNoticed(int turnsOfTheChunk) {
        rig.log.replaceAll(value -> value.replace("old", "new"));
        long before = rig.open().currentSnapshot().snapshotId();
        String id = rig.start(BackfillMode.REPLACE);
        BackfillJob job = afterThreeChunks(id);
        for (int turn = 0; turn < turnsOfTheChunk; turn++) {
            job.turn();
        }
        rig.open().manageSnapshots().rollbackTo(before).commit();
        while (!job.turn().ended()) {
            assertThat(rig.state(id).isOver()).isFalse();
        }
        assertThat(rig.rows()).isEqualTo(rig.wholeLog()).allMatch(row -> row.endsWith("new"));
        assertThat(rig.state(id).counts().restarts()).isEqualTo(1);
    }

    @Test
    void aBadRecordStopsItWithItsPlaceAndNothingOfItsChunkTakesEffect() {
        List<String> rows = rig.rows();
        long bad = rig.log.of(P0).lastKey();
        rig.log.of(P0).put(bad, "{\"id\":\"x\"}");
        String id = rig.start(BackfillMode.REPLACE);
        assertThatThrownBy(() -> rig.run(id, 1000)).isInstanceOfSatisfying(FirnException.class, e -> {
            assertThat(e.code()).isEqualTo("bad-record");
            assertThat(e.where()).startsWith("orders-0-" + bad);
        });
        assertThat(rig.rows()).isEqualTo(rows);
    }

    @Test
    void aTopicThatWasCreatedAgainIsRefused() {
        String id = rig.start(BackfillMode.REPLACE);
        rig.log.recreate("orders", "BBBBBBBBBBBBBBBBBBBBBB");
        assertThatThrownBy(() -> rig.run(id, 20)).isInstanceOfSatisfying(FirnException.class, e -> assertThat(e.code())
                .isEqualTo("topic-recreated"));
        assertThatThrownBy(() -> rig.start(BackfillMode.REPLACE))
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("topic-recreated"));
    }

    private BackfillJob afterThreeChunks(String id) {
        BackfillJob job = rig.job(id, "runner", 20);
        while (rig.state(id).counts().chunks() < 3) {
            job.turn();
        }
        return job;
    }

    private void deleteFirstFile() {
        Table table = rig.open();
        FileScanTask first = table.newScan()
                .filter(Expressions.alwaysTrue())
                .planFiles()
                .iterator()
                .next();
        table.newDelete().deleteFile(first.file()).commit();
    }
}
