package io.firn.deploy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kafka client properties: each is honoured, or refused with the reason. */
class KafkaPropertiesTest {
    @TempDir
    private Path directory;

    private Configuration read(String property) throws IOException {
        Path file = Files.writeString(directory.resolve("firn.yaml"), """
                kafka:
                  bootstrap.servers: 'broker:9092'
                  %s
                catalog: {type: rest}
                pipelines:
                  orders: {topics: [orders], table: shop.orders, workers: 2}
                """.formatted(property.replace("\n", "\n  ")));
        return new ConfigFile(Map.of("SECRET", "hunter2")::get).read(file);
    }

    private ConfigProblem problem(String property) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read(property));
        assertThat(refused).as("must be refused: " + property).isNotNull();
        assertThat(refused.problems()).hasSize(1);
        return refused.problems().get(0);
    }

    @Test
    void unknownPropertyNamesTheNearest() {
        ConfigProblem problem = problem("sasl.mechansim: PLAIN");
        assertThat(problem.what()).isEqualTo("unknown Kafka client property sasl.mechansim");
        assertThat(problem.where()).contains("firn.yaml:3:").endsWith(", kafka.sasl.mechansim");
        assertThat(problem.action()).isEqualTo("did you mean sasl.mechanism?");
    }

    @Test
    void propertyOfProducersIsNamedAsSuch() {
        assertThat(problem("acks: all").what()).isEqualTo("acks is a property of Kafka producers; Firn has none");
    }

    @Test
    void unknownPropertyPassesWhereAConfiguredClassCouldReadIt() throws IOException {
        Configuration read =
                read("metric.reporters: org.apache.kafka.common.metrics.JmxReporter\nexample.reporter.port: 9999");
        assertThat(read.kafka()).containsKey("example.reporter.port");
        assertThat(read.doubts()).singleElement().satisfies(doubt -> {
            assertThat(doubt.what())
                    .isEqualTo("example.reporter.port is no Kafka client property; only the class in"
                            + " metric.reporters can read it");
            assertThat(doubt.where()).isEqualTo("kafka.example.reporter.port");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "metrics.jmx.include: kafka.*",
                "config.providers: file\nconfig.providers.file.param.allowed.paths: /run",
                "security.protocol: SASL_PLAINTEXT\nsasl.jaas.config: 'x required;'",
                "security.protocol: ssl\nssl.truststore.location: /x",
                "client.rack: a",
                "client.id: lake",
                "group.instance.id: node-7",
                "max.poll.records: 500",
                "fetch.max.bytes: 1000000",
                "isolation.level: READ_COMMITTED",
                "enable.auto.commit: 'false'",
                "bootstrap.controllers: x:1",
            })
    void propertyOfClientsPasses(String property) {
        assertThatCode(() -> assertThat(read(property).doubts()).isEmpty()).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "isolation.level: read_uncommitted, read_committed",
        "enable.auto.commit: true, the table",
        "auto.offset.reset: earliest, start",
        "key.deserializer: org.apache.kafka.common.serialization.StringDeserializer, bytes",
        "value.deserializer: a.B, bytes",
        "group.id: mine, firn-PIPELINE-UUID",
        "group.id: mine, grant READ",
        "auto.commit.interval.ms: 1000, the table",
    })
    void propertyThatFirnOwnsIsRefusedWithTheReason(String property, String reason) {
        ConfigProblem problem = problem(property);
        String key = property.substring(0, property.indexOf(':'));
        assertThat(problem.what()).startsWith(key + " belongs to Firn: ");
        assertThat(problem.what() + problem.action()).contains(reason);
        assertThat(problem.where()).endsWith("kafka." + key);
    }

    @ParameterizedTest
    @CsvSource({
        "session.timeout.ms, abc",
        "max.poll.records, 0",
        "security.protocol, PLAIN",
        "request.timeout.ms, 1s",
        "client.dns.lookup, x",
        "retries, -1",
        "group.protocol, modern",
        "interceptor.classes, no.such.Class",
    })
    void valueThatTheClientWouldRefuseIsRefused(String key, String value) {
        ConfigProblem problem = problem(key + ": '" + value + "'");
        assertThat(problem.what()).startsWith("\"" + value + "\" is no usable " + key + ": ");
        assertThat(problem.where()).contains("firn.yaml:3:").endsWith(", kafka." + key);
    }

    @ParameterizedTest
    @CsvSource({
        "::1:9092, write an IPv6 address in brackets: [::1]:9092",
        "2001:db8::7:9092, write an IPv6 address in brackets: [2001:db8::7]:9092",
        "broker, 'write host:port, as localhost:9092'",
    })
    void addressOfBrokersIsChecked(String address, String action) {
        ConfigException refused =
                catchThrowableOfType(ConfigException.class, () -> new ConfigFile(Map.<String, String>of()::get)
                        .read(Files.writeString(directory.resolve("firn.yaml"), """
                        kafka: {bootstrap.servers: 'localhost:9092, %s'}
                        catalog: {type: rest}
                        pipelines: {orders: {topics: [orders], table: shop.orders}}
                        """.formatted(address))));
        assertThat(refused.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.what()).contains(address);
            assertThat(problem.action()).isEqualTo(action);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "::1:8383, write an IPv6 address in brackets: [::1]:8383",
        "::1, write an IPv6 address in brackets: [::1]:PORT",
        "here, 'write host:port, as 127.0.0.1:8383'",
        "127.0.0.1:99999, 'write host:port, as 127.0.0.1:8383'",
    })
    void addressToListenOnIsChecked(String address, String action) {
        ConfigException refused =
                catchThrowableOfType(ConfigException.class, () -> new ConfigFile(Map.<String, String>of()::get)
                        .read(Files.writeString(directory.resolve("firn.yaml"), """
                        kafka: {bootstrap.servers: '[::1]:9092'}
                        catalog: {type: rest}
                        http: {listen: '%s'}
                        pipelines: {orders: {topics: [orders], table: shop.orders}}
                        """.formatted(address))));
        assertThat(refused.problems()).singleElement().satisfies(problem -> assertThat(problem.action())
                .isEqualTo(action));
    }

    @Test
    void valueOfAPlaceholderIsNeverShown() {
        ConfigProblem problem = problem("session.timeout.ms: ${env:SECRET}");
        assertThat(problem.what()).contains("${env:SECRET}").doesNotContain("hunter2");
    }

    @ParameterizedTest
    @CsvSource({
        "sasl.mechanism, PLAIN, SASL_SSL",
        "ssl.truststore.location, /x, SSL",
    })
    void propertyThatTheProtocolIgnoresIsADoubt(String key, String value, String protocol) throws IOException {
        assertThat(read(key + ": '" + value + "'").doubts()).singleElement().satisfies(doubt -> {
            assertThat(doubt.what()).isEqualTo(key + " has no effect under security.protocol: PLAINTEXT");
            assertThat(doubt.action()).contains(protocol);
        });
    }

    @Test
    void severalPropertiesAreReportedTogether() {
        ConfigException refused = catchThrowableOfType(
                ConfigException.class, () -> read("session.timeout.ms: abc\nsasl.mechansim: PLAIN\nlinger.ms: 5"));
        assertThat(refused.problems()).extracting(ConfigProblem::where).hasSize(3);
        assertThat(List.copyOf(refused.problems()))
                .allSatisfy(problem -> assertThat(problem.action()).isNotEmpty());
    }
}
