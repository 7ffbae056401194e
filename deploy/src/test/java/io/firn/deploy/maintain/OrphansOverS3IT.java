package io.firn.deploy.maintain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import io.firn.deploy.rig.KeyedRig;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.S3ProxyProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The orphan job by S3FileIO, whose listing and removal in bulk are not those of a folder. */
final class OrphansOverS3IT {
    private static final Path LOGS = OsProcess.logs("orphans");

    /** Long enough that the last commit has settled. */
    private static final Duration LATER = Duration.ofMinutes(20);

    @TempDir
    private Path directory;

    @Test
    void only_old_objects_that_nothing_references_go() throws Exception {
        try (S3ProxyProcess s3 = S3ProxyProcess.start(directory.resolve("s3"), LOGS, "lake")) {
            Map<String, String> properties = new HashMap<>(Lake.sqlite(directory));
            properties.putAll(s3.catalogProperties());
            properties.put("warehouse", "s3://lake/warehouse");
            Catalog catalog = Catalogs.open(properties);
            try {
                KeyedRig keyed = new KeyedRig(catalog, "shop.orders", 2, false, new Random(5));
                for (int round = 0; round < 3; round++) {
                    keyed.stage(20);
                    keyed.merge();
                }
                collect(catalog, catalog.loadTable(TableIdentifier.parse("shop.orders")));
                assertThat(keyed.rows()).isEqualTo(keyed.latest());
                shareLocation(catalog);
            } finally {
                ((AutoCloseable) catalog).close();
            }
        }
    }

    private void collect(Catalog catalog, Table table) throws IOException {
        TreeSet<String> referenced = objects();
        List<String> old = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            old.add(plant(table, "data/deep/er/orphan %d +ä.parquet".formatted(i)));
        }
        old.add(plant(table, "metadata/orphan-m0.avro"));
        makeAllOld();
        String young = plant(table, "data/young.parquet");

        JobResult result = run(catalog, table);

        assertThat(result.end()).isEqualTo(End.DONE);
        assertThat(result.count("orphans")).isEqualTo(old.size());
        assertThat(old).noneMatch(location -> table.io().newInputFile(location).exists());
        assertThat(table.io().newInputFile(young).exists()).isTrue();
        assertThat(objects()).containsAll(referenced);
        assertThat(run(catalog, table).end()).isEqualTo(End.NOTHING);
    }

    /** Another engine renames the table, and the next one gets its location. */
    private void shareLocation(Catalog catalog) throws IOException {
        TableIdentifier name = TableIdentifier.parse("shop.orders");
        Table renamed = catalog.loadTable(name);
        String location = renamed.location().replace("s3://", "s3a://") + "/";
        catalog.renameTable(name, TableIdentifier.parse("shop.orders_2025"));
        Table fresh = catalog.buildTable(name, renamed.schema())
                .withLocation(location)
                .create();
        fresh.newAppend().commit();
        makeAllOld();
        TreeSet<String> before = objects();

        assertThatThrownBy(() -> run(catalog, catalog.loadTable(name)))
                .isInstanceOfSatisfying(FirnException.class, refused -> assertThat(refused.code())
                        .isEqualTo("deletion-refused"))
                .hasMessageContaining("shop.orders_2025");
        catalog.dropTable(TableIdentifier.parse("shop.orders_2025"), false);
        assertThatThrownBy(() -> run(catalog, catalog.loadTable(name)))
                .hasMessageContaining("metadata of another table lies in");

        assertThat(objects()).containsAll(before);
    }

    private JobResult run(Catalog catalog, Table table) throws IOException {
        Clock clock = Clock.offset(Clock.systemUTC(), LATER);
        Path scratch = Files.createDirectories(directory.resolve("scratch"));
        OrphanJob job = new OrphanJob(
                new JobContext(table, clock, new Random(1), JobProgress.NONE, scratch),
                OrphanSettings.DEFAULTS.withSafetyAge(Duration.ofHours(6)),
                DeletionGuard.of(catalog, "shop.orders", clock));
        while (true) {
            JobTurn turn = job.turn();
            if (turn instanceof JobTurn.Ended) {
                return ((JobTurn.Ended) turn).result();
            }
        }
    }

    private static String plant(Table table, String name) throws IOException {
        String location = table.location() + "/" + name;
        try (OutputStream out = table.io().newOutputFile(location).create()) {
            out.write(1);
        }
        return location;
    }

    private TreeSet<String> objects() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("s3/store"))) {
            TreeSet<String> files = new TreeSet<>();
            all.filter(Files::isRegularFile).forEach(file -> files.add(file.toString()));
            return files;
        }
    }

    private void makeAllOld() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        for (String file : objects()) {
            Files.setLastModifiedTime(Path.of(file), old);
        }
    }
}
