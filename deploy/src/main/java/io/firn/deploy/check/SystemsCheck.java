package io.firn.deploy.check;

import io.firn.catalog.FirnException;
import io.firn.catalog.Stores;
import io.firn.catalog.TableRequest;
import io.firn.catalog.TableRules;
import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.PartitionText;
import io.firn.catalog.schema.SchemaFit;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.TablePropertyRules;
import io.firn.catalog.schema.WritableSchema;
import io.firn.catalog.upsert.TableMode;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.merge.UnstagedRecords;
import io.firn.deploy.Assembly;
import io.firn.deploy.RenamedPipeline;
import io.firn.deploy.Service;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.SecondReading;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.SpanSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** Finds everything that would keep the configured pipelines from running. Leaves everything as it was. */
public final class SystemsCheck {
    private final Assembly assembly;
    private final Configuration configuration;
    private final String file;
    private final Consumer<String> progress;
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<ConfigProblem> hints = new ArrayList<>();
    private final List<SampleReport> samples = new ArrayList<>();
    private final Map<String, SampleTarget> targets = new TreeMap<>();
    private final Map<String, UnstagedRecords> unstaged = new TreeMap<>();
    private final WriteCheck writes;

    /**
     * @param file for messages
     * @param storeWrites whether the store is tried by a file
     * @param progress receives a line per step
     */
    public SystemsCheck(
            Assembly assembly,
            Configuration configuration,
            String file,
            StoreWrites storeWrites,
            Consumer<String> progress) {
        this.assembly = assembly;
        this.configuration = configuration;
        this.file = file;
        this.progress = progress;
        this.writes = new WriteCheck(configuration.catalog(), storeWrites, this::add);
    }

    /**
     * Checks Kafka, catalog, tables and a sample of each pipeline's records, in that order.
     *
     * @param sample records to read per pipeline; 0 for none
     */
    public CheckReport run(long sample) {
        configuration
                .doubts()
                .forEach(doubt ->
                        hints.add(new ConfigProblem(doubt.what(), file + ", " + doubt.where(), doubt.action())));
        progress.accept("checking the catalog");
        try {
            Catalog catalog = assembly.catalog(configuration);
            try {
                Stores.reach(configuration.catalog());
                configuration
                        .pipelines()
                        .forEach((name, pipeline) -> table(name, pipeline, new Tables(catalog, pipeline.classes())));
            } finally {
                Service.close(catalog);
            }
        } catch (FirnException failed) {
            add("catalog", failed);
        }
        progress.accept("checking Kafka");
        Map<String, ReaderIdentity> readers = new TreeMap<>();
        configuration.pipelines().keySet().forEach(name -> readers.put(name, reader(name)));
        KafkaCheck.Result kafka = new KafkaCheck(configuration, file, readers).run();
        problems.addAll(0, kafka.problems());
        hints.addAll(kafka.hints());
        unstaged.forEach((name, missing) -> {
            PipelineConfig pipeline =
                    Objects.requireNonNull(configuration.pipelines().get(name));
            add(
                    "pipelines." + name,
                    kafka.usable().contains(name)
                            ? MergeCheck.inKafka(missing, name, pipeline, configuration)
                            : missing.refusal());
        });
        targets.forEach((name, target) -> {
            if (sample > 0 && kafka.usable().contains(name)) {
                progress.accept("reading a sample for " + name);
                sample(name, target, sample);
            }
        });
        return new CheckReport(problems, hints, samples, writes.proven(), writes.notLookedAt());
    }

    /** The group of a table that is not there yet is not known; a right to join it is one to a prefix. */
    private ReaderIdentity reader(String name) {
        SampleTarget target = targets.get(name);
        return new ReaderIdentity(
                name, target == null ? UUID.randomUUID() : target.table().orElseGet(UUID::randomUUID));
    }

