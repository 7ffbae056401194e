package io.firn.deploy.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.config.ConfigException;
import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.Configuration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Configuration files as people get them wrong, and worse. */
final class ConfigFuzzTest {
    private static final List<String> GOOD = List.of("""
            kafka: {bootstrap.servers: 'broker:9092', sasl.jaas.config: 'password=${env:SECRET};'}
            catalog: {type: rest, uri: http://catalog:8181}
            pipelines:
              orders:
                topics: [orders]
                table: shop.orders
            """, """
            kafka:
              bootstrap.servers: broker:9092
            catalog:
              type: jdbc
              uri: "jdbc:sqlite:x"
            http: {listen: '127.0.0.1:0', token: '${file:token}', readers: {grafana: abcdefghijklmnop}, requests-per-second: 50}
            memory: 512MB
            audit: {interval: 24h}
            pipelines:
              orders:
                topic-pattern: "orders\\\\..*"
                table: shop.orders
                schema: "order_id string not null, amount decimal(10,2), placed_at timestamptz, seen timestamptz_ns"
                partition-by: [day(placed_at), 'bucket(16, order_id)']
                mode: upsert
                key: [order_id]
                order-by: amount
                delete-when: "amount = 0 or order_id is null"
                workers: 2
                merge: {interval: 1m, rows: 5000, memory: 16MB}
                maintenance: {interval: 1m, snapshots-keep: 120h, max-size: 4GB}
                commit: {interval: 10s, target-file-size: 128MB}
                start: 2026-11-01T00:00:00Z
                on-gap: record
                on-bad-record: stop
                timestamp-unit: millis
                on-null-value: count
                source-columns: present
                adopt: true
            """, """
            kafka:
              bootstrap.servers: 'broker:9092, [::1]:9093'
              security.protocol: SASL_SSL
              sasl.mechanism: SCRAM-SHA-512
              sasl.jaas.config: 'x required password="${env:SECRET}";'
              session.timeout.ms: 6000
              group.instance.id: node-1
              isolation.level: read_committed
              client.id: ${env:SECRET}
              metric.reporters: org.apache.kafka.common.metrics.JmxReporter
              example.reporter.port: 9999
            catalog: {type: rest, uri: http://catalog:8181}
            http: {listen: '[::1]:8383'}
            pipelines:
              orders:
                topics: [orders]
                table: shop."US Gross"
                schema: '"per cent" decimal(5,2), `a b` struct<"c d" int>'
                partition-by: ['bucket(4, "per cent")']
                maintenance: {enabled: false, staging-keep: 10m}
                timestamp-unit: millis
            """);

    private final Mutations mutations = new Mutations(List.of(
            ": ",
            "\n",
            "  ",
            "- ",
            "[",
            "]",
            "{",
            "}",
            "&a ",
            "*a",
            "<<: *a",
            "!!binary ",
            "!!java.lang.Object ",
            "'",
            "\"",
            "#",
            "|",
            ">",
            "%YAML 9.9\n",
            "---\n",
            "...\n",
            "? ",
            "\t",
            "${env:SECRET}",
            "${env:}",
            "${file:token}",
            "${file:\u0000}",
            "${file:..}",
            "10s",
            "999999999999999999999h",
            "0ms",
            "64KB",
            "99999999999GB",
            "true",
            "day(",
            "bucket(0, order_id)",
            "decimal(99,2)",
            "list<struct<a int, b map<string, long>>>",
            "and (",
            "topics: [a]",
            "workers: ",
            "mode: append",
            "sasl.mechansim: PLAIN\n",
            "session.timeout.ms: ",
            "max.poll.records: -1\n",
            "group.id: ",
            "isolation.level: ",
            "interceptor.classes: ",
            "security.protocol: ",
            "listen: '",
            "::1",
            "`"));

    @TempDir
    private Path folder;

    @Test
    void a_configuration_is_read_or_refused_with_reasons() throws IOException {
        Files.writeString(folder.resolve("token"), "s3cret-of-the-operator\n");
        new Fuzzer("configurations", 0.005)
                .run(
                        random -> mutations.of(
                                GOOD.get(random.nextInt(GOOD.size())).getBytes(StandardCharsets.UTF_8), random),
                        this::take);
    }

    /** What the fuzzer found. */
    @ParameterizedTest
    @ValueSource(strings = {"${file:\u0001\\0}", "&a [*a]", "{? [a] : b}"})
    void what_was_found_by_chance_is_refused(String value) throws Exception {
        String yaml = GOOD.get(0).replace("'broker:9092'", value.startsWith("$") ? "\"" + value + "\"" : value);
        assertThat(take(yaml.getBytes(StandardCharsets.UTF_8))).isFalse();
    }

    @Test
    void what_is_nested_a_thousand_times_is_refused_with_its_place() throws IOException {
        assertThat(take(GOOD.get(0)
                        .replace("'broker:9092'", "[".repeat(3_000) + "]".repeat(3_000))
                        .getBytes(StandardCharsets.UTF_8)))
                .isFalse();
    }

    @Test
    void a_table_of_thousands_of_levels_is_read() throws IOException {
        assertThat(take(GOOD.get(0)
                        .replace("shop.orders", "shop" + ".op".repeat(20_000))
                        .getBytes(StandardCharsets.UTF_8)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"shop", "shop.", ".orders", "shop..orders", "shop.or ders"})
    void what_is_no_tables_name_is_refused(String table) throws IOException {
        assertThat(take(GOOD.get(0).replace("shop.orders", "'" + table + "'").getBytes(StandardCharsets.UTF_8)))
                .isFalse();
    }

    private boolean take(byte[] input) throws IOException {
        Path file = Files.write(folder.resolve("firn.yaml"), input);
        try {
            Configuration read = new ConfigFile(Map.of("SECRET", "hunter2")::get).read(file);
            assertThat(read.pipelines()).isNotEmpty();
            assertThat(read.doubts()).allSatisfy(doubt -> assertThat(doubt.what() + doubt.where() + doubt.action())
                    .doesNotContain("hunter2"));
            return true;
        } catch (ConfigException refused) {
            assertThat(refused.problems()).isNotEmpty().allSatisfy(problem -> {
                assertThat(problem.what()).isNotBlank().doesNotContain("hunter2");
                assertThat(problem.where()).contains("firn.yaml");
            });
            return false;
        }
    }
}
