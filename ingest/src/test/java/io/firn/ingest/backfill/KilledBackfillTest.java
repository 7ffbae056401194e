package io.firn.ingest.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.ledger.Ledger;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A backfill cut off at every one of its calls to catalog and store, by a kill or while it is asked to stop, and taken up
 * by another process: no row missing, no row twice, and it goes on to its end. {@code -Dfirn.faults.step=1} takes every
 * call, the build every few.
 */
class KilledBackfillTest {
    private static final int STEP = Integer.getInteger("firn.faults.step", 17);
    private static final int MOST_TURNS = 60;
    private static final long CHUNK = 30;

    @ParameterizedTest
    @CsvSource({"REPLACE, 2", "REPLACE, 3", "MISSING, 2"})
    void whereverItIsCutOffNoRowIsMissingOrTwiceAndTheNextRunGoesOn(BackfillMode mode, int format) {
        boolean failed = true;
        int cut = 0;
        Set<Long> chunks = new TreeSet<>();
        for (int call = 1; failed; call += STEP) {
            BackfillRig rig = new BackfillRig(format, 5);
            for (int batch = 0; batch < 3; batch++) {
                rig.produce(30, "old");
                rig.ingest();
            }
            List<String> whole = rig.wholeLog();
            if (mode == BackfillMode.MISSING) {
                deleteFirstFile(rig);
            } else {
                rig.log.replaceAll(value -> value.replace("old", "new"));
            }
            List<String> before = rig.rows();
            Ledger ledger = rig.ledger();
            String id = rig.start(mode);
            FaultyTable faulty = new FaultyTable(call);

            cutOff(rig.job(id, "killed", CHUNK, faulty.wrap(rig.open())), call % 2 == 0);
            failed = faulty.failed();
            cut += failed ? 1 : 0;
            chunks.add(rig.state(id).counts().chunks());
            assertThat(offsets(rig.rows()))
                    .as("after call %d", call)
                    .doesNotHaveDuplicates()
                    .containsAll(offsets(before));
            assertThat(rig.ledger()).isEqualTo(ledger);

            rig.clock.pass(Duration.ofMinutes(2));
            rig.run(id, CHUNK);
            assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.DONE);
            assertThat(rig.state(id).done()).isEqualTo(rig.state(id).task().total());
            assertThat(rig.rows())
                    .as("after a run after call %d", call)
                    .isEqualTo(mode == BackfillMode.MISSING ? whole : rig.wholeLog());
            assertThat(rig.ledger()).isEqualTo(ledger);
        }
        assertThat(cut).isGreaterThan(2);
        assertThat(chunks).as("cut off between different chunks").hasSizeGreaterThan(1);
    }

    /** Turns until the store is gone; then the process is killed, or stopped as a person would. */
    private static void cutOff(BackfillJob job, boolean stopped) {
        try {
            for (int turn = 0; turn < MOST_TURNS; turn++) {
                if (job.turn().ended()) {
                    return;
                }
            }
        } catch (FirnException failed) {
            assertThat(failed.kind()).as("%s", failed).isEqualTo(FirnException.Kind.EXTERNAL);
        } catch (UncheckedIOException gone) {
            assertThat(gone).hasStackTraceContaining("cut off at");
        }
        if (stopped) {
            try {
                job.stop();
            } catch (UncheckedIOException gone) {
                assertThat(gone).hasStackTraceContaining("cut off at");
            }
        }
    }

    private static List<String> offsets(List<String> rows) {
        return rows.stream().map(row -> row.substring(0, row.indexOf(' '))).collect(Collectors.toList());
    }

    private static void deleteFirstFile(BackfillRig rig) {
        Table table = rig.open();
        FileScanTask first = table.newScan().planFiles().iterator().next();
        table.newDelete().deleteFile(first.file()).commit();
    }
}
