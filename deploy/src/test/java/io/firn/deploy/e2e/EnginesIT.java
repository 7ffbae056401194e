package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Composed;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.LocalFirn;
import io.firn.deploy.rig.NestedOrders;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.SparkProcess;
import io.firn.deploy.rig.TrinoServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the compose file runs, run without containers by the very files that are mounted there. Trino ({@code -Ptrino})
 * and Spark ({@code -Pspark}) ask and change the tables while Firn ingests and merges: over a REST catalog and an S3
 * server, and through Firn's own endpoint over SQLite and a folder. What they change is overtaken by later records, so
 * that in the end all must agree with the audit. {@code -Dfirn.compose=true} runs it without an engine.
 */
@ExtendWith(SharedBroker.class)
@EnabledIf("isAskedFor")
final class EnginesIT {
    private static final int ROUNDS = Integer.getInteger("firn.engines.rounds", 3);
    private static final int FIRST = 1_000;
    private static final int MORE = 200;
    private static final int ATTEMPTS = 10;
    private static final Path LOGS = OsProcess.logs("engines");

    @TempDir
    private static Path directory;

    private static Lake lake;
    private static Composed composed;
    private static LocalFirn local;

    /** Without it the servers would be started for nothing. */
    static boolean isAskedFor() {
        return Stream.of("firn.compose", "firn.trino", "firn.spark").anyMatch(Boolean::getBoolean);
    }

    @BeforeAll
    static void startServers(BrokerProcess broker) throws IOException {
        lake = Lake.s3AndRest(directory, LOGS);
        composed = Composed.on(broker, lake);
        local = LocalFirn.in(Files.createDirectories(directory.resolve("local")));
    }

    @AfterAll
    static void stopServers() throws Exception {
        lake.close();
    }

    @Test
    @EnabledIfSystemProperty(named = "firn.compose", matches = "true")
    void the_compose_files_stream_ends_in_a_keyed_table_that_the_audit_finds_clean() {
        try (FirnProcess service = composed.service(LOGS).start()) {
            first();
            composed.awaitMerged(service);
            assertThat(service.terminate()).as(service.tail()).isZero();
        }
        assertAudited(Composed.TOPIC, Composed.FIRN);
    }

    @Test
    @EnabledIfSystemProperty(named = "firn.trino", matches = "true")
    void trino_answers_as_the_audit_does_whatever_it_changes_while_firn_ingests_and_merges() throws Exception {
        Map<String, String> catalogs = Map.of("lake", Files.readString(Composed.TRINO), "firn", local.trino());
        try (FirnProcess one = composed.service(LOGS).start();
                FirnProcess other = local.service(LOGS, composed).start();
                TrinoServer trino =
                        TrinoServer.start(directory.resolve("trino"), LOGS, catalogs, composed.environment())) {
            int sent = first();
            awaitMerged(one, other);
            for (int round = 0; round < ROUNDS; round++) {
                for (String catalog : catalogs.keySet()) {
                    change(trino, catalog, sent);
                    send(sent, sent + MORE);
                    sent += MORE;
                }
            }
            awaitMerged(one, other);
            for (String catalog : catalogs.keySet()) {
                assertAnswers(trino, catalog, sent);
            }
            assertThat(one.terminate()).as(one.tail()).isZero();
            assertThat(other.terminate()).as(other.tail()).isZero();
        }
        assertAudited(Composed.TOPIC, Composed.FIRN);
        assertAudited(LocalFirn.PIPELINE, local.config());
    }

    @Test
    @EnabledIfSystemProperty(named = "firn.spark", matches = "true")
    void spark_answers_as_the_audit_does_through_the_endpoint_of_a_service_that_goes_on() throws Exception {
        try (FirnProcess other = local.service(LOGS, composed).start()) {
            int sent = first();
            composed.awaitMerged(local.lake(), LocalFirn.PIPELINE, other);
            List<List<List<String>>> answers = SparkProcess.query(
                    local.endpoint(),
                    Composed.TOKEN,
                    LOGS,
                    "delete from firn.shop.orders where order_id = '" + keyOf(sent) + "'",
                    "call firn.system.rewrite_data_files(table => 'shop.orders', options => map("
                            + "'min-input-files', '2'))",
                    "select count(*) from firn.shop.orders_staging",
                    "select sum(items[0].quantity), max(labels['channel']) from firn.shop.orders_staging");
            assertThat(answers.get(2)).isEqualTo(List.of(List.of(Integer.toString(sent))));
            assertThat(answers.get(3)).isEqualTo(List.of(List.of(Long.toString(quantities(sent)), "web")));
            send(sent, sent + MORE);
            composed.awaitMerged(local.lake(), LocalFirn.PIPELINE, other);
            answers =
                    SparkProcess.query(local.endpoint(), Composed.TOKEN, LOGS, "select count(*) from firn.shop.orders");
            assertThat(answers.get(0))
                    .isEqualTo(
                            List.of(List.of(Integer.toString(keys(sent + MORE).size()))));
            assertThat(other.terminate()).as(other.tail()).isZero();
        }
        assertAudited(LocalFirn.PIPELINE, local.config());
    }

