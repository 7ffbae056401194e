package io.firn.compaction.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.compaction.Budget;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.fold.NaiveFold.Event;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random streams through real tables: whatever is staged, replayed, expired, rewritten or killed in between, after each
 * merge the keyed table is the fold of the records below its ledger.
 */
final class RandomMergeTest {
    private static final int STEPS = 25;

    @TempDir
    private static Path folder;

    private static Catalog catalog;

    @BeforeAll
    static void start() {
        catalog = Catalogs.open(Map.of("type", "hadoop", "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    static List<Long> seeds() {
        List<Long> seeds = new ArrayList<>();
        for (long seed = 0; seed < Integer.getInteger("firn.merge.seeds", 2); seed++) {
            seeds.add(seed + Long.getLong("firn.merge.first-seed", 0));
        }
        return seeds;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void theKeyedTableIsTheFoldOfWhatItsLedgerSays(long seed) {
        new Story(seed).run();
    }

    /** One random course of events. */
    private static final class Story {
        private final Random random;
        private final MergeRig rig;
        private final int keys;
        private final long[] next = new long[3];
        private long ids;
        private long time = 1000;

        Story(long seed) {
            this.random = new Random(seed);
            this.keys = 5 + random.nextInt(60);
            List<String> partitioning = List.of(
                            List.of("bucket(4, id)"), List.<String>of(), List.of("void(id)"), List.of("region"))
                    .get(random.nextInt(4));
            this.rig = new MergeRig(catalog, folder, random.nextBoolean(), partitioning, 2 + random.nextInt(2), random);
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                int what = random.nextInt(11);
                if (what < 5) {
                    stage();
                } else if (what == 5) {
                    foreignWork();
                } else if (what == 6 && !rig.staged.isEmpty()) {
                    rig.replay(some(rig.staged));
                } else if (what == 7 && !rig.staged.isEmpty()) {
                    backfill();
                } else if (what == 8) {
                    killedMerge();
                    requireFold();
                } else {
                    rig.merge(settings());
                    requireFold();
                }
            }
            rig.merge(settings());
            rig.requireMerged(rig.staged);
        }

        private MergeSettings settings() {
            MergeSettings settings = rig.settings()
                    .withDeleteWhen(Expressions.equal("op", "d"))
                    .withRewriteShare(random.nextBoolean() ? 1 : 0.01 + random.nextDouble() * 0.9);
            return random.nextInt(3) > 0
                    ? settings
                    : settings.withBudget(Budget.UNLIMITED.withRows(1 + random.nextInt(30)));
        }

        private void stage() {
            List<Event> events = new ArrayList<>();
            int count = 1 + random.nextInt(40);
            for (int i = 0; i < count; i++) {
                int source = random.nextInt(next.length);
                Optional<Long> version = rig.versioned && random.nextInt(4) > 0
                        ? Optional.of((long) random.nextInt(6))
                        : Optional.empty();
                time += random.nextInt(3);
                events.add(new Event(
                        ids++,
                        "key-" + random.nextInt(keys),
                        source == 2 ? "others" : "orders",
                        source % 2,
                        next[source],
                        random.nextInt(8) == 0 ? Event.NO_TIMESTAMP : time + random.nextInt(20) - 10,
                        version,
                        random.nextInt(4) == 0));
                next[source] += 1 + random.nextInt(2);
            }
            List<Event> shuffled = new ArrayList<>(events);
            Collections.shuffle(shuffled, random);
            rig.stage(shuffled, 1 + random.nextInt(3));
        }

        /** Some records once more, decoded anew, merged before or not; then a merge until nothing is left. */
        private void backfill() {
            Event first = rig.staged.get(random.nextInt(rig.staged.size()));
            OffsetRange span = new OffsetRange(first.offset(), first.offset() + 1 + random.nextInt(50));
            BackfillMode mode = random.nextBoolean() ? BackfillMode.REPLACE : BackfillMode.MISSING;
            List<Event> decoded = new ArrayList<>();
            for (Event event : rig.staged) {
                if (event.isOfSamePartition(first) && event.offset() >= span.start() && event.offset() < span.end()) {
                    decoded.add(mode == BackfillMode.MISSING ? event : decodedAnew(event));
                }
            }
            rig.restage(mode, MergeRig.partition(first), span, decoded, Phase.DONE);
            if (random.nextBoolean()) {
                killedMerge();
            }
            while (rig.merge(settings()).end() != End.NOTHING) {}
            requireFold();
        }

        private Event decodedAnew(Event event) {
            return new Event(
                    ids++,
                    event.key(),
                    event.topic(),
                    event.partition(),
                    event.offset(),
                    event.timestamp(),
                    event.version(),
                    event.deletes());
        }

        /** What other engines do to tables without changing their rows. */
        private void foreignWork() {
            Table table =
                    random.nextBoolean() ? rig.open().staging() : rig.open().keyed();
            if (random.nextBoolean()) {
                rewriteAll(table);
            }
            if (random.nextBoolean() && table.currentSnapshot() != null) {
                table.refresh();
                table.expireSnapshots()
                        .expireOlderThan(Long.MAX_VALUE)
                        .retainLast(1)
                        .cleanExpiredFiles(true)
                        .commit();
            }
        }

        /** One file of everything, in another order. */
        private void rewriteAll(Table table) {
            if (table.currentSnapshot() == null || table.spec().isPartitioned()) {
                return;
            }
            List<Record> rows = new ArrayList<>();
            Set<DataFile> files = new HashSet<>();
            Set<DeleteFile> deletes = new HashSet<>();
            try (CloseableIterable<Record> records = IcebergGenerics.read(table).build();
                    CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
                records.forEach(rows::add);
                tasks.forEach(task -> {
                    files.add(task.file());
                    deletes.addAll(task.deletes());
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (rows.isEmpty()) {
                return;
            }
            Collections.shuffle(rows, random);
            DataWriter<Record> writer = MergeRig.writer(table);
            try (writer) {
                rows.forEach(writer::write);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            RewriteFiles rewrite = table.newRewrite()
                    .validateFromSnapshot(table.currentSnapshot().snapshotId());
            files.forEach(rewrite::deleteFile);
            deletes.forEach(rewrite::deleteFile);
            rewrite.addFile(writer.toDataFile()).commit();
        }

        /** Some turns of a merge, and then nobody calls it any more. */
        private void killedMerge() {
            MergeJob job = rig.job(settings());
            int turns = random.nextInt(30);
            for (int turn = 0; turn < turns; turn++) {
                if (job.turn() instanceof JobTurn.Ended) {
                    return;
                }
            }
            if (random.nextBoolean()) {
                job.stop();
            }
        }

        private void requireFold() {
            LedgerState state = LedgerReader.read(rig.open().keyed());
            if (!(state instanceof LedgerState.Present)) {
                assertThat(rig.rows()).isEmpty();
                return;
            }
            SortedMap<SourcePartition, PartitionEntry> merged =
                    ((LedgerState.Present) state).ledger().partitions(MergeRig.PIPELINE);
            rig.requireMerged(rig.staged.stream()
                    .filter(event -> {
                        PartitionEntry entry = merged.get(MergeRig.partition(event));
                        return entry != null && event.offset() < entry.next();
                    })
                    .toList());
        }

        private List<Event> some(List<Event> events) {
            int from = random.nextInt(events.size());
            return events.subList(from, from + 1 + random.nextInt(events.size() - from));
        }
    }
}
