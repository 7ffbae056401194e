package io.firn.ingest.backfill;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState.Phase;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.util.SnapshotUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Backfills, on main and on branches, among everything that can come between, drawn by a seed: live commits, other
 * engines that delete, rewrite, expire and roll back, killed and rival processes, lost, late and refused commits.
 * Nothing is ever there twice, nothing is missing but what somebody deleted, and in the end every record has its row.
 * {@code -Dfirn.backfill.seeds=300} takes more.
 */
class RandomBackfillTest {
    private static final int SEEDS = Integer.getInteger("firn.backfill.seeds", 4);
    private static final int EVENT_EVERY = 3;
    private static final int DISTURBED_TURNS = 120;

    /** 56: rolled back between the reading of a chunk and its commit, which then stood for the chunks before it. */
    static IntStream seeds() {
        return IntStream.concat(IntStream.range(0, SEEDS), IntStream.of(56)).distinct();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whateverComesBetweenEveryRecordHasOneRowInTheEnd(int seed) throws IOException {
        new Run(seed).tell();
    }

    private static final class Run {
        private final BackfillRig rig;
        private final Random random;
        private final BackfillMode mode;
        private final boolean isOnABranch;
        private final String id;
        private final Set<String> deleted = new HashSet<>();
        private final List<String> events = new ArrayList<>();
        private final List<BackfillJob> jobs = new ArrayList<>();
        private int owners;

        Run(int seed) {
            rig = new BackfillRig(seed % 2 == 0 ? 2 : 3, seed);
            random = new Random(seed);
            mode = seed % 4 < 2 ? BackfillMode.REPLACE : BackfillMode.MISSING;
            for (int batch = 0; batch < 4; batch++) {
                rig.produce(40, "old");
                rig.ingest();
            }
            if (mode == BackfillMode.MISSING) {
                deleteAFile();
            } else {
                rig.log.replaceAll(value -> value.replace("old", "new"));
            }
            isOnABranch = (seed / 4 + seed) % 2 == 1;
            id = isOnABranch ? rig.start(mode, "a-branch") : rig.start(mode);
        }

        void tell() throws IOException {
            join();
            for (int turn = 0; turn < DISTURBED_TURNS && isRunning(); turn++) {
                if (random.nextInt(EVENT_EVERY) == 0) {
                    disturb(random.nextInt(11));
                    check();
                }
                turn();
            }
            rig.tables.endFaults();
            rig.clock.pass(Duration.ofMinutes(2));
            if (isOnABranch) {
                rig.ingest();
            }
            rig.run(id, 40);
            if (rig.state(id).standing().phase() == Phase.READY) {
                rig.backfills().publish(id);
                rig.run(id, 40);
            }
            check();
            assertThat(rig.state(id).standing().phase()).as("%s", events).isEqualTo(Phase.DONE);
            Set<String> offsets = offsets(rig.rows());
            if (mode == BackfillMode.REPLACE) {
                assertThat(rig.rows()).as("%s", events).noneMatch(row -> row.endsWith("old"));
            }
            // After a rollback the ledger is behind, and what is above it is ingestion's.
            rig.ingest();
            rig.run(rig.start(BackfillMode.MISSING), 100);
            assertThat(rig.rows().stream().map(row -> row.replace("old", "new")))
                    .as("%s, before the repair: %s", events, offsets)
                    .containsExactlyElementsOf(rig.wholeLog().stream()
                            .map(row -> row.replace("old", "new"))
                            .toList());
        }

        private boolean isRunning() {
            return !rig.state(id).isOver();
        }

        private void join() {
            jobs.add(rig.job(id, "owner-" + owners++, 20 + random.nextInt(40)));
        }

        private void turn() {
            if (rig.state(id).standing().phase() == Phase.READY) {
                rig.backfills().publish(id);
            }
            BackfillJob job = jobs.get(random.nextInt(jobs.size()));
            try {
                if (job.turn().ended()) {
                    jobs.remove(job);
                    rig.clock.pass(Duration.ofMinutes(2));
                    join();
                }
            } catch (FirnException failed) {
                assertThat(failed.kind()).as("%s", events).isEqualTo(FirnException.Kind.EXTERNAL);
                job.stop();
                jobs.remove(job);
                join();
            }
        }

        private void disturb(int event) throws IOException {
            events.add(Integer.toString(event));
            switch (event) {
                case 0, 1 -> {
                    rig.produce(1 + random.nextInt(10), "new");
                    rig.ingest();
                }
                case 2 -> deleteAFile();
                case 3 -> rig.rewriteAll();
                case 4 ->
                    spared().expireSnapshots()
                            .expireOlderThan(Long.MAX_VALUE)
                            .retainLast(1 + random.nextInt(3))
                            .commit();
                case 5 -> rollBack();
                case 6 -> {
                    // Killed: nothing is cleaned up, and its lease runs out.
                    jobs.remove(0);
                    rig.clock.pass(Duration.ofMinutes(2));
                    join();
                }
                case 7 -> {
                    rig.clock.pass(Duration.ofMinutes(2));
                    join();
                }
                case 8 -> rig.tables.loseNextReply();
                case 9 -> {
                    rig.tables.conflictNext();
                    rig.tables.hideNextSuccess();
                }
                default -> {
                    try {
                        rig.tables.deliverLate();
                    } catch (NoSuchElementException nothing) {
                        rig.tables.landLate();
                    }
                }
            }
        }

        private Table spared() {
            return rig.tables.openSpared(BackfillRig.NAME);
        }

        private void deleteAFile() {
            Table table = spared();
            List<String> before = rig.rows();
            List<DataFile> files = BackfillRig.files(table);
            if (!files.isEmpty()) {
                table.newDelete()
                        .deleteFile(files.get(random.nextInt(files.size())))
                        .commit();
            }
            Set<String> gone = offsets(before);
            gone.removeAll(offsets(rig.rows()));
            deleted.addAll(gone);
        }

        private void rollBack() {
            Table table = spared();
            List<Snapshot> ancestors = new ArrayList<>();
            SnapshotUtil.currentAncestors(table).forEach(ancestors::add);
            Snapshot target = ancestors.get(random.nextInt(Math.min(4, ancestors.size())));
            if (target.snapshotId() != table.currentSnapshot().snapshotId()
                    && target.summary().containsKey("firn.offsets")) {
                table.manageSnapshots().rollbackTo(target.snapshotId()).commit();
            }
        }

        private static Set<String> offsets(List<String> rows) {
            return rows.stream().map(row -> row.substring(0, row.indexOf(' '))).collect(Collectors.toSet());
        }

        /** Below the ledger every record has one row, but for those that somebody deleted. */
        private void check() {
            List<String> rows = rig.rows();
            Set<String> there = offsets(rows);
            assertThat(there).as("twice, after %s", events).hasSize(rows.size());
            Set<String> missing = new TreeSet<>(offsets(rig.wholeLog()));
            missing.removeIf(offset -> deleted.contains(offset) || there.contains(offset) || isAboveTheLedger(offset));
            assertThat(missing).as("missing, after %s", events).isEmpty();
        }

        private boolean isAboveTheLedger(String offset) {
            int dash = offset.indexOf('-');
            var partition = offset.startsWith("0") ? BackfillRig.P0 : BackfillRig.P1;
            return Long.parseLong(offset.substring(dash + 1))
                    >= rig.ledger().next(BackfillRig.PIPELINE, partition).orElse(0);
        }
    }
}