    /** Deletes, changes and rewrites by Trino; of every key that it touches a record follows among the next. */
    private static void change(TrinoServer trino, String catalog, int sent) {
        String keyed = catalog + ".shop.orders";
        commit(trino, "delete from " + keyed + " where order_id = '" + keyOf(sent) + "'", "");
        commit(
                trino,
                "merge into " + keyed + " t using (values '" + keyOf(sent + 14) + "') as s(id) on t.order_id = s.id"
                        + " when matched then update set status = 'changed'",
                "");
        commit(trino, "alter table " + keyed + " execute optimize", "");
        commit(trino, "alter table " + keyed + "_staging execute optimize", "");
        commit(
                trino,
                "alter table " + keyed + "_staging execute expire_snapshots(retention_threshold => '0s')",
                catalog + ".expire_snapshots_min_retention=0s");
    }

    /** Firn commits meanwhile: Trino gives up where what it read has changed, and a person asks again. */
    private static void commit(TrinoServer trino, String statement, String session) {
        for (int attempt = 1; ; attempt++) {
            try {
                trino.query(statement, session);
                return;
            } catch (AssertionError refused) {
                if (attempt == ATTEMPTS || !String.valueOf(refused.getMessage()).contains("ICEBERG_COMMIT_ERROR")) {
                    throw refused;
                }
            }
        }
    }

    /** A key that was sent before and comes again among the next fourteen. */
    private static String keyOf(int sent) {
        return NestedOrders.key((sent + 6) / 14 * 14 + 7);
    }

    private static void assertAnswers(TrinoServer trino, String catalog, int sent) throws IOException {
        String keyed = catalog + ".shop.orders";
        Map<String, Integer> last = keys(sent);
        assertThat(one(trino, "select count(*) from " + keyed + "_staging")).isEqualTo(Integer.toString(sent));
        for (String table : List.of(keyed, keyed + "_latest")) {
            assertThat(one(trino, "select count(*) from " + table)).isEqualTo(Integer.toString(last.size()));
        }
        assertThat(trino.query("select distinct typeof(amount), typeof(placed_at), typeof(items), typeof(labels) from "
                        + keyed))
                .isEqualTo(List.of(List.of(
                        "decimal(10,2)",
                        "timestamp(6) with time zone",
                        "array(row(\"sku\" varchar, \"quantity\" integer))",
                        "map(varchar, varchar)")));
        assertThat(one(trino, "select sum(items[1].quantity) from " + keyed))
                .isEqualTo(Long.toString(
                        last.values().stream().mapToLong(n -> n % 5 + 1).sum()));
        assertThat(one(trino, "select count(*) from " + keyed + " where element_at(labels, 'channel') <> 'web'"))
                .isEqualTo("0");
        assertThat(one(trino, "select count(*) from " + keyed + " where status = 'changed'"))
                .isEqualTo("0");

        String quoted = catalog + ".shop.\"orders_staging$";
        assertThat(one(trino, "select sum(record_count) from " + quoted + "files\" where content = 0"))
                .isEqualTo(Integer.toString(sent));
        List<List<String>> snapshots = trino.query("select snapshot_id, element_at(summary, 'firn.offsets') from "
                + quoted + "snapshots\" where element_at(summary, 'firn.operation') = 'append'"
                + " order by committed_at");
        assertThat(snapshots).isNotEmpty();
        assertThat(trino.query("select element_at(summary, 'firn.watermark') from " + catalog
                        + ".shop.\"orders$snapshots\" where element_at(summary, 'firn.operation') = 'merge'"))
                .isNotEmpty();
        List<String> then = snapshots.get(0);
        assertThat(one(trino, "select count(*) from " + keyed + "_staging for version as of " + then.get(0)))
                .isEqualTo(Long.toString(offsets(then.get(1))));
    }

    /** Records below a ledger. */
    private static long offsets(String ledger) throws IOException {
        long sum = 0;
        for (var next : new ObjectMapper().readTree(ledger).findValue("next")) {
            sum += next.asLong();
        }
        return sum;
    }

    private static String one(TrinoServer trino, String query) {
        return trino.query(query).get(0).get(0);
    }

    /** Of each key the last order. */
    private static Map<String, Integer> keys(int sent) {
        Map<String, Integer> last = new TreeMap<>();
        for (int n = 0; n < sent; n++) {
            last.put(NestedOrders.key(n), n);
        }
        return last;
    }

    private static long quantities(int sent) {
        long sum = 0;
        for (int n = 0; n < sent; n++) {
            sum += n % 5 + 1;
        }
        return sum;
    }

    /** Tests share the topic. @return how many records it holds */
    private static int first() {
        int sent = composed.sent();
        if (sent == 0) {
            send(0, FIRST);
        }
        return Math.max(sent, FIRST);
    }

    private static void send(int from, int to) {
        NestedOrders.send(composed.broker().bootstrap(), Composed.TOPIC, Composed.PARTITIONS, from, to);
    }

    private static void awaitMerged(FirnProcess one, FirnProcess other) {
        composed.awaitMerged(one);
        composed.awaitMerged(local.lake(), LocalFirn.PIPELINE, other);
    }

    private static void assertAudited(String pipeline, Path config) {
        OsProcess audit = composed.audit(LOGS, pipeline, config);
        assertThat(audit.exitCode()).as(audit.tail()).isZero();
    }
}
