package io.firn.ingest.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.ledger.Ledger;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A backfill cut off at every one of its calls to catalog and store, by a kill or while it is asked to stop, and taken
 * up by another process: no row missing, no row twice, and it goes on to its end. {@code -Dfirn.faults.step=1} takes
 * every call, the build every few.
 */
class KilledBackfillTest {
    private static final int STEP = Integer.getInteger("firn.faults.step", 17);
    private static final int MOST_TURNS = 60;
    private static final long CHUNK = 30;

    /** What is cut off. */
    enum Backfilled {
        REPLACED(BackfillMode.REPLACE, 2),
        REPLACED_BY_VECTORS(BackfillMode.REPLACE, 3),
        MISSING(BackfillMode.MISSING, 2),
        REPLACED_IN_STAGING(BackfillMode.REPLACE, 2),
        REPLACED_ON_A_BRANCH(BackfillMode.REPLACE, 2),
        MISSING_ON_A_BRANCH(BackfillMode.MISSING, 3);

        private final BackfillMode mode;
        private final int format;

        Backfilled(BackfillMode mode, int format) {
            this.mode = mode;
            this.format = format;
        }

        boolean isOnABranch() {
            return name().endsWith("BRANCH");
        }

        /** Everything ingested, and the first file gone or all records changed since. */
        BackfillRig rig() {
            BackfillRig rig =
                    this == REPLACED_IN_STAGING ? BackfillRig.ofStaging(format, 5) : new BackfillRig(format, 5);
            for (int batch = 0; batch < 3; batch++) {
                rig.produce(30, "old");
                if (this == REPLACED_IN_STAGING) {
                    rig.produceNulls();
                }
                rig.ingest();
            }
            if (mode == BackfillMode.MISSING) {
                rig.deleteFirstFile();
            } else {
                rig.log.replaceAll(value -> value.replace("old", "new"));
            }
            return rig;
        }

        String start(BackfillRig rig) {
            return isOnABranch() ? rig.start(mode, "a-branch") : rig.start(mode);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whereverItIsCutOffNoRowIsMissingOrTwiceAndTheNextRunGoesOn(Backfilled what) {
        boolean failed = true;
        int cut = 0;
        Set<Long> chunks = new TreeSet<>();
        Set<Phase> phases = EnumSet.noneOf(Phase.class);
        for (int call = 1; failed; call += STEP) {
            BackfillRig rig = what.rig();
            List<String> before = rig.rows();
            Ledger ledger = rig.ledger();
            String id = what.start(rig);
            FaultyTable faulty = new FaultyTable(call);

            cutOff(rig, id, faulty, call % 2 == 0);
            failed = faulty.failed();
            cut += failed ? 1 : 0;
            chunks.add(rig.state(id).counts().chunks());
            phases.add(rig.state(id).standing().phase());
            assertThat(offsets(rig.rows()))
                    .as("after call %d", call)
                    .doesNotHaveDuplicates()
                    .containsAll(offsets(before));
            if (what.isOnABranch() && rig.state(id).standing().phase() != Phase.DONE) {
                assertThat(rig.rows()).as("after call %d", call).isEqualTo(before);
            }
            assertThat(rig.ledger()).isEqualTo(ledger);

            rig.clock.pass(Duration.ofMinutes(2));
            runToItsEnd(rig, id);
            assertThat(rig.state(id).standing().phase()).isEqualTo(Phase.DONE);
            assertThat(rig.state(id).done()).isEqualTo(rig.state(id).task().total());
            assertThat(rig.rows()).as("after a run after call %d", call).isEqualTo(rig.wholeLog());
            assertThat(rig.ledger()).isEqualTo(ledger);
        }
        assertThat(cut).isGreaterThan(2);
        assertThat(chunks).as("cut off between different chunks").hasSizeGreaterThan(1);
        if (what.isOnABranch()) {
            assertThat(phases).contains(Phase.RUNNING, Phase.PUBLISHING, Phase.DONE);
        }
    }

    private static void runToItsEnd(BackfillRig rig, String id) {
        rig.run(id, CHUNK);
        if (rig.state(id).standing().phase() == Phase.READY) {
            rig.backfills().publish(id);
            rig.run(id, CHUNK);
        }
    }

    /** Turns until the store is gone; then the process is killed, or stopped as a person would. */
    private static void cutOff(BackfillRig rig, String id, FaultyTable faulty, boolean stopped) {
        turn(rig.job(id, "killed", CHUNK, faulty.wrap(rig.open())), stopped);
        if (rig.state(id).standing().phase() == Phase.READY) {
            rig.backfills().publish(id);
            turn(rig.job(id, "killed", CHUNK, faulty.wrap(rig.open())), stopped);
        }
    }

    private static void turn(BackfillJob job, boolean stopped) {
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
}
