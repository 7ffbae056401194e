package io.firn.deploy.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.ServiceClient;
import io.firn.deploy.rig.SharedBroker;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TableVerifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Another engine changes the table by Iceberg's API while records flow and two processes share the topic. What each
 * record held is the oracle: every value has to be in the column that had its field's name at the commit.
 */
@ExtendWith(SharedBroker.class)
class SchemaChangesIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path LOGS = OsProcess.logs("ddl");
    private static final String TOPIC = "schema_changes";
    private static final int PARTITIONS = 2;
    private static final long BEYOND_INT = 5_000_000_000L;
    private static final byte[] GZIP = {0x1f, (byte) 0x8b, 0x08};
    private static final byte[] ZSTD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};

    @TempDir
    private static Path directory;

    private static BrokerProcess broker;

    private final ServiceClient client = new ServiceClient();

    @BeforeAll
    static void createTopic(BrokerProcess shared) {
        broker = shared;
        broker.createTopic(TOPIC, PARTITIONS, Map.of());
    }

    @Test
    void everyValueIsUnderTheNameThatItsColumnHadAtTheCommitAndAnotherTableIsFilledAfterARestart() throws Exception {
        try (Lake lake = Lake.local(directory)) {
            Stage stage = new Stage(broker, lake, directory, LOGS, TOPIC);
            Path config = stage.config(
                    "ddl",
                    "schema: \"id long not null, qty int, note string, tag string\"",
                    "commit: {interval: 300ms}");
            try (FirnProcess one = stage.service("ddl-one", config).start();
                    FirnProcess other = stage.service("ddl-other", config).start();
                    Records records = new Records()) {
                List<FirnProcess> both = List.of(one, other);
                both.forEach(this::awaitPartition);
                changeColumns(stage, records, both);
                changeFiles(stage, records, both);
                records.stop();
                stage.awaitDrained(one);
                assertExact(stage, records);
                both.forEach(this::assertWarned);
                assertThat(values(stage, "extra"))
                        .as("the column that was added")
                        .isNotEmpty();
                assertThat(values(stage, "tag"))
                        .as("the column that was added again")
                        .isNotEmpty();
                assertThat(values(stage, "qty"))
                        .anySatisfy(qty -> assertThat((Long) qty).isGreaterThan(BEYOND_INT));

                replaceTable(lake, stage);
                records.send(20);
                both.forEach(this::awaitReplaced);
                both.forEach(process -> assertThat(client.post(process, "/v1/pipelines/" + TOPIC + "/restart"))
                        .hasValueSatisfying(
                                answer -> assertThat(answer.status()).isEqualTo(200)));
                stage.awaitDrained(one);
                assertExact(stage, records);
                assertThat(values(stage, "note"))
                        .as("read from the start of the topic")
                        .hasSize(records.count());
                both.forEach(process ->
                        assertThat(process.terminate()).as(process.tail()).isZero());
            }
        }
    }

    private void changeColumns(Stage stage, Records records, List<FirnProcess> both) {
        change(stage, records, both, table -> table.updateSchema()
                .addColumn("extra", Types.StringType.get())
                .commit());
        change(stage, records, both, table -> table.updateSchema()
                .renameColumn("note", "remark")
                .commit());
        change(stage, records, both, table -> table.updateSchema()
                .deleteColumn("tag")
                .commit());
        change(stage, records, both, table -> table.updateSchema()
                .addColumn("tag", Types.StringType.get())
                .commit());
        change(
                stage,
                records,
                both,
                table -> table.updateSchema()
                        .updateColumn("qty", Types.LongType.get())
                        .commit(),
                table -> records.sendQuantitiesBeyondInt());
        change(stage, records, both, table -> table.updateSchema()
                .allowIncompatibleChanges()
                .requireColumn("qty")
                .commit());
    }

    private void changeFiles(Stage stage, Records records, List<FirnProcess> both) throws IOException {
        assertThat(lastFile(stage))
                .satisfies(file -> assertThat(contains(file, ZSTD)).isTrue());
        change(
                stage,
                records,
                both,
                table ->
                        table.updateSpec().addField(Expressions.bucket("id", 2)).commit(),
                table -> table.updateProperties()
                        .set(TableProperties.PARQUET_COMPRESSION, "gzip")
                        .commit());
        // Files that were open at the change may still be committed.
        Eventually.holds("a file of the new spec and codec", Eventually.PATIENCE, () -> {
            DataFile last = lastFile(stage);
            return last.specId() == 1 && contains(last, GZIP) && !contains(last, ZSTD);
        });
    }

    /** Waits after the change until both processes have committed records that were produced later. */
    @SafeVarargs
    private void change(Stage stage, Records records, List<FirnProcess> both, Consumer<Table>... ddl) {
        for (Consumer<Table> each : ddl) {
            Eventually.holds("no commit of Firn's comes first", Eventually.PATIENCE, () -> {
                each.accept(stage.lake().table(stage.table()));
                return true;
            });
        }
        TableVerifier verifier = stage.verifier();
        Map<Integer, Long> since = verifier.ledger();
        Map<Integer, Long> sent = records.ends();
        Eventually.holds(
                "both processes commit records that are later than the change",
                Eventually.PATIENCE,
                () -> {
                    Map<Integer, Long> now = verifier.ledger();
                    return now.size() == PARTITIONS
                            && now.entrySet().stream()
                                    .allMatch(next -> next.getValue() > sent.getOrDefault(next.getKey(), 0L));
                },
                () -> since + " " + verifier.progress() + "\n" + both.get(0).tail() + "\n"
                        + both.get(1).tail());
    }

    private void awaitPartition(FirnProcess process) {
        Eventually.holds(
                "it has one of the two partitions",
                Eventually.PATIENCE,
                () -> pipeline(process).path("assignedPartitions").asInt() == 1,
                process::tail);
    }

    private void awaitReplaced(FirnProcess process) {
        Eventually.holds(
                "its pipeline fails and the reason is shown",
                Eventually.PATIENCE,
                () -> pipeline(process).path("state").asText().equals("failed")
                        && pipeline(process)
                                .path("failure")
                                .path("code")
                                .asText()
                                .equals("table-replaced"),
                () -> pipeline(process) + "\n" + process.tail());
    }

    private void assertWarned(FirnProcess process) {
        String renamed = "column 'note' was renamed to 'remark'";
        assertThat(pipeline(process).path("troubles")).as(process.tail()).anySatisfy(trouble -> {
            assertThat(trouble.path("component").asText()).isEqualTo("schema");
            assertThat(trouble.path("level").asText()).isEqualTo("warning");
            assertThat(trouble.path("reason").asText()).contains(renamed);
        });
        assertThat(process.outputSinceStart()).containsOnlyOnce("ConfiguredColumns pipeline " + TOPIC + ": " + renamed);
    }

    private JsonNode pipeline(FirnProcess process) {
        return client.get(process, "/v1/pipelines/" + TOPIC).orElseThrow().body();
    }

    /** All records are committed and nothing is on its way, so that no commit meets the time without a table. */
    private static void replaceTable(Lake lake, Stage stage) {
        TableIdentifier name = TableIdentifier.parse(stage.table());
        Schema schema = new Schema(
                Types.NestedField.required(1, "id", Types.LongType.get()),
                Types.NestedField.optional(2, "qty", Types.LongType.get()),
                Types.NestedField.optional(3, "note", Types.StringType.get()),
                Types.NestedField.optional(4, "tag", Types.StringType.get()));
        lake.changed(catalog -> {
            assertThat(catalog.dropTable(name, false)).isTrue();
            return catalog.createTable(
                    name,
                    schema,
                    PartitionSpec.unpartitioned(),
                    directory.resolve("warehouse/again").toString(),
                    Map.of());
        });
    }

    private static void assertExact(Stage stage, Records records) {
        TableVerifier.Report report = stage.verifier().verify();
        assertThat(report.isExact()).as("%s", report).isTrue();
        assertThat(new CommittedNames(stage.lake().table(stage.table()), records.byPosition()).differences())
                .isEmpty();
    }

    private static Set<Object> values(Stage stage, String column) throws IOException {
        Set<Object> values = new HashSet<>();
        try (CloseableIterable<Record> rows = IcebergGenerics.read(stage.lake().table(stage.table()))
                .where(Expressions.notNull(column))
                .build()) {
            rows.forEach(row -> values.add(row.getField(column)));
        }
        return values;
    }

    private static DataFile lastFile(Stage stage) {
        Table table = stage.lake().table(stage.table());
        for (Snapshot at = table.currentSnapshot(); at != null; at = table.snapshot(at.parentId())) {
            for (DataFile file : at.addedDataFiles(table.io())) {
                return file;
            }
        }
        throw new AssertionError("no files");
    }

    private static boolean contains(DataFile file, byte[] magic) throws IOException {
        String content = new String(
                Files.readAllBytes(Path.of(file.location().replaceFirst("^file:/*", "/"))),
                StandardCharsets.ISO_8859_1);
        return content.contains(new String(magic, StandardCharsets.ISO_8859_1));
    }

    /** Produces records that have a value of their own in each field, evenly to all partitions, until it is stopped. */
    private static final class Records implements AutoCloseable {
        private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

        private final KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap(), "linger.ms", "0"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        private final Map<String, JsonNode> byPosition = new ConcurrentHashMap<>();
        private final Map<Integer, Long> ends = new ConcurrentHashMap<>();
        private final Thread thread = new Thread(this::run, "records");
        private volatile long quantities;
        private volatile boolean stopping;
        private long next;

        Records() {
            thread.setDaemon(true);
            thread.start();
        }

        private void run() {
            while (!stopping) {
                sendNext();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }

        private void sendNext() {
            long n = next++;
            String json = "{\"id\":" + n + ",\"qty\":" + (quantities + n) + ",\"note\":\"note-" + n
                    + "\",\"tag\":\"tag-" + n + "\",\"extra\":\"extra-" + n + "\"}";
            JsonNode record = parsed(json);
            producer.send(
                    new ProducerRecord<>(TOPIC, (int) (n % PARTITIONS), null, json.getBytes(StandardCharsets.UTF_8)),
                    (metadata, failed) -> {
                        if (failed == null) {
                            byPosition.put(metadata.partition() + ":" + metadata.offset(), record);
                            ends.put(metadata.partition(), metadata.offset() + 1);
                        }
                    });
        }

        private static JsonNode parsed(String json) {
            try {
                return JSON.readTree(json);
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        void sendQuantitiesBeyondInt() {
            quantities = BEYOND_INT;
        }

        /** Sends so many more after it was stopped. */
        void send(int count) {
            for (int i = 0; i < count; i++) {
                sendNext();
            }
            producer.flush();
        }

        /** The offset after the last record that Kafka has confirmed, by partition. */
        Map<Integer, Long> ends() {
            return Map.copyOf(ends);
        }

        Map<String, JsonNode> byPosition() {
            return Map.copyOf(byPosition);
        }

        int count() {
            return byPosition.size();
        }

        void stop() {
            stopping = true;
            try {
                thread.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            producer.flush();
        }

        @Override
        public void close() {
            stop();
            producer.close();
        }
    }
}
