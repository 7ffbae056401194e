package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OrderWriter;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.parquet.Parquet;
import org.apache.iceberg.types.Types;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Plants each fault that an audit is there for, in a table beside a real broker, and looks whether it is named. */
@ExtendWith(SharedBroker.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditLimitsIT {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.optional(1, "_source_topic", Types.StringType.get()),
            Types.NestedField.optional(2, "_source_partition", Types.IntegerType.get()),
            Types.NestedField.optional(3, "_source_offset", Types.LongType.get()));

    private BrokerProcess broker;
    private Lake lake;
    private Catalog catalog;
    private int topics;

    @BeforeAll
    void start(BrokerProcess shared, @TempDir Path directory) {
        broker = shared;
        lake = Lake.local(directory);
        catalog = CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration());
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
    }

    @AfterAll
    void stop() throws Exception {
        lake.close();
    }

    @Test
    void a_table_with_every_record_once_is_clean() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        PartitionAudit partition = report.partitions().get(0);
        assertThat(partition.rows()).isEqualTo(10);
        assertThat(text(report)).contains("Clean: 10 rows");
    }

    @Test
    void aborted_records_and_null_values_that_were_not_kept_are_no_difference() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.transactional(broker.bootstrap(), topic)) {
            writer.begin().orders(0, 3).commit(); // 0 to 2, marker 3
            writer.begin().orders(0, 2).abort(); // 4 and 5, marker 6
            writer.begin().keyed(0, "k", true).orders(0, 1).commit(); // 7 without a value, 8, marker 9
            writer.begin().orders(0, 2).abort(); // 10 and 11, marker 12
        }
        Fixture orders = new Fixture(topic);
        orders.commitSkipping(0, 13, 1, 0, 1, 2, 8);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        assertThat(report.partitions().get(0).nullValues()).isEqualTo(1);
    }

    @Test
    void null_values_are_held_against_what_the_snapshots_counted() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(0, 1)
                    .keyed(0, "k", true)
                    .orders(0, 1)
                    .keyed(0, "k", true)
                    .orders(0, 1);
        }
        Fixture orders = new Fixture(topic);
        orders.commitSkipping(0, 3, 0, 0, 2);
        PartitionAudit uncounted = orders.audit().partitions().get(0);
        assertThat(uncounted.nullsUncounted()).isEqualTo(1);
        assertThat(uncounted.isClean()).isFalse();

        orders.commitSkipping(3, 5, 2, 4);
        assertThat(orders.audit().isClean()).isTrue();

        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(0, 1);
        }
        orders.commitSkipping(5, 6, 3, 5);
        AuditReport overcounted = orders.audit();
        assertThat(overcounted.partitions().get(0).nullsOvercounted()).isEqualTo(3);
        assertThat(text(overcounted)).contains("3 null values counted that Kafka does not have", "Differences found");
    }

    @Test
    void counts_that_went_with_expired_snapshots_are_said_to_be_gone() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.keyed(0, "k", true).orders(0, 1).keyed(0, "k", true).orders(0, 1);
        }
        Fixture orders = new Fixture(topic);
        orders.commitSkipping(0, 2, 1, 1);
        orders.commitSkipping(2, 4, 1, 3);
        orders.table
                .expireSnapshots()
                .expireOlderThan(Long.MAX_VALUE)
                .retainLast(1)
                .commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        assertThat(report.partitions().get(0).nullsOfExpiredSnapshots()).isEqualTo(1);
        assertThat(text(report)).contains("1 of them by snapshots expired since");
    }

    @Test
    void a_pipeline_that_the_ledger_does_not_know_is_wrong_usage() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        Audit audit = new Audit(orders.table, "pp", Map.of("bootstrap.servers", broker.bootstrap()), Progress.silent());
        FirnException failure = catchThrowableOfType(FirnException.class, () -> audit.run());
        assertThat(failure.kind()).isEqualTo(FirnException.Kind.USER);
        assertThat(failure).hasMessageContainingAll("does not know the pipeline pp", "did you mean p?", "[p]");
    }

    @Test
    void both_ends_that_kafka_cannot_show_are_kept() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 12, LongStream.range(0, 12).toArray());
        orders.delete(4);
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).unverifiable().first())
                .extracting(Unverifiable.Span::toString)
                .containsExactly("[0, 4) (below Kafka's retention)", "[10, 12) (past the end of Kafka's log)");
        assertThat(report.json()).contains("{\"offsets\":[10,12],\"reason\":\"past the end of Kafka's log\"}");
    }

    @Test
    void rows_that_kafka_does_not_show_are_excused_by_compaction_alone() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.transactional(broker.bootstrap(), topic)) {
            writer.begin().orders(0, 2).abort().begin().orders(0, 1).commit(); // 0 and 1, marker 2; 3, marker 4
        }
        Fixture orders = new Fixture(topic);
        orders.commit(0, 5, 0, 3);
        assertThat(orders.audit().isClean()).isFalse();
        orders.configure("cleanup.policy", "compact");
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        assertThat(text(report)).contains("1 compacted away since");
    }

    @Test
    void a_row_of_an_aborted_record_is_named() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.transactional(broker.bootstrap(), topic)) {
            writer.begin().orders(0, 3).commit();
            writer.begin().orders(0, 2).abort();
        }
        Fixture orders = new Fixture(topic);
        orders.commit(0, 7, 0, 1, 2, 4);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).notInKafka().first()).containsExactly(new OffsetRange(4, 5));
    }

    @Test
    void missing_rows_are_named_as_spans() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, 0, 1, 2, 5, 6, 8, 9);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).missing().first())
                .containsExactly(new OffsetRange(3, 5), new OffsetRange(7, 8));
        assertThat(text(report)).contains("3 missing: [[3, 5), [7, 8)]", "Differences found");
    }

    @Test
    void a_doubled_row_is_named() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 5, 0, 1, 2, 3, 4);
        orders.commit(5, 10, 4, 5, 6, 7, 8, 9);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).doubled().first()).containsExactly(new OffsetRange(4, 5));
        assertThat(report.partitions().get(0).missing().count()).isZero();
    }

    @Test
    void records_past_the_ledger_are_not_missing_yet() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 6, 0, 1, 2, 3, 4, 5);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        assertThat(report.effectiveRows()).isEqualTo(6);
    }

    @Test
    void a_history_longer_than_memory_allows_is_compared_window_by_window() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, 0, 1, 2, 4, 5, 5, 6, 7, 8, 9);
        AuditReport report = orders.audit(3);
        assertThat(report.json())
                .contains(
                        "\"clean\":false",
                        "\"effectiveRows\":10",
                        "\"missing\":{\"count\":1,\"spans\":[[3,4]]}",
                        "\"doubled\":{\"count\":1,\"spans\":[[5,6]]}",
                        "\"outside\":{\"count\":0");
    }

    @Test
    void a_row_past_the_ledger_is_named() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 5, 0, 1, 2, 3, 4, 7);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.partitions().get(0).outside().first()).containsExactly(new OffsetRange(7, 8));
    }

    @Test
    void a_file_that_was_appended_twice_is_named() throws Exception {
        Fixture orders = tenOrders();
        DataFile file = orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.table.newFastAppend().appendFile(file).commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.filesTwice()).containsExactly(file.location());
        assertThat(report.partitions().get(0).doubled().first()).containsExactly(new OffsetRange(0, 10));
    }

    @Test
    void rows_of_a_partition_that_the_ledger_does_not_know_are_named() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.table.newFastAppend().appendFile(orders.file("elsewhere", 1, 2)).commit();
        AuditReport report = orders.audit();
        assertThat(report.isClean()).isFalse();
        assertThat(report.unknownPartitions()).containsExactly("elsewhere-0");
    }

    @Test
    void what_kafka_deleted_is_said_and_not_held_against_the_table() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        orders.delete(4);
        AuditReport report = orders.audit();
        assertThat(report.isClean()).as(text(report)).isTrue();
        assertThat(report.partitions().get(0).unverifiable().first())
                .containsExactly(new Unverifiable.Span(new OffsetRange(0, 4), "below Kafka's retention"));
        assertThat(text(report)).contains("4 not verifiable");
    }

    @Test
    void a_topic_of_another_id_is_not_compared() throws Exception {
        Fixture orders = new Fixture(topic(), "AAAAAAAAAAAAAAAAAAAAAQ");
        orders.commit(0, 3, 0, 1, 2);
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).unverifiable().offsets()).isEqualTo(3);
        assertThat(text(report)).contains("deleted or created again");
    }

    @Test
    void a_broker_that_does_not_answer_ends_the_audit_as_an_external_failure() throws Exception {
        Fixture orders = tenOrders();
        orders.commit(0, 10, LongStream.range(0, 10).toArray());
        Map<String, String> nobody = Map.of(
                "bootstrap.servers", "127.0.0.1:" + OsProcess.freePort(),
                "default.api.timeout.ms", "1000",
                "request.timeout.ms", "500");
        Audit audit = new Audit(orders.table, "p", nobody, Progress.silent());
        FirnException failure = catchThrowableOfType(FirnException.class, () -> audit.run());
        assertThat(failure.kind()).isEqualTo(FirnException.Kind.EXTERNAL);
        assertThat(failure.code()).isEqualTo("kafka-unavailable");
    }

    @Test
    void a_row_in_a_gap_of_the_ledger_is_named_also_where_kafka_has_nothing_left() throws Exception {
        Fixture orders = tenOrders();
        orders.delete(6);
        orders.commit(0, 2, 0, 1);
        PartitionStep step = new PartitionStep(
                OptionalLong.of(2),
                new OffsetRange(6, 10),
                OptionalLong.empty(),
                List.of(new OffsetRange(2, 6)),
                new TreeMap<>());
        orders.commit(step, List.of(orders.file(orders.topic, 3, 6, 7, 8, 9)));
        AuditReport report = orders.audit();
        assertThat(report.partitions().get(0).outside().first()).containsExactly(new OffsetRange(3, 4));
        assertThat(report.isClean()).isFalse();
    }

    @Test
    void what_retention_removes_while_kafka_is_read_is_no_difference() throws Exception {
        Fixture orders = tenOrders();
        orders.delete(4);
        List<Long> seen = new ArrayList<>();
        List<Long> deleted = new ArrayList<>();
        try (KafkaLog log = new KafkaLog(Map.of("bootstrap.servers", broker.bootstrap()))) {
            log.read(
                    orders.source,
                    new OffsetRange(0, 10),
                    new KafkaLog.Seen() {
                        @Override
                        public void record(long offset, boolean nullValue) {
                            seen.add(offset);
                        }

                        @Override
                        public void deletedBefore(long offset) {
                            deleted.add(offset);
                        }
                    },
                    Progress.silent());
        }
        assertThat(deleted).containsExactly(4L);
        assertThat(seen).containsExactly(4L, 5L, 6L, 7L, 8L, 9L);
    }

    private static String text(AuditReport report) {
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        return text.toString();
    }

    private String topic() {
        String topic = "audited" + topics++;
        broker.createTopic(topic, 1, Map.of());
        return topic;
    }

    private Fixture tenOrders() throws Exception {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(0, 10);
        }
        return new Fixture(topic);
    }

    private String id(String topic) throws Exception {
        try (Admin admin = broker.admin()) {
            return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                            .topicNameValues()
                            .get(topic))
                    .get(20, TimeUnit.SECONDS)
                    .topicId()
                    .toString();
        }
    }

    /** A topic of one partition and its table, written without the ingestion. */
    private final class Fixture {
        private final String topic;
        private final Table table;
        private final SourcePartition source;

        Fixture(String topic) throws Exception {
            this(topic, id(topic));
        }

        Fixture(String topic, String id) {
            this.topic = topic;
            this.source = new SourcePartition(topic, id, 0);
            this.table = catalog.createTable(TableIdentifier.of("shop", topic), SCHEMA, PartitionSpec.unpartitioned());
            commit(PartitionStep.start(0), List.of());
        }

        void delete(long offset) throws Exception {
            try (Admin admin = broker.admin()) {
                admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(offset)))
                        .all()
                        .get(20, TimeUnit.SECONDS);
            }
        }

        void configure(String key, String value) throws Exception {
            try (Admin admin = broker.admin()) {
                admin.incrementalAlterConfigs(Map.of(
                                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                                List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
                        .all()
                        .get(20, TimeUnit.SECONDS);
            }
        }

        AuditReport audit() {
            Map<String, String> kafka = Map.of("bootstrap.servers", broker.bootstrap());
            return new Audit(table, "p", kafka, Progress.silent()).run();
        }

        AuditReport audit(long windowOffsets) {
            Map<String, String> kafka = Map.of("bootstrap.servers", broker.bootstrap());
            return new Audit(table, "p", kafka, Progress.silent(), windowOffsets).run();
        }

        DataFile commit(long start, long end, long... offsets) throws Exception {
            DataFile file = file(topic, offsets);
            commit(PartitionStep.advance(new OffsetRange(start, end), OptionalLong.empty()), List.of(file));
            table.refresh();
            return file;
        }

        /** A commit that says to have passed over {@code nulls} records without a value. */
        void commitSkipping(long start, long end, long nulls, long... offsets) throws Exception {
            PartitionStep step = new PartitionStep(
                    OptionalLong.of(start),
                    new OffsetRange(start, end),
                    OptionalLong.empty(),
                    List.of(),
                    new TreeMap<>(nulls == 0 ? Map.of() : Map.of("null-value", nulls)));
            commit(step, List.of(file(topic, offsets)));
            table.refresh();
        }

        private void commit(PartitionStep step, List<DataFile> files) {
            TableCommitter committer = new TableCommitter(
                    catalog.loadTable(TableIdentifier.of("shop", topic)), new Random(1), MissingLedger.REFUSE);
            TableCommit commit = new TableCommit(
                    UUID.randomUUID(), "p", TableCommit.Operation.APPEND, files, new TreeMap<>(Map.of(source, step)));
            assertThat(committer.attempt(commit)).isInstanceOf(CommitOutcome.Committed.class);
        }

        DataFile file(String from, long... offsets) throws Exception {
            DataWriter<Record> writer = Parquet.writeData(table.io()
                            .newOutputFile(table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet")))
                    .schema(SCHEMA)
                    .withSpec(table.spec())
                    .createWriterFunc(GenericParquetWriter::create)
                    .build();
            GenericRecord row = GenericRecord.create(SCHEMA);
            try (writer) {
                for (long offset : offsets) {
                    writer.write(
                            row.copy(Map.of("_source_topic", from, "_source_partition", 0, "_source_offset", offset)));
                }
            }
            return writer.toDataFile();
        }
    }
}
