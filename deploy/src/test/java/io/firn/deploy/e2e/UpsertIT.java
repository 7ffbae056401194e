package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.MergedBackfills;
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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.util.SnapshotUtil;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Upsert pipelines from Kafka to the keyed table, killed on the way: the table is the fold of the topic. */
@ExtendWith(SharedBroker.class)
@Order(5)
class UpsertIT {
    private static final int PARTITIONS = 3;
    private static final int KILLS = Integer.getInteger("firn.upsert.kills", 1);
    private static final Duration SOON = Eventually.PATIENCE;
    private static final Path LOGS = OsProcess.logs("upsert");

    @TempDir
    private Path directory;

    /** A pipeline, what goes into it, and whether a version comes before the position. */
    private record Keyed(Stage stage, ChangeStream stream, boolean versioned) {
        Table table() {
            return stage.lake().table(stage.table());
        }

        List<String> lines() {
            return List.of(
                    "schema: \"" + ChangeStream.SCHEMA + "\"",
                    "mode: upsert",
                    "key: [id]",
                    "delete-when: \"op = 'd'\"",
                    "on-gap: record",
                    versioned ? "order-by: version" : "partition-by: ['bucket(2, id)']",
                    "commit: {interval: 500ms}",
                    "merge: {interval: 500ms, memory: 16MB}",
                    "maintenance: {interval: 2s}");
        }
    }

    @Test
    void keyed_tables_are_the_folds_of_their_topics_whatever_is_killed_or_replayed(BrokerProcess broker)
            throws Exception {
        try (Lake lake = Lake.local(directory)) {
            List<Keyed> both = List.of(keyed(broker, lake, "changes", false), keyed(broker, lake, "versions", true));
            Path config = Stage.config("firn", both.stream().collect(Collectors.toMap(Keyed::stage, Keyed::lines)));
            try (FirnProcess service = FirnProcess.of("upsert", config, LOGS, "-Xmx256m")) {
                for (int kill = 0; kill < KILLS; kill++) {
                    service.start();
                    send(both, 400);
                    long before = 400L * kill;
                    for (Keyed each : both) {
                        Eventually.holds(
                                "something is merged",
                                SOON,
                                () -> merged(lake, each.stage().table()) > before,
                                service::tail);
                    }
                    send(both, 100);
                    service.kill9();
                }
                service.start();
                both.forEach(each ->
                        awaitMerged(lake, each.stage().table(), each.stream().sent(), service));
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
            assertThat(assertFolded(both, config).lines())
                    .as("Kafka holds all records, so that it judges them")
                    .filteredOn(line -> line.endsWith("; 0 records judged by staging only"))
                    .hasSameSizeAs(both);

            for (Keyed each : both) {
                rollBackHalf(lake.table(each.stage().table() + "_staging"));
            }
            try (FirnProcess again =
                    FirnProcess.of("upsert-again", config, LOGS, "-Xmx256m").start()) {
                for (Keyed each : both) {
                    String table = each.stage().table();
                    awaitMerged(lake, table + "_staging", each.stream().sent(), again);
                    each.stream().send(10);
                    awaitMerged(lake, table, each.stream().sent(), again);
                }
                stagedRowsLost(both.get(1), config, again);
                backfilled(both, again);
                createAgain(broker, both);
                send(both, 150);
                both.forEach(each ->
                        awaitMerged(lake, each.stage().table(), each.stream().sent(), again));
                assertThat(again.terminate()).as(again.tail()).isZero();
            }
            String unused = assertFolded(both, config);
        }
    }

    /** Under the service that reads them; their records so far are merged, and stay. */
    private static void createAgain(BrokerProcess broker, List<Keyed> all) throws Exception {
        List<String> topics = all.stream().map(each -> each.stage().topic()).toList();
        try (Admin admin = broker.admin()) {
            admin.deleteTopics(topics).all().get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            Eventually.holds(
                    "the topics are gone",
                    SOON,
                    () -> Collections.disjoint(admin.listTopics().names().get(5, TimeUnit.SECONDS), topics));
        }
        for (Keyed each : all) {
            broker.createTopic(each.stage().topic(), PARTITIONS, Map.of());
            each.stream().createdAgain();
        }
    }

    /** Another engine takes all rows out of staging, and the keyed table goes back to before most of them. */
    private static void stagedRowsLost(Keyed lost, Path config, FirnProcess service) throws Exception {
        Table staging = lost.stage().lake().table(lost.stage().table() + "_staging");
        staging.newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();
        Table keyed = lost.table();
        List<Long> ancestors = SnapshotUtil.currentAncestorIds(keyed);
        keyed.manageSnapshots().rollbackTo(ancestors.get(ancestors.size() - 1)).commit();
        Eventually.holds(
                "the pipeline is not ready at once",
                SOON,
                () -> {
                    String ready = get(service, "/health/ready");
                    return ready.startsWith("503")
                            && ready.contains("records that are not merged are no longer in the staging table")
                            && ready.contains(lost.stage().topic() + "-0 in [");
                },
                service::tail);
        OsProcess check =
                FirnProcess.command("check-lost", LOGS, "check", "--sample", "0", "--config", config.toString());
        assertThat(check.exitCode()).as(check.output()).isEqualTo(2);
        assertThat(check.output())
                .contains("are no longer in the staging table, so nothing is merged; Kafka still holds all of them");

        backfill(lost, "missing", service);
        awaitBackfilled(lost, service);
        awaitMerged(lost.stage().lake(), lost.stage().table(), lost.stream().sent(), service);
        Eventually.holds(
                "the pipeline is ready",
                SOON,
                () -> get(service, "/health/ready").startsWith("200"),
                service::tail);
    }

    private static String get(FirnProcess service, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(service.url(path))).build(),
                        HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    /** One keyed table lost all of its rows, the other one's records are decoded anew. */
    private static void backfilled(List<Keyed> both, FirnProcess service) throws Exception {
        Keyed emptied = both.get(0);
        emptied.table()
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();
        for (Keyed each : both) {
            String mode = each.equals(emptied) ? "missing" : "replace";
            backfill(each, mode, service);
        }
        for (Keyed each : both) {
            awaitBackfilled(each, service);
        }
    }

    private static void backfill(Keyed of, String mode, FirnProcess service) throws IOException, InterruptedException {
        String body = "{\"pipeline\":\"" + of.stage().topic() + "\",\"mode\":\"" + mode + "\",\"chunk\":200}";
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(service.url("/v1/backfills")))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    }

