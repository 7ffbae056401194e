package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.Catalogs;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.SharedBroker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code firn check} finds what a run would stumble over, on real parts, and changes nothing. */
@ExtendWith(SharedBroker.class)
class CheckIT {
    private static final String SCHEMA = "order_id string not null, quantity int";

    @TempDir
    private Path directory;

    private static BrokerProcess broker;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void produce(BrokerProcess shared) {
        broker = shared;
        broker.createTopic("check_good", 2, Map.of());
        broker.createTopic("check_bad", 1, Map.of());
        broker.createTopic("check_stands", 1, Map.of());
        broker.createTopic("check_blanks", 1, Map.of());
        broker.createTopic("check_other_names", 1, Map.of());
        broker.createTopic("check_keys", 1, Map.of());
        broker.createTopic("check_empty", 1, Map.of("max.message.bytes", "90000000"));
        broker.createTopic("check_denied", 1, Map.of());
        broker.createTopic("check_group", 1, Map.of());
        broker.allowUser(ResourceType.TOPIC, "check_denied", AclOperation.DESCRIBE);
        broker.allowUser(ResourceType.GROUP, "firn-denied", AclOperation.DESCRIBE);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap(), "linger.ms", "20"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int n = 0; n < 1_000; n++) {
                String good = "{\"order_id\":\"o-" + n + "\",\"quantity\":" + n + (n % 10 == 0 ? ",\"note\":1}" : "}");
                send(producer, "check_good", n % 2, null, good);
                send(producer, "check_bad", 0, null, n == 700 ? "{\"order_id\":\"o\",\"quantity\":1.5}" : good);
            }
            send(producer, "check_stands", 0, null, "no JSON");
            send(producer, "check_blanks", 0, null, "{\"per cent\":1.5,\"id\":7}");
            send(producer, "check_other_names", 0, null, "{\"orderId\":\"o\",\"amount\":{\"net\":1}}");
            send(producer, "check_keys", 0, "\"o-1\"", "{\"order_id\":\"o-1\",\"quantity\":1}");
        }
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer, String topic, int partition, @Nullable String key, String value) {
        producer.send(new ProducerRecord<>(
                topic,
                partition,
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value.getBytes(StandardCharsets.UTF_8)));
    }

    @BeforeEach
    void makeWarehouse() throws IOException {
        Files.createDirectories(directory.resolve("warehouse"));
    }

    private int check(String config, String... more) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        String[] arguments = new String[3 + more.length];
        arguments[0] = "check";
        arguments[1] = "--config";
        arguments[2] = config;
        System.arraycopy(more, 0, arguments, 3, more.length);
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private String config(Map<String, String> kafka, Map<String, String> catalog, String pipeline) throws IOException {
        StringBuilder yaml = new StringBuilder("kafka:\n");
        new TreeMap<>(kafka).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("catalog:\n");
        new TreeMap<>(catalog).forEach((key, value) -> yaml.append("  " + key + ": \"" + value + "\"\n"));
        yaml.append("pipelines:\n" + pipeline);
        return Files.writeString(directory.resolve("firn.yaml"), yaml).toString();
    }

    private String config(String topic, String more) throws IOException {
        return config(plain(), Lake.sqlite(directory), pipeline("orders", topic, more));
    }

    private static String pipeline(String name, String topic, String more) {
        return "  " + name + ":\n    topics: [" + topic + "]\n    table: shop.orders\n    schema: " + SCHEMA + "\n"
                + more;
    }

    private static Map<String, String> plain() {
        return Map.of("bootstrap.servers", broker.bootstrap());
    }

    private void nothingWasCreated() {
        assertThat(new Tables(Catalogs.open(Lake.sqlite(directory))).open("shop.orders"))
                .isEmpty();
    }

    @Test
    void sampleIsDecodedWithoutATableAndShowsFieldsWithoutAColumn() throws Exception {
        String config = config("check_good", "");
        assertThat(check(config)).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("All is well", "sample of orders: 500 records, 0 cannot be decoded")
                .contains("hint: fields without a column are ignored: note (")
                .contains("pipelines.orders.schema");
        nothingWasCreated();

        assertThat(check(config, "--json", "--sample", "40")).isZero();
        assertThat(err.toString()).isEmpty();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("ok").asBoolean()).isTrue();
        assertThat(json.path("samples").path(0).path("records").asInt()).isEqualTo(40);
        assertThat(json.path("samples")
                        .path(0)
                        .path("unmatchedFields")
                        .path("note")
                        .asInt())
                .isPositive();
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-01T00:00:00Z, 1000, the pipeline would stop",
        "earliest, 1000, the pipeline would stop",
    })
    void recordThatCannotBeDecodedIsNamed(String start, int sample, String what) throws IOException {
        assertThat(check(config("check_bad", "    start: " + start + "\n"), "--sample", Integer.toString(sample)))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains(what)
                .contains("check_bad-0@700: quantity")
                .contains("pipelines.orders")
                .contains("do: correct the schema");
        nothingWasCreated();
    }

    @Test
    void pipelineThatStandsAtABadRecordIsNamed() throws IOException {
        assertThat(check(config("check_stands", ""))).isEqualTo(2);
        assertThat(err.toString())
                .contains("the pipeline would stop at once, its next record cannot be decoded", "check_stands-0@0: ");
    }

    @Test
    void namesWithBlanksWorkFromTheCheckToTheAudit() throws Exception {
        String config = config(
                plain(),
                Lake.sqlite(directory),
                "  blanks:\n    topics: [check_blanks]\n    table: shop.\"US Gross\"\n"
                        + "    schema: '\"per cent\" decimal(5,2), id long'\n"
                        + "    partition-by: ['truncate(10, \"per cent\")']\n    commit: {interval: 100ms}\n");
        Files.writeString(Path.of(config), "\nhttp: {listen: '127.0.0.1:0'}\n", StandardOpenOption.APPEND);
        assertThat(check(config)).as(err.toString()).isZero();
        StopRequest stop = new StopRequest();
        StringWriter log = new StringWriter();
        Thread service = new Thread(() -> firn(stop, log, "run", "--config", config), "service");
        service.start();
        try {
            Eventually.holds(
                    "the record is in the table",
                    Duration.ofSeconds(60),
                    () -> ledger(config).contains("next 1"),
                    log::toString);
        } finally {
            stop.request();
            service.join(60_000);
        }
        StringWriter audit = new StringWriter();
        assertThat(firn(new StopRequest(), audit, "audit", "blanks", "--config", config))
                .as(audit.toString())
                .isZero();
    }

    private static String ledger(String config) {
        StringWriter said = new StringWriter();
        firn(new StopRequest(), said, "ledger", "shop.US Gross", "--config", config);
        return said.toString();
    }

    private static int firn(StopRequest stop, StringWriter said, String... arguments) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        PrintWriter to = new PrintWriter(said, true);
        return FirnCommand.run(assembly, stop, to, to, arguments);
    }

    @Test
    void badRecordThatIsNotReadIsAHint() throws IOException {
        assertThat(check(config("check_bad", "    start: latest\n"), "--sample", "1000"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("records that the pipeline does not read cannot be decoded", "@700");
    }

    @Test
    void namesThatDoNotMatchAreNamed() throws IOException {
        String config = config(
                plain(),
                Lake.sqlite(directory),
                "  orders:\n    topics: [check_other_names]\n    table: shop.orders\n"
                        + "    schema: \"order_id string, amount struct<gross double>\"\n");
        assertThat(check(config)).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("columns that no record of the sample has: order_id (records have orderId), amount.gross")
                .contains("amount.net (1 records)");

        Files.writeString(
                Path.of(config), Files.readString(Path.of(config)).replace(", amount struct<gross double>", ""));
        assertThat(check(config)).isEqualTo(2);
        assertThat(err.toString()).contains("no field of any record has a column", "pipelines.orders.schema");
    }

    @Test
    void jsonKeysUnderTextAreAHint() throws IOException {
        assertThat(check(config("check_keys", "    mode: upsert\n    key: [order_id]\n")))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("hint: Kafka keys are JSON strings", "do: set key-format: json");
    }

    @Test
    void workersWithoutAPartitionAndAPartitioningWithoutEffectAreHints() throws IOException {
        String config = config("check_good", "    workers: 3\n    partition-by: [quantity]\n");
        new Tables(Catalogs.open(Lake.sqlite(directory)))
                .openOrCreate(TableRequest.of("shop.orders", SchemaText.parse(SCHEMA)));
        assertThat(check(config, "--sample", "0")).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("hint: 1 of 3 workers have nothing to read", "pipelines.orders.workers")
                .contains("hint: partition-by has no effect on the table that is there, which is not partitioned");
    }

    @Test
    void modeThatDoesNotFitTheTableIsNamed() throws IOException {
        String config = config("check_good", "    mode: upsert\n    key: [order_id]\n");
        new Tables(Catalogs.open(Lake.sqlite(directory)))
                .openOrCreate(TableRequest.of("shop.orders", SchemaText.parse(SCHEMA)));
        assertThat(check(config)).as(err.toString()).isEqualTo(2);
        assertThat(err.toString()).contains("was made for mode append", "pipelines.orders.mode", "table shop.orders");
    }

    @Test
    void settingsThatDecideWhatRowsThereAreMayNotChange() throws IOException {
        String upsert = "    mode: upsert\n    key: [order_id]\n    delete-when: \"quantity = ";
        String before = config("check_good", upsert + "0\"\n");
        upsertTables(before);
        assertThat(check(before, "--sample", "0")).as(err.toString()).isZero();

        assertThat(check(config("check_good", upsert + "1\"\n"), "--sample", "0"))
                .as(out.toString())
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("made with delete-when 'quantity = 0', the configuration says 'quantity = 1'")
                .contains(
                        "pipelines.orders, table shop.orders, property firn.delete-when", "'firn rebuild shop.orders'");
    }

    @Test
    void upsertTablesThatAStartTakesAreNoProblem() throws IOException {
        String config = config("check_good", "    mode: upsert\n    key: [order_id]\n");
        UpsertTables tables = upsertTables(config);
        tables.keyed().updateSchema().deleteColumn("quantity").commit();

        assertThat(check(config)).as(err.toString()).isZero();

        assertThat(out.toString()).contains("hint: column 'quantity' was dropped");
        assertThat(upsertTables(config).keyed().schema().findField("quantity")).isNull();
    }

    private UpsertTables upsertTables(String config) {
        Tables tables = new Tables(Catalogs.open(Lake.sqlite(directory)));
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        return UpsertParts.of(
                        Objects.requireNonNull(assembly.configuration(Path.of(config))
                                .pipelines()
                                .get("orders")),
                        tables)
                .orElseThrow()
                .open(tables);
    }

    @Test
    void storeIsTriedByAFileThatIsRemoved() throws IOException {
        String config = config("check_good", "");
        assertThat(check(config, "--sample", "0")).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("store: a file was written, read and deleted below")
                .contains(directory.resolve("warehouse").toString());
        assertThat(check(config, "--sample", "0", "--no-write")).isZero();
        assertThat(out.toString())
                .contains("not looked at: whether files can be written, read and deleted in the store (--no-write)")
                .doesNotContain("store: a file was written");

        Table table = new Tables(Catalogs.open(Lake.sqlite(directory)))
                .openOrCreate(TableRequest.of("shop.orders", SchemaText.parse(SCHEMA)));
        assertThat(check(config, "--sample", "0", "--json")).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("writtenBelow").get(0).asText()).isEqualTo(table.location());
        assertThat(json.path("notLookedAt").isEmpty()).isTrue();
        try (Stream<Path> files = Files.walk(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.contains("firn-check")))
                    .isEmpty();
        }
    }

    @Test
    void tablePropertiesThatAreNotFollowedAreNamed() throws IOException {
        String config = config("check_good", "");
        Table table = new Tables(Catalogs.open(Lake.sqlite(directory)))
                .openOrCreate(TableRequest.of("shop.orders", SchemaText.parse(SCHEMA)));
        table.replaceSortOrder().asc("order_id").commit();
        table.updateProperties().set("write.wap.enabled", "true").commit();
        assertThat(check(config, "--sample", "0")).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("hint: the table has a sort order (order_id asc): new files are written unsorted")
                .contains("hint: the table property write.wap.enabled = 'true' has no effect on Firn");

        table.updateProperties().set("write.format.default", "orc").commit();
        assertThat(check(config, "--sample", "0")).as(out.toString()).isEqualTo(2);
        assertThat(err.toString())
                .contains("Firn cannot follow the table property write.format.default = 'orc'")
                .contains("pipelines.orders.table, table shop.orders", "do: change or remove the property");
    }

    @Test
    void largestRecordIsComparedWithTheMemory() throws IOException {
        assertThat(check(config("check_empty", ""))).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains(
                        "hint: the topic check_empty may have records of 90000000 bytes", "do: set memory to at least");
    }

    @Test
    void missingPermissionsAreNamed() throws IOException {
        Map<String, String> user = broker.authenticated(BrokerProcess.PASSWORD);
        String config = config(user, Lake.sqlite(directory), pipeline("orders", "check_denied", ""));
        assertThat(check(config)).as(out.toString()).isEqualTo(2);
        assertThat(err.toString())
                .contains("Kafka denies this user to read the topic check_denied", "pipelines.orders.topics")
                .contains("do: grant the operations READ and DESCRIBE on the topic");

        config = config(user, Lake.sqlite(directory), pipeline("denied", "check_group", ""));
        assertThat(check(config)).as(out.toString()).isEqualTo(2);
        assertThat(err.toString())
                .contains("Kafka denies this user to join the consumer group firn-denied-", "pipelines.denied")
                .contains("do: grant the operation READ on the group, or on the prefix firn-");
    }
}
