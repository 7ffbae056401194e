package io.firn.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.FaultyTable;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.RegisteredTables;
import io.firn.compaction.expire.ExpireJob;
import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.manifest.ManifestJob;
import io.firn.compaction.manifest.ManifestSettings;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every job, cut off at every one of its calls to catalog and store, then run again: same rows, same ledger, and the
 * orphan job collects what the first run left. {@code -Dfirn.faults.step=1} takes every call, the build every few.
 */
class KilledJobsTest {
    private static final Duration LATER = Duration.ofHours(3);
    private static final int STEP = Integer.getInteger("firn.faults.step", 7);

    /** A job as a process would begin it, on a table of its own. */
    enum Kind {
        REWRITE {
            @Override
            Job job(JobContext context) {
                return new RewriteJob(context, RewriteSettings.target(1 << 20).withCommits(1 << 20, 3));
            }
        },
        MANIFESTS {
            @Override
            Job job(JobContext context) {
                return new ManifestJob(context, new ManifestSettings(8 << 20, 3, 100));
            }
        },
        EXPIRE {
            @Override
            Job job(JobContext context) {
                return new ExpireJob(context, new ExpireSettings(Duration.ofHours(1), 1, 2), guard());
            }
        },
        ORPHANS {
            @Override
            Job job(JobContext context) {
                return new OrphanJob(context, OrphanSettings.DEFAULTS.withSafetyAge(Duration.ofHours(6)), guard());
            }
        };

        abstract Job job(JobContext context);

        private static DeletionGuard guard() {
            return new DeletionGuard(
                    "shop.orders", RegisteredTables.NONE, Optional.empty(), List.of(), Clock.systemUTC());
        }
    }

    @TempDir
    Path dir;

    private TestLake lake;

    @BeforeEach
    void openLake() {
        lake = new TestLake(dir);
    }

    @AfterEach
    void closeLake() throws IOException {
        lake.close();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aJobThatIsCutOffDoesNoDamageAndTheNextRunGoesOn(Kind kind) throws IOException {
        boolean failed = true;
        int cut = 0;
        for (int call = 1; failed; call += STEP) {
            Table table = table("t" + call);
            List<String> rows = TestLake.rows(table);
            Ledger ledger = TestLake.ledger(table);
            FaultyTable faulty = new FaultyTable(call);

            cutOff(kind.job(lake.later(faulty.wrap(lake.open("t" + call)), LATER)), call % 2 == 0);
            failed = faulty.failed();
            cut += failed ? 1 : 0;
            assertThat(TestLake.rows(table)).as("after call %d", call).isEqualTo(rows);
            assertThat(TestLake.ledger(table)).isEqualTo(ledger);

            TestLake.run(kind.job(lake.later(lake.open("t" + call), LATER)));
            assertThat(TestLake.rows(table))
                    .as("after a run after call %d", call)
                    .isEqualTo(rows);
            assertThat(TestLake.ledger(table)).isEqualTo(ledger);

            collect(table, "t" + call);
            assertThat(TestLake.rows(table)).isEqualTo(rows);
        }
        assertThat(cut).isGreaterThan(1);
    }

    /** Turns until the store is gone; then the process is killed, or stopped as a person would. */
    private static void cutOff(Job job, boolean stopped) {
        try {
            for (int turn = 0; turn < 100; turn++) {
                if (job.turn() instanceof JobTurn.Ended) {
                    return;
                }
            }
        } catch (FirnException e) {
            assertThat(e.kind()).isEqualTo(FirnException.Kind.EXTERNAL);
        }
        if (stopped) {
            job.stop();
        }
    }

    private void collect(Table table, String name) throws IOException {
        makeAllOld(table);
        TestLake.run(Kind.ORPHANS.job(lake.later(lake.open(name), LATER)));
        TreeSet<String> left = TestLake.onDisk(table);
        left.removeAll(referenced(table));
        assertThat(left).isEmpty();
    }

    private Table table(String name) throws IOException {
        lake.restart();
        Table table = lake.create(name, Orders.SCHEMA, PartitionSpec.unpartitioned(), Map.of("format-version", "2"));
        for (int file = 0; file < 5; file++) {
            lake.ingest(name, TestFiles.data(table, Orders.rows(file * 10L, 10, file)));
        }
        table.newRowDelta()
                .addDeletes(TestFiles.positions(table, TestLake.files(table).get(1), 3))
                .commit();
        Path orphan = Path.of(URI.create(table.location()).getPath(), "data", "left-behind.parquet");
        Files.writeString(orphan, "x");
        makeAllOld(table);
        table.refresh();
        return table;
    }

    private static void makeAllOld(Table table) throws IOException {
        for (String path : TestLake.onDisk(table)) {
            Files.setLastModifiedTime(Path.of(path), FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        }
    }

    private static TreeSet<String> referenced(Table table) throws IOException {
        table.refresh();
        TreeSet<String> paths = new TreeSet<>();
        var operations = ((org.apache.iceberg.HasTableOperations) table).operations();
        paths.add(path(operations.current().metadataFileLocation()));
        operations.current().previousFiles().forEach(each -> paths.add(path(each.file())));
        for (var snapshot : table.snapshots()) {
            paths.add(path(snapshot.manifestListLocation()));
            for (var manifest : snapshot.allManifests(table.io())) {
                paths.add(path(manifest.path()));
                try (var reader = manifest.content() == ManifestContent.DATA
                        ? ManifestFiles.read(manifest, table.io(), table.specs())
                        : ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
                    reader.forEach(file -> paths.add(path(file.location())));
                }
            }
        }
        return paths;
    }

    private static String path(String location) {
        return URI.create(location).getPath();
    }
}
