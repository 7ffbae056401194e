package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import io.firn.catalog.ClosedPort;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.output.MaskingEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Configurations whose values come from the environment and are wrong: no output shows one. */
class SecretsInOutputTest {
    /** Every key that has a value; each is a placeholder with a secret of its own. */
    private static final String EVERYTHING = """
            kafka: {bootstrap.servers: S, security.protocol: S, sasl.mechanism: S, sasl.jaas.config: S, client.id: S,
              session.timeout.ms: S, group.protocol: S, ssl.truststore.location: S, metric.reporters: S, no.such.key: S}
            catalog: {type: S, catalog-impl: S, uri: S, warehouse: S, io-impl: S, jdbc.user: S, jdbc.password: S,
              s3.endpoint: S, s3.secret-access-key: S, token: S, credential: S}
            http: {listen: S, token: S, operators: {alice: S}, readers: {bob: S}, requests-per-second: S,
              iceberg-rest: S, tls: {certificate: S, key: S, clients: S}}
            audit: {interval: S}
            instance: S
            memory: S
            pipelines:
              orders: {topics: [S], topic-pattern: S, format: S, table: S, schema: S, partition-by: [S], mode: S,
                key: [S], order-by: S, delete-when: S, key-format: S, view-catalog: S, workers: S, start: S,
                merge: {interval: S, rows: S, memory: S, fail-after: S},
                maintenance: {enabled: S, interval: S, snapshots-keep: S, snapshots-max: S, staging-keep: S,
                  orphans-keep: S, max-size: S, max-time: S, locations: [S]},
                commit: {interval: S, target-file-size: S}, on-bad-record: S, on-gap: S, adopt: S, renamed-from: S,
                second-reading-beside: [S], source-columns: S, evolve: S, timestamp-unit: S, on-unknown-field: S,
                on-null-value: S, table-classes: [S], no-such-key: S}
            """;

    @TempDir
    private Path folder;

    private final Map<String, String> environment = new TreeMap<>();
    private final StringWriter printed = new StringWriter();
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final LoggerContext log = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();

    @BeforeEach
    void readTheLog() {
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(log);
        lines.setPattern("%level %logger %msg%n%ex");
        lines.start();
        MaskingEncoder encoder = new MaskingEncoder();
        encoder.setContext(log);
        encoder.setEncoder(lines);
        encoder.start();
        appender.setContext(log);
        appender.setEncoder(encoder);
        appender.setOutputStream(logged);
        appender.start();
        log.getLogger("ROOT").addAppender(appender);
    }

    @AfterEach
    void leaveTheLog() {
        log.getLogger("ROOT").detachAppender(appender);
        appender.stop();
    }

    private int firn(String configuration, String... arguments) throws IOException {
        // Alone it is a value of YAML and needs quotes; inside of quotes it has them.
        Matcher places = Pattern.compile("(?<=[ \\[])S(?=[,}\\]\n])|\\bS\\b").matcher(configuration);
        String yaml = places.replaceAll(place -> {
            String name = "SECRET_" + environment.size();
            environment.put(name, "hidden-value-" + environment.size() + "-x");
            boolean isAlone = " [".indexOf(configuration.charAt(place.start() - 1)) >= 0;
            String reference = "${env:" + name + "}";
            return Matcher.quoteReplacement(isAlone ? "'" + reference + "'" : reference);
        });
        Path file = Files.writeString(folder.resolve("firn.yaml"), yaml);
        PrintWriter both = new PrintWriter(printed, true);
        String[] all = new String[arguments.length + 3];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "--config";
        all[arguments.length + 1] = file.toString();
        all[arguments.length + 2] = "--debug";
        Assembly assembly = new Assembly(Clock.systemUTC(), new SplittableRandom(1)::split, environment::get);
        return FirnCommand.run(assembly, new StopRequest(), both, both, all);
    }

    private void assertNothingShows() {
        String output = printed + logged.toString(StandardCharsets.UTF_8);
        assertThat(output).as("something was printed").isNotBlank();
        environment.values().forEach(secret -> assertThat(output).doesNotContain(secret));
        assertThat(output).doesNotContain("hidden-value");
    }

    @Test
    void noCommandShowsAValueOfAConfigurationInWhichAllAreWrong() throws IOException {
        for (String command : new String[] {"check", "run", "audit orders", "ledger shop.orders"}) {
            assertThat(firn(EVERYTHING, command.split(" "))).isEqualTo(ExitCodes.USAGE);
        }
        assertNothingShows();
        assertThat(environment).hasSizeGreaterThan(4 * 70);
    }

    /** One after the other, past the check of the file: each reaches the library that it is for. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type: S",
                "catalog-impl: S",
                "type: jdbc, uri: S",
                "type: jdbc, uri: 'jdbc:sqlite:file:/no/such/S'",
                "type: jdbc, uri: 'jdbc:postgresql://S:S@127.0.0.1:PORT/x?loginTimeout=1'",
                "type: jdbc, uri: 'jdbc:sqlite::memory:', jdbc.journal_mode: S, warehouse: S",
                "type: jdbc, uri: 'jdbc:sqlite::memory:', warehouse: 'file:/S', io-impl: S",
                "type: jdbc, uri: 'jdbc:sqlite::memory:', warehouse: 'S://S/S'",
                "type: hadoop, warehouse: 'S://S'",
                "type: rest, uri: 'http://127.0.0.1:PORT/S', token: S, credential: S",
                "type: rest, uri: 'S'",
                "type: glue, client.region: S, glue.endpoint: 'http://127.0.0.1:PORT/S', glue.id: S",
            })
    void noCatalogShowsAValue(String catalog) throws IOException {
        String configuration = "kafka: {bootstrap.servers: 'S:9092'}\ncatalog: {"
                + catalog.replace("PORT", Integer.toString(ClosedPort.number()))
                + "}\npipelines: {orders: {topics: [S], table: shop.orders}}\n";
        assertThat(firn(configuration, "ledger", "shop.orders")).isNotZero();
        assertNothingShows();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bootstrap.servers: S",
                "bootstrap.servers: 'S:9092'",
                "bootstrap.servers: 'localhost:1', security.protocol: S",
                "bootstrap.servers: 'localhost:1', security.protocol: SASL_PLAINTEXT, sasl.mechanism: S",
                "bootstrap.servers: 'localhost:1', security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN,"
                        + " sasl.jaas.config: S",
                "bootstrap.servers: 'localhost:1', security.protocol: SSL, ssl.truststore.location: S",
                "bootstrap.servers: 'localhost:1', metric.reporters: S",
            })
    void noKafkaClientShowsAValue(String kafka) throws IOException {
        String configuration = "kafka: {" + kafka.replace("localhost:1", "127.0.0.1:" + ClosedPort.number())
                + ", default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                + "catalog: {type: jdbc, uri: 'jdbc:sqlite:file:" + folder.resolve("c.db")
                + "', warehouse: 'file:" + folder + "'}\n"
                + "pipelines: {orders: {topics: [S], table: shop.orders, schema: id long}}\n";
        assertThat(firn(configuration, "check")).isNotZero();
        assertNothingShows();
    }
}
