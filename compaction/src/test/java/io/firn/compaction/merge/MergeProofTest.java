package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.RowCount;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult;
import io.firn.compaction.TestLake;
import io.firn.compaction.fold.NaiveFold.Event;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A merge goes on only if staging holds every record of its step, or counted it as absent. */
final class MergeProofTest {
    @TempDir
    private static Path folder;

    private static Catalog catalog;

    private MergeRig rig;

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

    @BeforeEach
    void open() {
        rig = new MergeRig(catalog, folder, false, List.of(), 2, new Random(1));
    }

    @Test
    void rolledBackTableIsNotMergedPastRowsThatLeftStaging() {
        rig.stage(events(0, 50), 1);
        merge();
        long first = rig.open().keyed().currentSnapshot().snapshotId();
        rig.stage(events(50, 100), 1);
        merge();
        rig.removeStaged(offset -> offset < 100);
        rig.open().keyed().manageSnapshots().rollbackTo(first).commit();
        rig.stage(events(100, 110), 1);

        assertStops("orders-0 in [50, 110): 50 of 60 records, without a row are [[50, 100)]");
        assertThat(rig.rows()).hasSize(50);

        rig.replay(events(50, 100));
        merge();
        rig.requireMerged(events(0, 110));
    }

    @Test
    void rowsThatAnotherEngineDeletedFromStagingAreMissed() {
        rig.stage(events(0, 50), 1);
        rig.removeStaged(offset -> offset < 50);
        rig.stage(events(50, 55), 1);

        assertStops("50 of 55 records, without a row are [[0, 50)]");
        rig.replay(events(0, 50));
        merge();
        rig.requireMerged(events(0, 55));
    }

    @Test
    void proofAloneFindsWhatIsMissingAndChangesNothing() {
        rig.stage(events(0, 50), 1);
        assertThat(rig.job(rig.settings()).proveNextStep()).isEmpty();
        assertThat(rig.open().keyed().currentSnapshot()).isNull();
        rig.removeStaged(offset -> offset >= 20 && offset < 30);

        assertThat(rig.job(rig.settings()).proveNextStep()).hasValueSatisfying(missing -> {
            assertThat(missing.refusal().code()).isEqualTo("staged-rows-missing");
            assertThat(missing.spans().values()).containsExactly(List.of(new OffsetRange(20, 30)));
        });
        assertThat(rig.open().keyed().currentSnapshot()).isNull();
    }

    @Test
    void knownDeletesThatWereRolledBackStopTheMergeThatWouldBringKeysBack() {
        rig.stage(event(0, "a", 0, 0, 10), event(1, "b", 0, 1, 10), delete(2, "x", 0, 2, 10));
        merge();
        long before = rig.open().deletes().currentSnapshot().snapshotId();
        rig.stage(delete(4, "a", 0, 3, 20));
        merge();
        assertThat(rig.rows().keySet()).containsExactly("b");
        Table deletes = rig.open().deletes();
        long head = deletes.currentSnapshot().snapshotId();
        deletes.manageSnapshots().rollbackTo(before).commit();
        rig.stage(event(5, "c", 0, 4, 30), event(7, "a", 1, 0, 15));

        assertThatThrownBy(this::merge)
                .hasMessageContaining("1 rows, the last merge knew 2")
                .isInstanceOfSatisfying(
                        FirnException.class, e -> assertThat(e.code()).isEqualTo("known-deletes-missing"));
        assertThat(rig.rows().keySet()).containsExactly("b");

        deletes.refresh();
        deletes.manageSnapshots().setCurrentSnapshot(head).commit();
        merge();
        assertThat(rig.rows().keySet()).containsExactly("b", "c");
    }

    @Test
    void offsetsThatKafkaNeverHadAreNotMissed() {
        List<Event> withMarkers = events(0, 60);
        withMarkers.removeIf(event -> event.offset() % 10 == 9);
        rig.stage(withMarkers.subList(0, 27), 1);
        merge();
        rig.stage(withMarkers.subList(27, withMarkers.size()), 2);
        merge();
        rig.requireMerged(withMarkers);
        assertThat(ledger().partitions(MergeRig.PIPELINE).values())
                .allSatisfy(entry -> assertThat(entry.rows()).contains(new RowCount(0, 54)));
    }

    @Test
    void rowThatIsGoneBesideOffsetsThatKafkaNeverHadIsMissed() {
        List<Event> withMarkers = events(0, 60);
        withMarkers.removeIf(event -> event.offset() % 10 == 9);
        rig.stage(withMarkers, 1);
        rig.removeStaged(offset -> offset == 33);

        assertStops("1 of 54 records, without a row are [[9, 10), [19, 20), [29, 30), [33, 34), [39, 40)] and 1 more");
    }