    private static void awaitBackfilled(Keyed of, FirnProcess service) {
        Table staging = of.stage().lake().table(of.stage().table() + "_staging");
        Eventually.holds(
                "the backfill is merged",
                SOON,
                () -> {
                    staging.refresh();
                    return MergedBackfills.read(of.table())
                            .open(Backfills.read(staging))
                            .isEmpty();
                },
                () -> Backfills.read(staging) + "\n" + service.tail());
    }

    private static void send(List<Keyed> all, int count) throws InterruptedException, ExecutionException {
        for (Keyed each : all) {
            each.stream().send(count);
        }
    }

    private Keyed keyed(BrokerProcess broker, Lake lake, String topic, boolean versioned) {
        broker.createTopic(topic, PARTITIONS, Map.of());
        return new Keyed(
                new Stage(broker, lake, directory, LOGS, topic),
                new ChangeStream(broker.bootstrap(), topic, PARTITIONS),
                versioned);
    }

    private static String assertFolded(List<Keyed> all, Path config) throws IOException {
        // Of a topic that was deleted and created again Kafka shows nothing.
        OsProcess audit = FirnProcess.command(
                "audit-upsert", LOGS, "audit", "--allow-unverifiable", "--config", config.toString());
        assertThat(audit.exitCode()).as(audit.output()).isZero();
        for (Keyed each : all) {
            SortedMap<Long, String> expected = each.stream().fold(each.versioned());
            assertThat(rows(each.table())).isEqualTo(expected);
            assertThat(audit.output())
                    .contains("Audit of " + each.stage().topic() + ": ")
                    .containsPattern("(?s)0 of them not merged yet; " + expected.size() + " rows");
        }
        assertThat(audit.output().lines().filter(line -> line.contains("Clean: every row is the last record")))
                .as(audit.output())
                .hasSameSizeAs(all);
        return audit.output();
    }

    /** Staging forgets; everything since then comes once more from Kafka. */
    private static void rollBackHalf(Table staging) {
        List<Long> ancestors = SnapshotUtil.currentAncestorIds(staging);
        staging.manageSnapshots()
                .rollbackTo(ancestors.get(ancestors.size() / 2))
                .commit();
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
