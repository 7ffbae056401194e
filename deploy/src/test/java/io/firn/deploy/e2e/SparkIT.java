package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.deploy.rig.KeyedRig;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SparkProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The view of the latest rows as Spark sees it: {@code -Pspark}. */
@EnabledIfSystemProperty(named = "firn.spark", matches = "true")
final class SparkIT {
    private static final Path LOGS = OsProcess.logs("spark");

    @TempDir
    private Path directory;

    @Test
    void the_view_answers_with_the_latest_record_of_each_key_while_some_are_not_merged() throws Exception {
        Catalog catalog = Catalogs.open(Lake.sqlite(directory));
        try {
            KeyedRig plain = new KeyedRig(catalog, "shop.plain", 2, false, new Random(1));
            KeyedRig versioned = new KeyedRig(catalog, "shop.versioned", 3, true, new Random(2));
            for (KeyedRig keyed : List.of(plain, versioned)) {
                keyed.stage(30);
                keyed.merge();
                keyed.stage(20);
                keyed.merge();
            }
            plain.followView();
            versioned.followView("firn");
            plain.stage(20);
            versioned.stage(20);

            List<List<List<String>>> answers = SparkProcess.query(
                    directory, LOGS, query("firn.shop.plain_latest"), query("firn.shop.versioned_latest"));

            assertThat(rows(answers.get(0))).isEqualTo(plain.latest());
            assertThat(rows(answers.get(1))).isEqualTo(versioned.latest());
        } finally {
            ((AutoCloseable) catalog).close();
        }
    }

    private static String query(String view) {
        return "select id, _source_partition, _source_offset from " + view;
    }

    private static SortedMap<Long, String> rows(List<List<String>> answer) {
        SortedMap<Long, String> rows = new TreeMap<>();
        for (List<String> row : answer) {
            assertThat(rows.put(Long.parseLong(row.get(0)), row.get(1) + "@" + row.get(2)))
                    .as("one row a key")
                    .isNull();
        }
        return rows;
    }
}
