package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.TopicProducer;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.write.WriteSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults planted in a table, against a real broker of one topic with ten records. */
class AuditIT {
    private static final String TOPIC = "audited";
    private static final int RECORDS = 10;

    @TempDir
    private static Path shared;

    private static BrokerProcess broker;
    private static SourcePartition partition;

    @TempDir
    private Path folder;

    private Table table;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = BrokerProcess.start(shared.resolve("kafka"), OsProcess.logs("AuditIT"));
        broker.createTopic(TOPIC, 1, Map.of());
        TopicProducer.orders(broker.bootstrap(), TOPIC, 1, RECORDS);
        try (Admin admin = broker.admin()) {
            String id = Objects.requireNonNull(admin.describeTopics(List.of(TOPIC))
                            .allTopicNames()
                            .get()
                            .get(TOPIC))
                    .topicId()
                    .toString();
            partition = new SourcePartition(TOPIC, id, 0);
        }
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void createTable() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        table = new Tables(Catalogs.open(Lake.sqlite(folder)))
                .openOrCreate(TableRequest.of("shop.audited", SchemaText.parse("id long")));
    }

    /** Commits these rows, whatever they are, as the range from the start to {@code next}. */
    private DataFile commit(long next, long... offsets) {
        RowBatchWriter writer =
                RowBatchWriter.create(table, DecodeSettings.defaults(), WriteSettings.defaults(UUID.randomUUID()));
        byte[] value = "{\"id\":1}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (long offset : offsets) {
            writer.write(partition, offset, 0, value, 0, value.length);
        }
        List<DataFile> files = writer.seal();
        TableCommitter committer = new TableCommitter(table, new SplittableRandom(1), MissingLedger.REFUSE);
        committer.attempt(commitOf(List.of(), PartitionStep.start(0)));
        committer.attempt(commitOf(files, PartitionStep.advance(new OffsetRange(0, next), OptionalLong.empty())));
        return files.get(0);
    }

    private static TableCommit commitOf(List<DataFile> files, PartitionStep step) {
        return new TableCommit(
                UUID.randomUUID(), TOPIC, TableCommit.Operation.APPEND, files, new TreeMap<>(Map.of(partition, step)));
    }

    private String audit(long windowOffsets) {
        AuditReport report = new Audit(
                        table, TOPIC, Map.of("bootstrap.servers", broker.bootstrap()), Progress.silent(), windowOffsets)
                .run();
        assertThat(report.isClean()).isEqualTo(!report.json().contains("\"clean\":false"));
        return report.json();
    }

    private String audit() {
        return audit(1 << 20);
    }

    private static long[] upTo(long end) {
        return LongStream.range(0, end).toArray();
    }

    @Test
    void a_table_that_holds_every_record_once_is_clean() {
        commit(RECORDS, upTo(RECORDS));
        assertThat(audit()).contains("\"clean\":true", "\"effectiveRows\":10");
    }

    @Test
    void records_past_the_ledger_are_not_missing_yet() {
        commit(6, upTo(6));
        assertThat(audit()).contains("\"clean\":true", "\"effectiveRows\":6");
    }

    @Test
    void a_missing_row_is_named() {
        commit(RECORDS, 0, 1, 2, 4, 5, 6, 9);
        assertThat(audit()).contains("\"clean\":false", "\"missing\":{\"count\":3,\"spans\":[[3,4],[7,9]]}");
    }

    @Test
    void a_doubled_row_is_named() {
        commit(RECORDS, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9);
        assertThat(audit()).contains("\"clean\":false", "\"doubled\":{\"count\":1,\"spans\":[[5,6]]}");
    }

    @Test
    void a_row_past_the_ledger_is_named() {
        commit(5, 0, 1, 2, 3, 4, 8);
        assertThat(audit()).contains("\"clean\":false", "\"outside\":{\"count\":1,\"spans\":[[8,9]]}");
    }

    @Test
    void a_file_referenced_twice_is_named() {
        DataFile file = commit(RECORDS, upTo(RECORDS));
        table.refresh();
        table.newFastAppend().appendFile(file).commit();
        assertThat(audit()).contains("\"clean\":false", "\"filesTwice\":[\"" + file.location());
    }

    @Test
    void a_history_longer_than_memory_allows_is_compared_window_by_window() {
        commit(RECORDS, 0, 1, 2, 4, 5, 5, 6, 7, 8, 9);
        assertThat(audit(3))
                .contains(
                        "\"effectiveRows\":10",
                        "\"missing\":{\"count\":1,\"spans\":[[3,4]]}",
                        "\"doubled\":{\"count\":1,\"spans\":[[5,6]]}",
                        "\"outside\":{\"count\":0");
    }
}
