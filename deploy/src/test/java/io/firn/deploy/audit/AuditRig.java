package io.firn.deploy.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OrderWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
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

/** Topics and tables for audits: tables are written without the ingestion, so that any fault can be planted. */
final class AuditRig implements AutoCloseable {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.optional(1, "_source_topic", Types.StringType.get()),
            Types.NestedField.optional(2, "_source_partition", Types.IntegerType.get()),
            Types.NestedField.optional(3, "_source_offset", Types.LongType.get()));

    private final BrokerProcess broker;
    private final Lake lake;
    private final Catalog catalog;
    private final String prefix;
    private int topics;

    /** @param prefix of topics' names: the broker is shared */
    AuditRig(BrokerProcess broker, Path directory, String prefix) {
        this.broker = broker;
        this.lake = Lake.local(directory);
        this.catalog = CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration());
        this.prefix = prefix;
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
    }

    @Override
    public void close() throws Exception {
        lake.close();
    }

    String bootstrap() {
        return broker.bootstrap();
    }

    static String text(AuditReport report) {
        StringWriter text = new StringWriter();
        report.print(new PrintWriter(text));
        return text.toString();
    }

    String topic() {
        String topic = prefix + topics++;
        broker.createTopic(topic, 1, Map.of());
        return topic;
    }

    /** Offsets 0 to 9, and a table that holds none of them yet. */
    Audited tenOrders() throws Exception {
        return audited(topicOfTenOrders());
    }

    String topicOfTenOrders() {
        String topic = topic();
        try (OrderWriter writer = OrderWriter.plain(broker.bootstrap(), topic)) {
            writer.orders(0, 10);
        }
        return topic;
    }

    Audited audited(String topic) throws Exception {
        return audited(topic, id(topic));
    }

    /** @param id that the ledger is to know the topic by */
    Audited audited(String topic, String id) {
        return new Audited(topic, id);
    }

    private String id(String topic) throws Exception {
        try (Admin admin = broker.admin()) {
            return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                            .topicNameValues()
                            .get(topic))
                    .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .topicId()
                    .toString();
        }
    }

    /** A topic of one partition and its table, written without the ingestion. */
    final class Audited {
        private final String topic;
        private final Table table;
        private SourcePartition source;

        private Audited(String topic, String id) {
            this.topic = topic;
            this.source = new SourcePartition(topic, id, 0);
            this.table = catalog.createTable(TableIdentifier.of("shop", topic), SCHEMA, PartitionSpec.unpartitioned());
            commit(PartitionStep.start(0), List.of());
        }

        String topic() {
            return topic;
        }

        Table table() {
            return table;
        }

        SourcePartition source() {
            return source;
        }

        /** The ledger goes over to the topic that the broker has by that name. */
        void goOverToTopicOfToday() throws Exception {
            String before = source.topicId();
            source = new SourcePartition(topic, id(topic), 0);
            commit(PartitionStep.start(0, Optional.of(before)), List.of());
            table.refresh();
        }

        /** One file with these rows in the place of two, as compaction leaves it. */
        DataFile rewrite(DataFile first, DataFile second, long... offsets) throws Exception {
            DataFile merged = file(topic, offsets);
            JobCommitter committer =
                    new JobCommitter(catalog.loadTable(TableIdentifier.of("shop", topic)), new Random(2));
            JobCommit commit = JobCommit.carrying(
                    UUID.randomUUID(),
                    TableCommit.Operation.REWRITE,
                    new TreeMap<>(),
                    transaction -> transaction.newRewrite().rewriteFiles(Set.of(first, second), Set.of(merged)),
                    List.of());
            assertThat(committer.attempt(commit)).isInstanceOf(JobOutcome.Committed.class);
            table.refresh();
            return merged;
        }

        void delete(long offset) throws Exception {
            try (Admin admin = broker.admin()) {
                admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(offset)))
                        .all()
                        .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        }

        void configure(String key, String value) throws Exception {
            try (Admin admin = broker.admin()) {
                admin.incrementalAlterConfigs(Map.of(
                                new ConfigResource(ConfigResource.Type.TOPIC, topic),
                                List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
                        .all()
                        .get(Eventually.PATIENCE.toSeconds(), TimeUnit.SECONDS);
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

        void commit(PartitionStep step, List<DataFile> files) {
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
