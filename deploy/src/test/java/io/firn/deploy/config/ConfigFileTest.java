package io.firn.deploy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.schema.TableClasses;
import io.firn.ingest.PipelineSettings.OnGap;
import io.firn.ingest.StartPosition;
import io.firn.ingest.record.TopicSelection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {
    private static final String LEAST = """
            kafka: {bootstrap.servers: 'broker:9092'}
            catalog: {type: rest}
            pipelines:
              orders:
                topics: [orders]
                table: shop.orders
            """;

    @TempDir
    private Path folder;

    private Configuration read(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("firn.yaml"), yaml);
        return new ConfigFile(Map.of("SECRET", "hunter2", "SIZE", "hunter2")::get).read(file);
    }

    private static final MaintenanceConfig MAINTENANCE = new MaintenanceConfig(
            true,
            Duration.ofMinutes(1),
            Duration.ofDays(5),
            300,
            Duration.ofDays(1),
            Duration.ofDays(3),
            4L << 30,
            Duration.ofMinutes(10),
            List.of());

    private List<ConfigProblem> problems(String yaml) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> read(yaml));
        assertThat(refused).as("the file must be refused").isNotNull();
        return refused.problems();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "shop.orders, shop.orders",
                "shop.\"US Gross\", shop.US Gross",
                "\"a shop\".`b c`.d, a shop.b c.d",
                "shop.US Gross,",
                "shop.\"US Gross,",
                "shop.\" x\",",
                "shop.\"a.b\",",
                "shop.\"a\"b,",
                "shop.\"a\".,",
                "shop.,",
                ".shop,",
                "shop,",
                "\"\".a,",
            })
    void tablesNameMayHaveQuotedParts(String text, String name) {
        assertThat(TableName.parse(text)).isEqualTo(Optional.ofNullable(name));
    }

    @ParameterizedTest
    @CsvSource({
        "'maintenance: {staging-keep: 10m}', staging-keep has no effect in mode append",
        "'maintenance: {enabled: false, snapshots-keep: 10h}', have no effect while maintenance.enabled is false",
        "'timestamp-unit: millis', the schema has no timestamp column",
    })
    void settingsWithoutEffectAreDoubts(String setting, String what) throws IOException {
        assertThat(read(LEAST + "    schema: id long\n    " + setting + "\n").doubts())
                .singleElement()
                .satisfies(doubt -> assertThat(doubt.what()).contains(what));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "maintenance: {enabled: false}",
                "maintenance: {snapshots-keep: 10h}",
                "mode: upsert\n    key: [id]\n    maintenance: {staging-keep: 10m}",
            })
    void settingsWithAnEffectAreNoDoubts(String settings) throws IOException {
        assertThat(read(LEAST + "    " + settings + "\n").doubts()).isEmpty();
    }

    @Test
    void what_is_not_said_has_a_reasoned_default() throws IOException {
        Configuration configuration = read(LEAST);

        assertThat(configuration.http()).isEqualTo(new HttpConfig("127.0.0.1:8383", Optional.empty()));
        assertThat(configuration.instance()).isEmpty();
        assertThat(configuration.memoryBytes()).isEqualTo(512L << 20);
        assertThat(configuration.pipelines().get("orders"))
                .isEqualTo(PipelineConfig.defaults(TopicSelection.named(List.of("orders")), "shop.orders"))
                .isEqualTo(new PipelineConfig(
                        TopicSelection.named(List.of("orders")),
                        "shop.orders",
                        Optional.empty(),
                        List.of(),
                        1,
                        new CommitConfig(Duration.ofSeconds(10), 128L << 20),
                        StartPosition.earliest(),
                        OnGap.STOP,
                        false,
                        PipelineConfig.SourceColumns.ADD,
                        new DecodeConfig(
                                Optional.empty(),
                                DecodeConfig.OnUnknownField.IGNORE,
                                Optional.empty(),
                                DecodeConfig.ValuesInErrors.HIDDEN),
                        Optional.empty(),
                        MAINTENANCE,
                        LedgerClaim.NONE,
                        TableClasses.NONE));
    }

    @Test
    void every_key_reaches_its_place() throws IOException {
        Files.writeString(folder.resolve("token"), "s3cret-of-the-operator\n");
        Configuration configuration = read("""
                kafka: {bootstrap.servers: 'b:1', sasl.jaas.config: 'password=${env:SECRET};'}
                catalog: {type: jdbc, uri: 'jdbc:x'}
                http: {listen: '127.0.0.1:0', token: '${file:token}'}
                instance: node-7.rack_2
                memory: 2GB
                pipelines:
                  all:
                    topics: [a, b]
                    format: json
                    table: shop.deep.orders
                    schema: "id long"
                    partition-by: ['bucket(4, id)']
                    mode: append
                    workers: 3
                    commit: {interval: 500ms, target-file-size: 64KB}
                    start: 2026-01-31T00:00:00+01:00
                    on-bad-record: stop
                    on-gap: record
                    adopt: true
                    renamed-from: each
                    second-reading-beside: [some]
                    source-columns: present
                    evolve: none
                    timestamp-unit: micros
                    on-unknown-field: stop
                    on-null-value: count
                    maintenance:
                      enabled: false
                      interval: 5s
                      snapshots-keep: 1h
                      snapshots-max: 7
                      staging-keep: 2h
                      orphans-keep: 3h
                      max-size: 1GB
                      max-time: 4m
                      locations: ["s3://lake/moved/orders"]
                    table-classes: [com.example.Locations]
                    values-in-errors: shown
                """);

        assertThat(configuration.kafka()).containsEntry("sasl.jaas.config", "password=hunter2;");
        assertThat(configuration.catalog()).isEqualTo(Map.of("type", "jdbc", "uri", "jdbc:x"));
        assertThat(configuration.http())
                .isEqualTo(new HttpConfig("127.0.0.1:0", Optional.of("s3cret-of-the-operator")));
        assertThat(configuration.instance()).contains("node-7.rack_2");
        assertThat(configuration.memoryBytes()).isEqualTo(2L << 30);
        assertThat(configuration.pipelines().get("all"))
                .isEqualTo(new PipelineConfig(
                        TopicSelection.named(List.of("a", "b")),
                        "shop.deep.orders",
                        Optional.of("id long"),
                        List.of("bucket(4, id)"),
                        3,
                        new CommitConfig(Duration.ofMillis(500), 64L << 10),
                        StartPosition.at(Instant.parse("2026-01-30T23:00:00Z")),
                        OnGap.RECORD,
                        true,
                        PipelineConfig.SourceColumns.PRESENT,
                        new DecodeConfig(
                                Optional.of(DecodeConfig.TimestampUnit.MICROS),
                                DecodeConfig.OnUnknownField.STOP,
                                Optional.of(DecodeConfig.OnNullValue.COUNT),
                                DecodeConfig.ValuesInErrors.SHOWN),
                        Optional.empty(),
                        new MaintenanceConfig(
                                false,
                                Duration.ofSeconds(5),
                                Duration.ofHours(1),
                                7,
                                Duration.ofHours(2),
                                Duration.ofHours(3),
                                1L << 30,
                                Duration.ofMinutes(4),
                                List.of("s3://lake/moved/orders")),
                        new LedgerClaim(Optional.of("each"), new TreeSet<>(List.of("some"))),
                        new TableClasses(Set.of("com.example.Locations"))));
        assertThat(configuration.toString()).doesNotContain("hunter2", "s3cret-of-the-operator", "jdbc:x");
    }

    @Test
    void every_key_of_an_upsert_pipeline_reaches_its_place() throws IOException {
        Configuration configuration = read(LEAST + """
                    mode: upsert
                    key: [id, line]
                    key-format: json
                    order-by: version
                    delete-when: "op = 'd'"
                    view-catalog: lake
                    merge: {interval: 5s, rows: 1000, memory: 16MB, fail-after: 2m}
                """);
        PipelineConfig pipeline =
                Objects.requireNonNull(configuration.pipelines().get("orders"));
        assertThat(pipeline.upsert())
                .contains(new UpsertConfig(
                        List.of("id", "line"),
                        Optional.of("version"),
                        Optional.of("op = 'd'"),
                        UpsertConfig.KeyFormat.JSON,
                        Optional.of("lake"),
                        new MergeConfig(Duration.ofSeconds(5), 1000, 16L << 20, Duration.ofMinutes(2))));
        assertThat(pipeline.ingestTable()).isEqualTo("shop.orders_staging");
        assertThat(pipeline.tables()).containsExactly("shop.orders", "shop.orders_staging", "shop.orders_deletes");
    }

    @Test
    void unquotedTransformIsNotCutAtItsComma() throws IOException {
        Configuration configuration = read(LEAST + "    partition-by: [day(at), truncate(2, id), bucket(4, id)]\n");
        assertThat(Objects.requireNonNull(configuration.pipelines().get("orders"))
                        .partitionBy())
                .containsExactly("day(at)", "truncate(2, id)", "bucket(4, id)");
    }

    @Test
    void an_upsert_pipeline_that_says_only_its_key_has_reasoned_defaults() throws IOException {
        Configuration configuration = read(LEAST + "    mode: upsert\n    key: [id]\n");
        assertThat(Objects.requireNonNull(configuration.pipelines().get("orders"))
                        .upsert())
                .contains(new UpsertConfig(
                        List.of("id"),
                        Optional.empty(),
                        Optional.empty(),
                        UpsertConfig.KeyFormat.TEXT,
                        Optional.empty(),
                        new MergeConfig(Duration.ofMinutes(1), 5_000_000, 128L << 20, Duration.ofMinutes(10))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mode: upsert | key | the key key is missing",
                "mode: merge | mode | is not a known mode",
                "{mode: upsert, key: [a], second-reading-beside: [b]} | second-reading-beside | has one pipeline",
                "key: [id] | key | says nothing in mode append",
                "merge: {interval: 1s} | merge | says nothing in mode append",
                "{mode: upsert, key: [a, b], key-format: text} | key-format | text holds one column",
                "{mode: upsert, key: [a, a]} | key | twice",
                "{mode: upsert, key: [a], on-null-value: row} | on-null-value | deletes its key",
                "{mode: upsert, key: [a], adopt: true} | adopt | cannot be taken over",
                "{mode: upsert, key: [a], source-columns: present} | source-columns | needs all source columns",
                "{mode: upsert, key: [a], merge: {memory: 1MB}} | merge.memory | needs some memory",
                "maintenance: {snapshots-keep: 1m} | maintenance.snapshots-keep | younger than 10 minutes",
                "maintenance: {orphans-keep: 1m} | maintenance.orphans-keep | younger than 60 minutes"
            })
    void what_contradicts_itself_is_told_with_its_key(String lines, String key, String what) {
        String yaml = lines.startsWith("{")
                ? lines.substring(1, lines.length() - 1).replaceAll(", (?=[a-z-]+:)", "\n    ")
                : lines;
        assertThat(problems(LEAST + "    " + yaml + "\n")).anySatisfy(problem -> {
            assertThat(problem.where()).endsWith("pipelines.orders." + key);
            assertThat(problem.what()).contains(what);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"lake/house", "lake house", "läke", "a,b"})
    void nameOfAProcessThatKafkaDoesNotTakeIsRefused(String name) throws IOException {
        assertThat(problems(LEAST + "instance: \"" + name + "\"\n"))
                .singleElement()
                .satisfies(problem -> {
                    assertThat(problem.where()).endsWith("instance");
                    assertThat(problem.what()).contains(name, "is not a name for a process");
                    assertThat(problem.action()).contains("letters, digits, dots, hyphens and underscores");
                });
        assertThat(problems(LEAST + "instance: " + "a".repeat(201) + "\n")).hasSize(1);
        assertThat(read(LEAST + "instance: " + "a".repeat(200) + "\n").instance())
                .isPresent();
    }

    @Test
    void an_unknown_key_is_told_with_its_line_and_the_nearest_known_one() {
        assertThat(problems(LEAST + "    tabel: x\n"))
                .containsExactly(new ConfigProblem(
                        "unknown key tabel",
                        folder.resolve("firn.yaml") + ":7:5, pipelines.orders.tabel",
                        "did you mean table?"));
    }

    @Test
    void all_problems_are_told_at_once_each_with_its_key() {
        assertThat(problems("""
                        catalog: {typ: rest}
                        memory: lots
                        pipelines:
                          orders:
                            topics: [orders]
                            table: orders
                            workers: 0
                            commit: {interval: 10 s}
                            on-gap: ignore
                        """))
                .extracting(problem -> problem.where().replaceFirst(".*, ", ""))
                .containsExactlyInAnyOrder(
                        "kafka.bootstrap.servers",
                        "catalog.type",
                        "memory",
                        "pipelines.orders.table",
                        "pipelines.orders.workers",
                        "pipelines.orders.commit.interval",
                        "pipelines.orders.on-gap");
    }

    @ParameterizedTest
    @CsvSource({"format: avro", "on-bad-record: dead-letter", "evolve: add-columns", "route: {}"})
    void what_is_planned_and_not_there_yet_is_refused_as_such(String line) {
        assertThat(problems(LEAST + "    " + line + "\n"))
                .anySatisfy(problem -> assertThat(problem.what()).contains("not supported yet"));
    }

    @Test
    void broken_yaml_is_told_with_its_line() {
        assertThat(problems("kafka:\n  a: [1\nmemory: 1GB\n")).singleElement().satisfies(problem -> {
            assertThat(problem.what()).startsWith("not YAML");
            assertThat(problem.where()).contains("firn.yaml:3:");
        });
    }

    @Test
    void what_a_placeholder_stood_for_is_never_told() {
        assertThat(problems(LEAST + "memory: '${env:SIZE}'\n").toString())
                .contains("${env:SIZE}")
                .doesNotContain("hunter2");
    }

    @Test
    void a_variable_that_is_not_set_is_named() {
        assertThat(problems(LEAST + "memory: '${env:NOT_SET}'\n"))
                .extracting(ConfigProblem::what)
                .containsExactly("the environment variable NOT_SET is not set");
    }
}
