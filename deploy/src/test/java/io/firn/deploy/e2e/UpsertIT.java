package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.ChangeStream;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.util.SnapshotUtil;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An upsert pipeline from Kafka to the keyed table, killed on the way: the table is the fold of the topic. */
@ExtendWith(SharedBroker.class)
class UpsertIT {
    private static final int PARTITIONS = 3;
    private static final int KILLS = Integer.getInteger("firn.upsert.kills", 1);
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Path LOGS = OsProcess.logs("upsert");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_keyed_table_is_the_fold_of_its_topic_whatever_is_killed_or_replayed(boolean versioned, BrokerProcess broker)
            throws Exception {
        String topic = versioned ? "versions" : "changes";
        try (Lake lake = Lake.local(directory)) {
            broker.createTopic(topic, PARTITIONS, Map.of());
            Stage stage = new Stage(broker, lake, directory, LOGS, topic);
            Path config = stage.config(
                    topic,
                    "schema: \"" + ChangeStream.SCHEMA + "\"",
                    "mode: upsert",
                    "key: [id]",
                    "delete-when: \"op = 'd'\"",
                    versioned ? "order-by: version" : "partition-by: ['bucket(2, id)']",
                    "commit: {interval: 500ms}",
                    "merge: {interval: 500ms, memory: 16MB}",
                    "maintenance: {interval: 2s}");
            ChangeStream stream = new ChangeStream(broker.bootstrap(), topic, PARTITIONS);
            try (FirnProcess service = stage.service(topic, config)) {
                for (int kill = 0; kill < KILLS; kill++) {
                    service.start();
                    stream.send(400);
                    int round = kill;
                    Eventually.holds(
                            "something is merged",
                            SOON,
                            () -> merged(lake, stage.table()) > 400L * round,
                            service::tail);
                    stream.send(100);
                    service.kill9();
                }
                service.start();
                awaitMerged(lake, stage.table(), stream.sent(), service);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            SortedMap<Long, String> expected = stream.fold(versioned);
            assertThat(rows(lake.table(stage.table()))).isEqualTo(expected);
            assertClean(stage, config, expected.size());

            rollBackHalf(lake.table(stage.table() + "_staging"));
            try (FirnProcess again = stage.service(topic + "-again", config).start()) {
                awaitMerged(lake, stage.table() + "_staging", stream.sent(), again);
                stream.send(10);
                awaitMerged(lake, stage.table(), stream.sent(), again);
                assertThat(again.terminate()).as(again.tail()).isZero();
            }
            SortedMap<Long, String> after = stream.fold(versioned);
            assertThat(rows(lake.table(stage.table()))).isEqualTo(after);
            assertClean(stage, config, after.size());
        }
    }

    /** Staging forgets; everything since then comes once more from Kafka. */
    private static void rollBackHalf(Table staging) {
        List<Long> ancestors = SnapshotUtil.currentAncestorIds(staging);
        staging.manageSnapshots()
                .rollbackTo(ancestors.get(ancestors.size() / 2))
                .commit();
    }

    private static void assertClean(Stage stage, Path config, int rows) {
        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as(audit.output()).isZero();
        assertThat(audit.output())
                .contains("every offset accounted for", "Clean: every row is the last record of its key")
                .containsPattern("(?s)0 of them not merged yet; " + rows + " rows");
    }

    private static void awaitMerged(Lake lake, String table, long records, FirnProcess service) {
        Eventually.holds(
                "everything is in " + table,
                SOON,
                () -> merged(lake, table) == records,
                () -> merged(lake, table) + " of " + records + "\n" + service.tail());
    }

    private static long merged(Lake lake, String table) {
        if (!lake.hasTable(table)) {
            return 0;
        }
        LedgerState state = LedgerReader.read(lake.table(table));
        return state.fold(
                present -> present.ledger().pipelines().values().stream()
                        .flatMap(partitions -> partitions.values().stream())
                        .mapToLong(PartitionEntry::next)
                        .sum(),
                fresh -> 0L,
                unknown -> 0L);
    }

    private static SortedMap<Long, String> rows(Table table) throws IOException {
        SortedMap<Long, String> rows = new TreeMap<>();
        try (CloseableIterable<Record> all = IcebergGenerics.read(table).build()) {
            for (Record row : all) {
                String place = row.getField("_source_partition") + "@" + row.getField("_source_offset") + ":"
                        + row.getField("v");
                assertThat(rows.put((Long) row.getField("id"), place))
                        .as("key %s twice", row.getField("id"))
                        .isNull();
            }
        }
        return rows;
    }
}
