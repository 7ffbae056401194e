package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.Assembly;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.Scratch;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.write.WriteSettings;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** All there is to audit of a pipeline: the table it ingests to against Kafka, and its keyed table against that one. */
public final class PipelineAudit {
    private static final long WRITER_BYTES = 32L << 20;

    private final Catalog catalog;
    private final String pipeline;
    private final PipelineConfig config;
    private final Configuration configuration;
    private final Progress progress;
    private final Depth depth;

    /** What of the tables' files is read. */
    public enum Depth {
        SOURCE_COLUMNS,
        EVERY_COLUMN
    }

    /** @param configuration of Kafka and of its memory */
    public PipelineAudit(
            Catalog catalog,
            String pipeline,
            PipelineConfig config,
            Configuration configuration,
            Progress progress,
            Depth depth) {
        this.depth = depth;
        this.catalog = catalog;
        this.pipeline = pipeline;
        this.config = config;
        this.configuration = configuration;
        this.progress = progress;
    }

    /** @throws FirnException as {@link Audit#run} and {@link FoldCheck#run} do */
    public AuditReport run() {
        Tables tables = new Tables(catalog, config.classes());
        Optional<UpsertParts> upsert = UpsertParts.of(config, tables);
        Table ingested = open(tables, config.ingestTable());
        Audit audit = new Audit(ingested, pipeline, configuration.kafka(), progress);
        if (upsert.isEmpty()) {
            return read(above(audit.run(), ingested), ingested);
        }
        Table keyed = open(tables, config.table());
        // The fold first: what is merged after it is in staging, and in the audit of that, anyway.
        FoldReport fold = fold(upsert.get(), upsert.get().open(tables));
        return read(read(above(audit.mergedInto(keyed).run(), ingested).with(fold), ingested), keyed);
    }

    private AuditReport above(AuditReport report, Table ingested) {
        ingested.refresh();
        Ledger ledger = LedgerReader.read(ingested)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
        return report.with(AboveLedger.read(pipeline, config.topics(), configuration.kafka(), ledger));
    }

    private FoldReport fold(UpsertParts parts, UpsertTables opened) {
        try (Scratch scratch = Scratch.create();
                KafkaSources sources = Assembly.sources(pipeline, config, configuration);
                SpanSource spans = sources.spans();
                KafkaLog log = new KafkaLog(configuration.kafka());
                KafkaRows kafka = new KafkaRows(
                        opened,
                        parts.deleteWhen(),
                        spans,
                        topic -> log.compaction(topic) == Compaction.ON,
                        this::writer,
                        scratch.folder(),
                        progress)) {
            return new FoldCheck(opened, pipeline, parts.deleteWhen(), progress, Optional.of(kafka)).run();
        }
    }

    private BatchWriter writer(Table table) {
        return RowBatchWriter.create(
                table,
                Assembly.decoding(config, UpsertParts.of(config, new Tables(catalog, config.classes()))),
                WriteSettings.defaults(UUID.randomUUID()).withMemoryBytes(WRITER_BYTES));
    }

    private AuditReport read(AuditReport report, Table table) {
        table.refresh();
        Snapshot head = table.currentSnapshot();
        return depth == Depth.SOURCE_COLUMNS || head == null
                ? report
                : report.with(new DeepAudit(table, head.snapshotId(), progress).run());
    }

    private static Table open(Tables tables, String name) {
        return tables.open(name)
                .orElseThrow(() -> FirnException.user(
                        "table-missing",
                        "the table does not exist",
                        "table " + name,
                        "check its name, or run its pipeline first"));
    }
}
