package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ClosedPort;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.PostgresServer;
import io.firn.deploy.rig.RestCatalogServer;
import io.firn.deploy.rig.S3ProxyProcess;
import io.firn.deploy.rig.SharedBroker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What real systems refuse, told by the command line with the right exit code. No secret is ever shown. */
@ExtendWith(SharedBroker.class)
class BadInputIT {
    private static final String WRONG = "not-the-password-81";
    private static final String TOPIC = "bad_input";

    @TempDir
    private Path folder;

    private static BrokerProcess broker;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void createTopic(BrokerProcess shared) {
        broker = shared;
        broker.createTopic(TOPIC, 1, Map.of());
    }

    @BeforeEach
    void makeWarehouse() throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
    }

    @AfterEach
    void no_secret_was_shown() {
        assertThat(out + "\n" + err)
                .doesNotContain(WRONG)
                .doesNotContain(BrokerProcess.PASSWORD)
                .doesNotContain(S3ProxyProcess.SECRET_KEY)
                .doesNotContain("\tat ");
    }

    private int firn(String... arguments) {
        err.getBuffer().setLength(0);
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private String config(Map<String, String> kafka, Map<String, String> catalog, String topic) throws IOException {
        StringBuilder yaml = new StringBuilder("kafka:\n");
        new TreeMap<>(kafka).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("catalog:\n");
        new TreeMap<>(catalog).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("http: {listen: '127.0.0.1:0'}\npipelines:\n  orders:\n    topics: [" + topic
                + "]\n    table: shop.orders\n" + "    schema: id long\n    commit: {interval: 100ms}\n");
        return Files.writeString(folder.resolve("firn.yaml"), yaml).toString();
    }

    private Map<String, String> plain() {
        return Map.of("bootstrap.servers", broker.bootstrap());
    }

    @Test
    void a_configuration_in_which_all_is_well_passes() throws IOException {
        String file = config(broker.authenticated(BrokerProcess.PASSWORD), Lake.sqlite(folder), TOPIC);
        assertThat(firn("check", "--config", file)).as(err.toString()).isZero();
        assertThat(out.toString()).contains("All is well");
    }

    @Test
    void a_wrong_password_for_kafka_is_wrong_configuration_for_check_and_run() throws IOException {
        String file = config(broker.authenticated(WRONG), Lake.sqlite(folder), TOPIC);
        assertThat(firn("check", "--config", file)).isEqualTo(2);
        assertThat(err.toString())
                .contains("Kafka refused the credentials", "kafka.sasl.jaas.config", "do: check user name, password");
        assertThat(firn("run", "--config", file)).isEqualTo(2);
        assertThat(err.toString()).contains("Kafka refuses access", "do: check the credentials");
    }

    @Test
    void a_topic_that_does_not_exist_is_named_with_those_that_do() throws IOException {
        String file = config(plain(), Lake.sqlite(folder), "bad_inputs");
        assertThat(firn("check", "--config", file)).isEqualTo(2);
        assertThat(err.toString())
                .contains("the topic bad_inputs does not exist", "pipelines.orders.topics", "did you mean " + TOPIC);
        assertThat(firn("run", "--config", file)).isEqualTo(2);
        assertThat(err.toString()).contains("topic does not exist: bad_inputs", "create it");
    }

    @Test
    void a_wrong_password_for_postgresql_is_wrong_configuration() throws IOException {
        Assumptions.assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        try (PostgresServer postgres = PostgresServer.start(folder.resolve("postgres"))) {
            Map<String, String> catalog = new HashMap<>(postgres.catalogProperties("lake", "right-password-42"));
            catalog.put("warehouse", folder.resolve("warehouse").toString());
            assertThat(firn("check", "--config", config(plain(), catalog, TOPIC)))
                    .as(err.toString())
                    .isZero();
            catalog.put("jdbc.password", WRONG);
            String file = config(plain(), catalog, TOPIC);
            for (String command : new String[] {"check", "run"}) {
                assertThat(firn(command, "--config", file)).as(err.toString()).isEqualTo(2);
                assertThat(err.toString())
                        .contains("access was refused", "jdbc:postgresql://127.0.0.1", "do: check the credentials");
            }
            assertThat(out + "\n" + err).doesNotContain("right-password-42");
        }
    }

    @Test
    void a_wrong_secret_or_bucket_for_the_object_store_is_wrong_configuration() throws IOException {
        try (S3ProxyProcess s3 = S3ProxyProcess.start(folder.resolve("s3"), OsProcess.logs("bad-input"), "lake")) {
            Map<String, String> catalog = new HashMap<>(Lake.sqlite(folder));
            catalog.putAll(s3.catalogProperties());
            catalog.put("warehouse", "s3://lake/warehouse");
            assertThat(firn("check", "--config", config(plain(), catalog, TOPIC)))
                    .as(err.toString())
                    .isZero();
            catalog.put("warehouse", "s3://lakee/warehouse");
            assertThat(firn("check", "--config", config(plain(), catalog, TOPIC)))
                    .isEqualTo(2);
            assertThat(err.toString()).contains("the bucket does not exist", "s3://lakee", "do: create the bucket");
            catalog.put("warehouse", "s3://lake/warehouse");
            catalog.put("s3.secret-access-key", WRONG);
            String file = config(plain(), catalog, TOPIC);
            for (String command : new String[] {"check", "run"}) {
                assertThat(firn(command, "--config", file)).as(err.toString()).isEqualTo(2);
                assertThat(err.toString())
                        .contains("S3 refuses access", "where: ", "do: check the store's credentials");
            }
        }
    }

    @Test
    void a_catalog_out_of_reach_is_told_with_its_address() throws IOException {
        String nowhere = "http://" + ClosedPort.address();
        Map<String, String> catalog = Map.of(
                "type", "rest", "uri", nowhere, "warehouse", "w", "token", WRONG, "rest.client.max-retries", "1");
        String file = config(plain(), catalog, TOPIC);
        assertThat(firn("check", "--config", file)).isEqualTo(2);
        assertThat(err.toString()).contains("the catalog cannot be opened", nowhere, "do: check the address");
        assertThat(firn("ledger", "shop.orders", "--config", file)).isEqualTo(1);
        assertThat(err.toString()).contains("the catalog cannot be opened", nowhere, "do: check the address");
    }

    @Test
    void a_rest_catalog_that_goes_away_is_told_by_the_audit() throws IOException {
        try (RestCatalogServer rest = RestCatalogServer.start(Lake.sqlite(folder))) {
            Map<String, String> catalog =
                    Map.of("type", "rest", "uri", rest.uri(), "rest.client.max-retries", "1", "warehouse", "w");
            String file = config(plain(), catalog, TOPIC);
            assertThat(firn("audit", "orders", "--config", file)).isEqualTo(2);
            assertThat(err.toString()).contains("the table does not exist", "shop.orders");
            rest.away();
            assertThat(firn("audit", "orders", "--config", file)).isEqualTo(1);
            assertThat(err.toString()).contains("firn: ", "do: check the address");
        }
    }
}
