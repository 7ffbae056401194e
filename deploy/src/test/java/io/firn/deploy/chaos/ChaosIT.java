package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.PostgresServer;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import io.firn.deploy.rig.TopicProducer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two service processes in one group, a steady producer on twelve partitions, and faults: {@code kill -9}, a freeze
 * beyond the session timeout, clean restarts. Afterwards every record must be in the table once.
 *
 * <p>The short form is one fault of each kind on the lake with the most parts. {@code -Dfirn.chaos.rounds=40} is the long
 * form, its rounds are split among the lakes; {@code -Dfirn.chaos.seed=N} replays the choices of a run (not its timing).
 */
@ExtendWith(SharedBroker.class)
@Order(Integer.MAX_VALUE)
class ChaosIT {
    private static final int LAKES = 3;
    private static final int PARTITIONS = 12;
    private static final int RECORDS_PER_SECOND = 400;
    private static final Duration RECOVERY = Duration.ofSeconds(90);
    private static final int SHORT_ROUNDS = 3;
    private static final int ROUNDS = Integer.getInteger("firn.chaos.rounds", SHORT_ROUNDS);
    private static final long SEED = Long.getLong("firn.chaos.seed", 20261101L);
    private static final Path LOGS = OsProcess.logs("chaos");

    @TempDir
    Path directory;

    private static BrokerProcess broker;

    @BeforeAll
    static void useBroker(BrokerProcess shared) {
        broker = shared;
    }

    @Test
    void every_record_is_in_the_table_once_with_a_local_warehouse() throws Exception {
        assumeLongForm();
        try (Lake lake = Lake.local(directory)) {
            run(lake, "chaos_local", 1);
        }
    }

    @Test
    void every_record_is_in_the_table_once_with_an_s3_store_and_a_rest_catalog() throws Exception {
        try (Lake lake = Lake.s3AndRest(directory, LOGS)) {
            run(lake, "chaos_s3", 0);
        }
    }

    @Test
    void every_record_is_in_the_table_once_with_a_postgresql_catalog() throws Exception {
        assumeLongForm();
        Assumptions.assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        try (Lake lake = Lake.postgres(directory)) {
            run(lake, "chaos_postgres", 2);
        }
    }

    private static void assumeLongForm() {
        Assumptions.assumeTrue(ROUNDS > SHORT_ROUNDS, "-Dfirn.chaos.rounds asks for more lakes than one");
    }

    private void run(Lake lake, String topic, int share) {
        int lakes = ROUNDS > SHORT_ROUNDS ? LAKES : 1;
        int rounds = ROUNDS / lakes + (share < ROUNDS % lakes ? 1 : 0);
        say(topic, rounds + " rounds on " + lake + ", seed " + SEED);
        broker.createTopic(topic, PARTITIONS, Map.of());
        Stage stage = new Stage(broker, lake, directory, LOGS, topic);
        Path config = stage.config("firn", "workers: 2", "partition-by: [day(placed_at)]");
        TableVerifier verifier = stage.verifier();
        try (TopicProducer producer = TopicProducer.steady(
                        broker.bootstrap(), topic, PARTITIONS, RECORDS_PER_SECOND, TopicProducer.FEW_DAYS);
                FirnProcess first = stage.service(topic + "-1", config).start();
                FirnProcess second = stage.service(topic + "-2", config).start()) {
            List<FirnProcess> fleet = List.of(first, second);
            awaitProgress(verifier, fleet, Map.of());
            faults(topic, rounds, new Random(SEED + share), fleet, verifier);
            producer.close();
            long records = producer.acknowledged();
            say(topic, records + " records produced, draining");
            Eventually.holds(
                    "the table holds everything",
                    RECOVERY,
                    verifier::isDrained,
                    () -> verifier.progress() + "\n" + first.tailAndThreads() + second.tailAndThreads());
            for (FirnProcess process : fleet) {
                process.awaitJoined();
                assertThat(process.terminate())
                        .as("exit code after SIGTERM: %s", process.tail())
                        .isZero();
            }
            judge(stage, config, records);
        }
    }

    private static void faults(
            String topic, int rounds, Random random, List<FirnProcess> fleet, TableVerifier verifier) {
        Faults faults = new Faults(random, verifier, text -> say(topic, text));
        for (int round = 1; round <= rounds; round++) {
            Map<Integer, Long> before = verifier.ledger();
            FirnProcess victim = fleet.get(random.nextInt(fleet.size()));
            say(topic, "round " + round + " of " + rounds + ": " + faults.strike(round, victim));
            awaitProgress(verifier, fleet, before);
        }
    }

    /** Every partition has moved on since: no fault may leave one behind. */
    private static void awaitProgress(TableVerifier verifier, List<FirnProcess> fleet, Map<Integer, Long> before) {
        Eventually.holds(
                "every partition moves on",
                RECOVERY,
                () -> {
                    fleet.forEach(process -> assertThat(process.isAlive())
                            .as("alive: %s", process.name())
                            .isTrue());
                    Map<Integer, Long> now = verifier.ledger();
                    return now.size() == PARTITIONS
                            && now.entrySet().stream()
                                    .allMatch(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L));
                },
                () -> verifier.progress() + "\n" + fleet.get(0).tailAndThreads()
                        + fleet.get(1).tailAndThreads());
    }

    private static void judge(Stage stage, Path config, long records) {
        TableVerifier.Report report = stage.verifier().verify();
        say(
                stage.topic(),
                "rows " + report.rows() + ", snapshots "
                        + stage.lake().table(stage.table()).history().size() + ", files that no snapshot references "
                        + stage.verifier().unreferencedFiles().size());
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(report.rows()).isEqualTo(records);
        OsProcess audit = stage.audit(config);
        assertThat(audit.exitCode()).as("firn audit: %s", audit.tail()).isZero();
        say(stage.topic(), "audit clean");
    }

    private static void say(String topic, String text) {
        System.out.println("[" + topic + "] " + text);
    }
}
