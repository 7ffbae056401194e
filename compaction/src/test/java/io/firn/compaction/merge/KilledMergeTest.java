package io.firn.compaction.merge;

import static io.firn.compaction.merge.MergeRig.delete;
import static io.firn.compaction.merge.MergeRig.event;
import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The merge of what a backfill staged once more and of what came since, cut off at every one of its calls to catalog
 * and store: the keyed table is as before or as after, never between, and the next merge makes it as after, once.
 * {@code -Dfirn.faults.step=1} takes every call, the build every few.
 */
final class KilledMergeTest {
    private static final int STEP = Integer.getInteger("firn.faults.step", 17);
    private static final int MOST_TURNS = 60;
    private static final SourcePartition P0 = new SourcePartition("orders", "id-of-orders", 0);
    private static final Map<String, Long> BEFORE = Map.of("a", 1L, "c", 5L, "d", 4L);
    private static final Map<String, Long> AFTER = Map.of("a", 11L, "c", 5L, "e", 8L);

    @Test
    void whereverItIsCutOffTheKeyedTableIsAsBeforeOrAsAfter(@TempDir Path folder) throws IOException {
        Catalog catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
        Set<Map<String, Long>> seen = new HashSet<>();
        boolean failed = true;
        for (int call = 1; failed; call += STEP) {
            MergeRig rig = restaged(catalog, folder);
            FaultyTable faulty = new FaultyTable(call);
            cutOff(job(rig, faulty), call % 2 == 0);
            failed = faulty.failed();
            assertThat(rig.rows()).as("after call %d", call).isIn(BEFORE, AFTER);
            seen.add(rig.rows());

            rig.merge();
            assertThat(rig.rows()).as("merged after call %d", call).isEqualTo(AFTER);
            assertThat(rig.merge().end()).as("once, after call %d", call).isEqualTo(End.NOTHING);
        }
        ((Closeable) catalog).close();
        assertThat(seen).contains(BEFORE, AFTER);
    }

    /** b is deleted and merged; a, b and c are staged once more, d is deleted and e comes since. */
    private static MergeRig restaged(Catalog catalog, Path folder) {
        MergeRig rig = new MergeRig(catalog, folder, false, List.of(), 2, new Random(1));
        rig.stage(
                event(1, "a", 0, 0, 100),
                event(2, "b", 0, 1, 101),
                event(3, "c", 0, 2, 102),
                event(4, "d", 0, 3, 103),
                delete(6, "b", 0, 4, 104),
                event(5, "c", 0, 5, 105));
        rig.merge();
        assertThat(rig.rows()).isEqualTo(BEFORE);
        rig.stage(delete(14, "d", 0, 6, 106), event(8, "e", 0, 7, 107));
        rig.restage(
                BackfillMode.REPLACE,
                P0,
                new OffsetRange(0, 3),
                List.of(event(11, "a", 0, 0, 100), event(12, "b", 0, 1, 101), event(13, "c", 0, 2, 102)),
                Phase.DONE);
        return rig;
    }

    private static MergeJob job(MergeRig rig, FaultyTable faulty) {
        UpsertTables tables = rig.open();
        UpsertTables wrapped = new UpsertTables(
                tables.layout(),
                faulty.wrap(tables.staging()),
                faulty.wrap(tables.keyed()),
                faulty.wrap(tables.deletes()));
        return new MergeJob(
                wrapped, MergeRig.PIPELINE, rig.settings(), Clock.systemUTC(), new Random(7), JobProgress.NONE);
    }

    /** Turns until the store is gone; then the process is killed, or stopped as a person would. */
    private static void cutOff(MergeJob job, boolean stopped) {
        try {
            for (int turn = 0; turn < MOST_TURNS; turn++) {
                if (job.turn() instanceof JobTurn.Ended) {
                    return;
                }
            }
        } catch (FirnException failed) {
            assertThat(failed.kind()).as("%s", failed).isEqualTo(FirnException.Kind.EXTERNAL);
        } catch (UncheckedIOException gone) {
            assertThat(gone).hasStackTraceContaining("cut off at");
        }
        if (stopped) {
            job.stop();
        }
    }
}