    @Test
    void rowThatIsThereTwiceDoesNotStandForOneThatIsGone() {
        rig.stage(events(0, 20), 1);
        rig.removeStaged(offset -> offset == 7);
        rig.replay(events(8, 9));

        assertStops("1 of 20 records, without a row are [[7, 8)]");
    }

    @Test
    void stepsOfABudgetAreProvenOneByOne() {
        List<Event> withMarkers = events(0, 60);
        withMarkers.removeIf(event -> event.offset() % 10 == 9);
        for (int i = 0; i < 54; i += 9) {
            rig.stage(withMarkers.subList(i, i + 9), 1);
        }
        JobResult result = merge(rig.settings().withBudget(Budget.UNLIMITED.withRows(11)));

        assertThat(result.snapshots()).hasSizeGreaterThan(2);
        rig.requireMerged(withMarkers);
    }

    @Test
    void missingRowOfALaterStepStopsThatStep() {
        for (int i = 0; i < 60; i += 10) {
            rig.stage(events(i, i + 10), 1);
        }
        rig.removeStaged(offset -> offset == 45);

        assertThatThrownBy(() -> merge(rig.settings().withBudget(Budget.UNLIMITED.withRows(10))))
                .hasMessageContaining("1 of 10 records, without a row are [[45, 46)]");
        assertThat(rig.rows()).hasSize(40);
    }

    @Test
    void acceptedSpanIsMergedWithoutAndRecordedAsAGap() {
        rig.stage(events(0, 50), 1);
        rig.removeStaged(offset -> offset >= 10 && offset < 30);
        AcceptedSpan tooLittle = new AcceptedSpan("orders", 0, new OffsetRange(10, 29));
        assertThatThrownBy(() -> merge(rig.settings().withAccepted(List.of(tooLittle))))
                .hasMessageContaining("1 of 50 records, without a row are [[29, 30)]");

        AcceptedSpan span = new AcceptedSpan("orders", 0, new OffsetRange(5, 30));
        merge(rig.settings().withAccepted(List.of(span)));

        assertThat(rig.rows()).hasSize(30);
        assertThat(ledger().partitions(MergeRig.PIPELINE).values())
                .allSatisfy(entry -> assertThat(entry.gaps()).containsExactly(new OffsetRange(10, 30)));
    }

    @Test
    void stagingThatWasMadeAnewDoesNotCoverWhatTheOldOneHeld() {
        rig.stage(events(0, 50), 1);
        merge();
        rig.stage(events(50, 80), 1);
        rig.createStagingAgain(70);
        rig.stage(events(70, 85), 1);

        assertStops("orders-0 in [50, 70): 20 of 20 records, without a row are [[50, 70)]");
        assertThat(rig.rows()).hasSize(50);
    }

    @Test
    void newStagingTableBeginsWhereTheKeyedTableEnds() {
        rig.stage(events(0, 50), 1);
        merge();
        rig.stage(events(50, 80), 1);
        rig.createStagingAgain();

        assertThat(TestLake.ledger(rig.open().staging())
                        .partitions(MergeRig.PIPELINE)
                        .values())
                .allSatisfy(entry -> assertThat(entry.next()).isEqualTo(50));
        rig.stage(events(50, 85), 1);
        merge();
        rig.requireMerged(events(0, 85));
    }

    @Test
    void absentOffsetsOfAFirnThatDidNotCountAreReported() {
        List<Event> withMarkers = events(0, 60);
        withMarkers.removeIf(event -> event.offset() % 10 == 9);
        rig.countsNothing();
        rig.stage(withMarkers, 1);
        JobResult result = merge();

        assertThat(result.counts()).containsEntry("unproven", 5L);
        rig.requireMerged(withMarkers);
    }

    private void assertStops(String message) {
        assertThatThrownBy(this::merge)
                .isInstanceOf(FirnException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("backfill start " + MergeRig.PIPELINE + " --mode missing --topic orders")
                .hasMessageContaining("--accept-missing orders-0:");
    }

    private JobResult merge() {
        return merge(rig.settings());
    }

    private JobResult merge(MergeSettings settings) {
        return rig.merge(settings);
    }

    private Ledger ledger() {
        return TestLake.ledger(rig.open().keyed());
    }

    private static List<Event> events(long from, long to) {
        List<Event> events = new ArrayList<>();
        LongStream.range(from, to)
                .forEach(offset -> events.add(MergeRig.event(offset, "key-" + offset, 0, offset, 1_000 + offset)));
        return events;
    }
}