    private void sample(String name, SampleTarget target, long records) {
        PipelineConfig pipeline =
                Objects.requireNonNull(configuration.pipelines().get(name));
        String key = "pipelines." + name;
        try (KafkaSources sources = Assembly.sources(name, pipeline, configuration);
                SpanSource kafka = sources.spans()) {
            ResumePositions positions =
                    ResumePositions.of(name, pipeline, target.ledger(), sources.partitions(), kafka);
            positions.refusals().forEach(refusal -> add(key, refusal));
            SamplePlan plan = SamplePlan.of(records, positions.held(), positions.next());
            SampleReport report = new PipelineSample(name, target, positions.next(), assembly.clock()).run(kafka, plan);
            samples.add(report);
            SampleFindings findings = new SampleFindings(pipeline, file + ", " + key, report);
            problems.addAll(findings.problems());
            hints.addAll(findings.hints());
        } catch (FirnException failed) {
            add(key, failed);
        }
    }

    private static Ledger ledger(Optional<Table> table) {
        return table.map(LedgerReader::read)
                .map(state ->
                        state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty()))
                .orElse(Ledger.empty());
    }

    /** Of a pipeline with problems no sample is read: what it would be decoded for is not known. */
    private void target(
            String name,
            PipelineConfig pipeline,
            Optional<Table> table,
            Ledger resumed,
            Schema planned,
            Optional<UpsertParts> upsert) {
        table.ifPresent(there -> RenamedPipeline.requireNoBackfill(name, pipeline.claim(), there));
        Ledger ledger = pipeline.claim().applied(name, resumed);
        secondReading(name, pipeline, ledger);
        targets.put(
                name,
                new SampleTarget(
                        table.map(there -> WritableSchema.of(there.schema(), there.spec(), there.name()))
                                .orElse(planned),
                        Assembly.decoding(pipeline, upsert),
                        ledger,
                        table.map(Tables::uuid)));
    }

    /** As a worker does before it begins with a topic. */
    private void secondReading(String name, PipelineConfig pipeline, Ledger ledger) {
        ledger.pipelines().values().stream()
                .flatMap(entries -> entries.keySet().stream())
                .map(SourcePartition::topic)
                .filter(pipeline.topics()::contains)
                .distinct()
                .forEach(topic -> {
                    SortedSet<String> others = pipeline.claim().intruders(name, topic, ledger);
                    if (!others.isEmpty()) {
                        add("pipelines." + name, SecondReading.refused(name, topic, others));
                    }
                });
    }

    private void table(String name, PipelineConfig pipeline, Tables tables) {
        String key = "pipelines." + name;
        if (pipeline.upsert().isPresent()) {
            upsert(name, pipeline, tables);
            return;
        }
        int before = problems.size();
        Optional<TableRequest> request = request(key, pipeline);
        try {
            Optional<Table> table = tables.open(pipeline.table());
            if (table.isPresent()) {
                Stores.reach(table.get(), configuration.catalog());
                writes.table(key + ".table", table.get());
                TableMode.appendRefusal(table.get(), pipeline.table())
                        .ifPresent(refusal -> add(key + ".mode", refusal));
                request.ifPresent(wanted -> {
                    tables.refusals(List.of(wanted), TableRules.NONE)
                            .forEach(refusal -> add(key + keyOf(refusal), refusal));
                    gone(key, wanted, table.get());
                });
                partitioning(key, pipeline, table.get());
                properties(key, pipeline, table.get(), pipeline.table());
            } else if (pipeline.schema().isEmpty()) {
                add(
                        key + ".schema",
                        FirnException.user(
                                "table-missing",
                                "the table does not exist and no schema is configured to create it with",
                                "table " + pipeline.table(),
                                "set schema and, if you like, partition-by, or create the table"));
            } else {
                writes.newTable(pipeline.table());
                request.flatMap(TableRequest::schema).ifPresent(schema -> {
                    try {
                        PartitionText.parse(schema, pipeline.partitionBy());
                    } catch (FirnException wrong) {
                        add(key + ".partition-by", wrong);
                    }
                });
            }
            if (problems.size() == before) {
                Schema planned = request.flatMap(TableRequest::schema)
                        .map(SourceColumns::appendTo)
                        .orElseGet(() -> table.orElseThrow().schema());
                target(name, pipeline, table, ledger(table), planned, Optional.empty());
            }
        } catch (FirnException failed) {
            boolean misnamed =
                    failed.code().equals("table-name-invalid") || failed.code().equals("unsupported-column-type");
            add(misnamed ? key + ".table" : "catalog", failed);
        }
    }

    private void upsert(String name, PipelineConfig pipeline, Tables tables) {
        String key = "pipelines." + name;
        int before = problems.size();
        try {
            UpsertParts parts = UpsertParts.of(pipeline, tables).orElseThrow();
            parts.checkPartitioning();
            Optional<FirnException> otherMode =
                    tables.open(pipeline.table()).flatMap(table -> TableMode.upsertRefusal(table, pipeline.table()));
            if (otherMode.isPresent()) {
                throw otherMode.get();
            }
            UpsertTables.refusals(tables, parts.request()).forEach(refusal -> add(key + keyOf(refusal), refusal));
            for (TableRequest wanted : parts.request().tables()) {
                Optional<Table> table = tables.open(wanted.identifier());
                if (table.isPresent()) {
                    Stores.reach(table.get(), configuration.catalog());
                    writes.table(key + ".table", table.get());
                    gone(key, wanted, table.get());
                    properties(key, pipeline, table.get(), wanted.identifier());
                    if (wanted.identifier().equals(pipeline.table())) {
                        partitioning(key, pipeline, table.get());
                    }
                } else {
                    writes.newTable(wanted.identifier());
                }
            }
            if (problems.size() == before) {
                Optional<Table> staging = tables.open(pipeline.ingestTable());
                target(
                        name,
                        pipeline,
                        staging,
                        UpsertTables.resumedFrom(tables, pipeline.table()),
                        parts.request().layout().staging(),
                        Optional.of(parts));
                Optional<UpsertTables> existing = UpsertTables.existing(tables, parts.request());
                if (existing.isPresent()) {
                    progress.accept("checking what the next merge of " + pipeline.table() + " reads");
                    new MergeCheck(name, existing.get(), parts, assembly.clock())
                            .run()
                            .ifPresent(missing -> unstaged.put(name, missing));
                }
            }
        } catch (FirnException failed) {
            add(key + keyOf(failed), failed);
        }
    }

    /** Where a person has to look. */
    private static String keyOf(FirnException failed) {
        return switch (failed.code()) {
            case "key-invalid", "key-mismatch" -> ".key";
            case "mode-mismatch" -> ".mode";
            case "order-by-invalid" -> ".order-by";
            case "condition-invalid" -> ".delete-when";
            case "table-name-invalid",
                    "table-has-no-ledger",
                    "ledger-lost",
                    "ledger-unclear",
                    "unsupported-column-type",
                    "table-property-unsupported",
                    "table-class-refused",
                    "upsert-table-missing",
                    "upsert-table-foreign",
                    "upsert-table-replaced" -> ".table";
            case "partition-invalid" -> ".partition-by";
            case "schema-invalid", "schema-mismatch", "table-missing" -> ".schema";
            default -> "";
        };
    }

    private Optional<TableRequest> request(String key, PipelineConfig pipeline) {
        try {
            return Optional.of(Assembly.request(pipeline));
        } catch (FirnException wrong) {
            add(key + ".schema", wrong);
            return Optional.empty();
        }
    }

    private void partitioning(String key, PipelineConfig pipeline, Table table) {
        PartitionText.unlike(table, pipeline.partitionBy())
                .ifPresent(what -> hints.add(new ConfigProblem(
                        what, file + ", " + key + ".partition-by, table " + pipeline.table(), "leave it out")));
    }

    private void properties(String key, PipelineConfig pipeline, Table table, String name) {
        TablePropertyRules.hints(table, pipeline.commit().targetFileBytes())
                .forEach(hint -> hints.add(
                        new ConfigProblem(hint.what(), file + ", " + key + ".table, table " + name, hint.action())));
    }

    private void gone(String key, TableRequest wanted, Table table) {
        wanted.schema().ifPresent(schema -> SchemaFit.gone(
                        schema, table.schema(), table.schemas().values())
                .forEach(what -> hints.add(new ConfigProblem(
                        what + "; such fields of records have no column",
                        file + ", " + key + ".schema, table " + wanted.identifier(),
                        "correct the schema or leave it out"))));
    }

    private void add(String key, FirnException failed) {
        String where = file + ", " + key + (failed.where().isEmpty() ? "" : ", " + failed.where());
        problems.add(new ConfigProblem(failed.what(), where, failed.action()));
    }
}
