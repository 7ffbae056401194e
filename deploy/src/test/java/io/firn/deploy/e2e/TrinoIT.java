package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.deploy.rig.KeyedRig;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.TrinoServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keyed tables as Trino sees and changes them, over a REST catalog and an S3 server: {@code -Ptrino}. */
@EnabledIfSystemProperty(named = "firn.trino", matches = "true")
final class TrinoIT {
    /** By this name Trino knows the catalog. */
    private static final String CATALOG = "lake";

    private static final Path LOGS = OsProcess.logs("trino");

    @TempDir
    private static Path directory;

    private static Lake lake;
    private static Catalog catalog;
    private static TrinoServer trino;

    @BeforeAll
    static void startServers() {
        lake = Lake.s3AndRest(directory, LOGS);
        catalog = Catalogs.open(lake.properties());
        trino = TrinoServer.start(
                directory.resolve("trino"), LOGS, Map.of(CATALOG, TrinoServer.restAndS3(lake.properties())));
    }

    @AfterAll
    static void stopServers() throws Exception {
        if (trino != null) {
            trino.close();
        }
        ((AutoCloseable) catalog).close();
        lake.close();
    }

    @ParameterizedTest
    @CsvSource({"2, false", "3, true"})
    void the_view_answers_with_the_latest_record_of_each_key_at_any_moment(int format, boolean versioned)
            throws IOException {
        KeyedRig keyed = new KeyedRig(catalog, "shop.view" + format, format, versioned, new Random(format));
        keyed.stage(40);
        keyed.followView(CATALOG);
        for (int round = 0; round < 4; round++) {
            assertThat(view(keyed)).as("unmerged, round %d", round).isEqualTo(keyed.latest());
            keyed.merge();
            if (round % 2 == 0) {
                keyed.followView(CATALOG);
            }
            assertThat(view(keyed)).as("merged, round %d", round).isEqualTo(keyed.latest());
            assertThat(rows(keyed.table())).isEqualTo(keyed.latest());
            keyed.stage(25);
        }
    }

    @ParameterizedTest
    @CsvSource({"2", "3"})
    void what_trino_deletes_changes_and_rewrites_between_merges_stays_so(int format) throws IOException {
        KeyedRig keyed = new KeyedRig(catalog, "shop.changed" + format, format, false, new Random(7)).inOrder();
        String table = CATALOG + "." + keyed.table();
        keyed.stage(60);
        keyed.merge();
        for (int round = 0; round < 3; round++) {
            List<Long> keys = List.copyOf(keyed.latest().keySet());
            long gone = keys.get(round);
            trino.query("delete from " + table + " where id = " + gone);
            keyed.forget(gone);
            long changed = keys.get(keys.size() - 1 - round);
            trino.query("merge into " + table + " t using (values " + changed + ") as s(id) on t.id = s.id"
                    + " when matched then update set v = -1");
            assertThat(trino.query("select v from " + table + " where id = " + changed))
                    .isEqualTo(List.of(List.of("-1")));
            trino.query("alter table " + table + " execute optimize");
            assertThat(rows(keyed.table())).as("round %d", round).isEqualTo(keyed.latest());

            keyed.stage(15);
            keyed.followView(CATALOG);
            assertThat(view(keyed)).as("round %d", round).isEqualTo(keyed.latest());
            keyed.merge();
            assertThat(rows(keyed.table())).as("round %d", round).isEqualTo(keyed.latest());
            assertThat(keyed.rows()).as("round %d", round).isEqualTo(keyed.latest());
        }
    }

    private static SortedMap<Long, String> view(KeyedRig keyed) {
        return rows(keyed.table() + "_latest");
    }

    /** Of each key the position of the record that is shown. */
    private static SortedMap<Long, String> rows(String table) {
        SortedMap<Long, String> rows = new TreeMap<>();
        for (List<String> row :
                trino.query("select id, _source_partition, _source_offset from " + CATALOG + "." + table)) {
            assertThat(rows.put(Long.parseLong(row.get(0)), row.get(1) + "@" + row.get(2)))
                    .as("one row a key")
                    .isNull();
        }
        return rows;
    }
}
