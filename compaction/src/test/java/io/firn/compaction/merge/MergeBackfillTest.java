package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.fold.NaiveFold.Event;
import io.firn.compaction.plan.DebtReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a backfill staged once more reaches the keyed table, and nothing that is over comes back. */
final class MergeBackfillTest {
    private static final SourcePartition P0 = new SourcePartition("orders", "id-of-orders", 0);

    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    /** a at 0, b at 1 and deleted at 4, c at 2 and again at 5, d at 3; all merged. */
    private static MergeRig merged(boolean versioned) {
        MergeRig rig = new MergeRig(catalog, folder, versioned, List.of(), 2, new Random(1));
        rig.stage(
                event(1, "a", 0, 0, 100),
                event(2, "b", 0, 1, 101),
                event(3, "c", 0, 2, 102),
                event(4, "d", 0, 3, 103),
                delete(6, "b", 0, 4, 104),
                event(5, "c", 0, 5, 105));
        rig.merge();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L, "c", 5L, "d", 4L));
        return rig;
    }

    private static List<Event> decodedAnew() {
        return List.of(event(11, "a", 0, 0, 100), event(12, "b", 0, 1, 101), event(13, "c", 0, 2, 102));
    }

    private static JobResult restage(MergeRig rig, BackfillMode mode, List<Event> decoded) {
        rig.restage(mode, P0, new OffsetRange(0, 3), decoded, Phase.DONE);
        return rig.merge();
    }

    @Test
    void aReplacedRecordTakesTheRowOfItsPositionAndNeitherANewerOneNorADeletedKeys() {
        MergeRig rig = merged(false);
        JobResult result = restage(rig, BackfillMode.REPLACE, decodedAnew());
        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "c", 5L, "d", 4L));
        assertThat(result.counts()).containsEntry("updated", 1L).containsEntry("late", 2L);
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
        assertThat(DebtReader.lag(rig.open().staging(), rig.open().keyed()).rows())
                .isZero();
    }

    private static MergeSettings twoRecordsAtATime(MergeRig rig) {
        return rig.settings().withBudget(Budget.UNLIMITED.withRows(2));
    }

    /** Of a topic that was created again: d once more, and z. */
    private static void stageOfANewTopic(MergeRig rig) {
        rig.recreate("orders", "another-id");
        rig.stage(event(21, "d", 0, 0, 200), event(22, "z", 0, 1, 201), event(23, "z", 0, 2, 202));
    }

    private static void mergeAll(MergeRig rig, MergeSettings settings) {
        for (int merge = 0; merge < 20; merge++) {
            if (rig.merge(settings).end() == End.NOTHING) {
                return;
            }
        }
        throw new AssertionError("there is always something left");
    }

    @Test
    void aTopicCreatedAgainBeforeTheMergeLosesNothingOfTheBackfillHoweverLittleIsMergedAtATime() {
        MergeRig rig = merged(false);
        List<Event> decoded = new ArrayList<>(decodedAnew());
        decoded.add(event(14, "d", 0, 3, 103));
        rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 4), decoded, Phase.DONE);
        rig.recreate("orders", "another-id");
        rig.stage(event(21, "a", 0, 0, 200), event(22, "z", 0, 1, 201), event(23, "z", 0, 2, 202));
        mergeAll(rig, twoRecordsAtATime(rig));
        assertThat(rig.rows()).isEqualTo(Map.of("a", 21L, "c", 5L, "d", 14L, "z", 23L));
        assertThat(DebtReader.lag(rig.open().staging(), rig.open().keyed()).again())
                .isZero();
    }

    @Test
    void whatABackfillStagedBeforeItsTopicWasCreatedAgainIsMergedThoughTheNewOneIsMergedFirst() {
        MergeRig rig = merged(false);
        BackfillState running =
                rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.RUNNING);
        stageOfANewTopic(rig);
        mergeAll(rig, rig.settings());
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L, "c", 5L, "d", 21L, "z", 23L));
        fail(rig, running);
        assertThat(DebtReader.lag(rig.open().staging(), rig.open().keyed()).again())
                .isEqualTo(3);
        mergeAll(rig, rig.settings());
        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "c", 5L, "d", 21L, "z", 23L));
    }

    @Test
    void nothingOfTheEarlierTopicComesBackForARowOfTheNewOneThatSomebodyDeleted() {
        MergeRig rig = merged(false);
        BackfillState running =
                rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.RUNNING);
        rig.recreate("orders", "another-id");
        rig.stage(event(21, "a", 0, 0, 200), event(22, "z", 0, 1, 201));
        mergeAll(rig, rig.settings());
        rig.open()
                .keyed()
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();
        fail(rig, running);
        mergeAll(rig, rig.settings());
        assertThat(rig.rows()).as("the last record of each is known").isEmpty();
    }

    /** As a backfill ends that finds another topic of the name. */
    private static void fail(MergeRig rig, BackfillState running) {
        new Backfills(rig.open().staging(), new Random(3), Clock.systemUTC()).fail(running.id(), "topic-recreated");
    }

    @Test
    void itIsDebtUntilItIsMerged() {
        MergeRig rig = merged(false);
        rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.DONE);
        assertThat(DebtReader.lag(rig.open().staging(), rig.open().keyed()).again())
                .isEqualTo(3);
    }

    @Test
    void whatABackfillThatGoesOnHasStagedWaitsForItsEnd() {
        MergeRig rig = merged(false);
        rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.RUNNING);
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
    }

    @Test
    void aMissingRecordThatIsThereChangesNothing() {
        MergeRig rig = merged(false);
        JobResult result = restage(rig, BackfillMode.MISSING, decodedAnew());
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L, "c", 5L, "d", 4L));
        assertThat(result.counts()).containsEntry("updated", 0L).containsEntry("late", 3L);
    }

    @Test
    void rowsThatSomebodyDeletedComeBackWhereTheirLastRecordIsAskedForAndOnlyThen() {
        MergeRig rig = merged(false);
        rig.open()
                .keyed()
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();
        restage(rig, BackfillMode.MISSING, decodedAnew());
        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L));
    }

    @Test
    void aVersionThatWasReadWronglyGivesWay() {
        MergeRig rig = new MergeRig(catalog, folder, true, List.of(), 2, new Random(1));
        rig.stage(version(1, 0, 9), version(2, 1, 5));
        rig.merge();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 1L));
        rig.restage(
                BackfillMode.REPLACE,
                P0,
                new OffsetRange(0, 2),
                List.of(version(3, 0, 1), version(4, 1, 5)),
                Phase.DONE);
        rig.merge();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 4L));
    }

    private static Event version(long id, long offset, long version) {
        return new Event(id, "a", "orders", 0, offset, 100, Optional.of(version), false);
    }

    @Test
    void ofTwoMergersOneTakesItInAndTheOtherFindsNothingLeft() {
        MergeRig rig = merged(false);
        rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.DONE);
        MergeJob slow = rig.job(rig.settings());
        slow.turn();
        assertThat(rig.merge().end()).isEqualTo(End.DONE);
        JobResult second = MergeRig.drive(slow);
        assertThat(second.snapshots()).isEmpty();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "c", 5L, "d", 4L));
    }

    @Test
    void backfillThatEndedBeforeThePipelineWasRenamedIsMerged() {
        MergeRig rig = merged(false);
        BackfillState over = rig.restage(BackfillMode.REPLACE, P0, new OffsetRange(0, 3), decodedAnew(), Phase.DONE);
        rig.rename("purchases");

        rig.merge("purchases");

        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "c", 5L, "d", 4L));
        assertThat(MergedBackfills.read(rig.open().keyed()).whole()).containsExactly(over.id());
        assertThat(rig.merge("purchases").end()).isEqualTo(End.NOTHING);
    }

    @Test
    void afterARollbackOfTheKeyedTableItIsMergedOnceMore() {
        MergeRig rig = merged(false);
        Table keyed = rig.open().keyed();
        long before = keyed.currentSnapshot().snapshotId();
        restage(rig, BackfillMode.REPLACE, decodedAnew());
        keyed.refresh();
        keyed.manageSnapshots().rollbackTo(before).commit();
        assertThat(rig.rows()).containsEntry("a", 1L);
        rig.merge();
        assertThat(rig.rows()).isEqualTo(Map.of("a", 11L, "c", 5L, "d", 4L));
    }

    @Test
    void whatIsMergedIsKnownWhereTheSnapshotsOfMergesAreExpired() {
        MergeRig rig = merged(false);
        restage(rig, BackfillMode.REPLACE, decodedAnew());
        Table keyed = rig.open().keyed();
        keyed.newFastAppend().commit();
        keyed.expireSnapshots().expireOlderThan(Long.MAX_VALUE).retainLast(1).commit();
        assertThat(rig.merge().end()).isEqualTo(End.NOTHING);
    }
}
