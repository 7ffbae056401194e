package io.firn.deploy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitTurn;
import io.firn.catalog.commit.CommitTurns;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.catalog.schema.PartitionText;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.schema.TablePropertyRules;
import io.firn.catalog.upsert.TableMode;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.backfill.BackfillDesk;
import io.firn.deploy.backfill.BackfillDriver;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.backfill.BackfillLoop;
import io.firn.deploy.backfill.BackfillParts;
import io.firn.deploy.backfill.ServiceBackfills;
import io.firn.deploy.config.ConfigFile;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.DecodeConfig;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.JobFactory;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.MaintenanceLoop;
import io.firn.deploy.output.Secrets;
import io.firn.deploy.rebuild.PipelineRebuild;
import io.firn.deploy.rebuild.RebuildParts;
import io.firn.ingest.ConfiguredColumns;
import io.firn.ingest.PipelineListener;
import io.firn.ingest.PipelineRunner;
import io.firn.ingest.PipelineSettings;
import io.firn.ingest.PipelineTable;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.TableVersionListener;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.poll.ReaderIdentity;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.write.WriteSettings;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The only place that builds services. */
public final class Assembly {
    /** Of the memory of a process: what fetched records may hold. The rest is for open files. */
    private static final int FETCH_SHARE = 4;

    /** Of the memory of a process: what backfills have, which run one at a time. */
    private static final int BACKFILL_SHARE = 8;

    /** Below this a Parquet writer closes its files after every few rows. */
    private static final long MIN_WRITER_BYTES = 1L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Assembly.class);

    private final Clock clock;
    private final Clock steady;
    private final Supplier<? extends RandomGenerator> randoms;
    private final Function<String, @Nullable String> environment;
    private final Committers committers;
    private final CommitTurns turns;
    private final Secrets secrets = new Secrets();

    /** Makes what commits to a pipeline's table. */
    @FunctionalInterface
    interface Committers {
        CommitAttempts to(Table table, RandomGenerator random, MissingLedger missingLedger, CommitTurn turn);
    }

    /**
     * @param randoms a new source of randomness for each who needs one
     * @param environment the value of an environment variable, null where it is not set
     */
    public Assembly(
            Clock clock, Supplier<? extends RandomGenerator> randoms, Function<String, @Nullable String> environment) {
        this(clock, randoms, environment, TableCommitter::new);
    }

    /** With commits of others' making: what the guarantee costs is measured so. */
    Assembly(
            Clock clock,
            Supplier<? extends RandomGenerator> randoms,
            Function<String, @Nullable String> environment,
            Committers committers) {
        this.committers = committers;
        this.clock = clock;
        this.steady = SteadyClock.from(clock, System::nanoTime);
        this.turns = new CommitTurns(steady);
        this.randoms = randoms;
        this.environment = environment;
        secrets.maskInLog();
    }

    /** What the configurations that were read have from files and the environment: masked in all output. */
    public Secrets secrets() {
        return secrets;
    }

    public Clock clock() {
        return clock;
    }

    /** An environment variable, where it is set. */
    public Optional<String> variable(String name) {
        return Optional.ofNullable(environment.apply(name));
    }

    public Configuration configuration(Path file) {
        return new ConfigFile(environment, secrets).read(file);
    }

    /** The caller closes it, where it is closeable. */
    public Catalog catalog(Configuration configuration) {
        return Catalogs.open(configuration.catalog());
    }

    /** As {@link #catalog}, for a service that starts while the catalog is away. */
    Catalog lazyCatalog(Configuration configuration) {
        return Catalogs.openLazily(configuration.catalog());
    }

    /** What is asked of a pipeline's table. */
    public static TableRequest request(PipelineConfig pipeline) {
        return new TableRequest(
                pipeline.table(),
                pipeline.schema().map(SchemaText::parse),
                pipeline.partitionBy(),
                Map.of(),
                pipeline.sourceColumns() == PipelineConfig.SourceColumns.ADD
                        ? SourceColumns.Policy.ADD
                        : SourceColumns.Policy.PRESENT,
                pipeline.adopt() ? MissingLedger.ADOPT : MissingLedger.REFUSE);
    }

    /**
     * Supervisors of all pipelines of the configuration, not started yet; each creates its pipeline's tables if they do
     * not exist.
     *
     * @param instance name of this process in the consumer groups; empty for none
     */
    List<PipelineSupervisor> supervisors(
            Configuration configuration,
            Catalog catalog,
            Optional<String> instance,
            PipelineListener listener,
            Service.OnPipelineFailure onFailure) {
        List<PipelineSupervisor> supervisors = new ArrayList<>();
        configuration.pipelines().forEach((name, pipeline) -> {
            PipelineHealth health = new PipelineHealth(clock);
            supervisors.add(new PipelineSupervisor(
                    name,
                    () -> pipeline(name, pipeline, configuration, catalog, instance, listener, health),
                    health,
                    new PipelineRunner.Times(steady, clock),
                    onFailure));
        });
        return supervisors;
    }

    /** Merges and maintenance of all tables of the configuration; nothing runs yet. */
    public MaintenanceLoop maintenance(
            Configuration configuration, Catalog catalog, JobFactory jobs, PipelineStates states) {
        return new MaintenanceLoop(configuration.pipelines(), catalog, jobs, states, steady, randoms);
    }

    /** Backfills of all pipelines of the configuration; nothing runs yet. */
    public ServiceBackfills backfills(Configuration configuration, Catalog catalog, PipelineStates states) {
        Parts parts = new Parts(configuration, catalog, turns);
        BackfillFigures figures = new BackfillFigures();
        BackfillDriver driver =
                new BackfillDriver(new BackfillLoop(configuration.pipelines(), parts, states, figures, clock, randoms));
        return new ServiceBackfills(
                new BackfillDesk(configuration.pipelines(), parts, clock, randoms, driver::wakeUp), driver, figures);
    }

    /** What backfills are made of: as ingestion of the same pipeline, with memory of their own. */
    private record Parts(Configuration configuration, Catalog catalog, CommitTurns turns) implements BackfillParts {
        @Override
        public Table table(PipelineConfig pipeline) {
            return new Tables(catalog, pipeline.classes())
                    .open(pipeline.ingestTable())
                    .orElseThrow(() -> FirnException.user(
                            "table-missing",
                            "the table does not exist",
                            "table " + pipeline.ingestTable(),
                            "run its pipeline first"));
        }

        @Override
        public CommitTurn turn(Table table) {
            return turns.of(table.name());
        }

        @Override
        public KafkaSources sources(String name, PipelineConfig pipeline) {
            return KafkaSources.withoutGroup(
                    name, pipeline.topics(), new HashMap<>(configuration.kafka()), memory() / FETCH_SHARE);
        }

        @Override
        public BatchWriter writer(PipelineConfig pipeline, Table table) {
            table.refresh();
            return RowBatchWriter.create(
                    table,
                    decoding(pipeline, UpsertParts.of(pipeline, new Tables(catalog, pipeline.classes()))),
                    WriteSettings.defaults(UUID.randomUUID())
                            .withTargetFileBytes(pipeline.commit().targetFileBytes())
                            .withMemoryBytes(Math.max(MIN_WRITER_BYTES, memory() - memory() / FETCH_SHARE)));
        }

        private long memory() {
            return configuration.memoryBytes() / BACKFILL_SHARE;
        }
    }

    /** Jobs of single tables, for those who run them by hand. */
    public JobFactory jobs(Configuration configuration, Catalog catalog) {
        return new JobFactory(
                catalog,
                clock,
                randoms,
                turns,
                Optional.ofNullable(configuration.catalog().get(CatalogProperties.WAREHOUSE_LOCATION)));
    }

    /**
     * Returns what a table of an upsert pipeline is rebuilt with; the caller closes it.
     *
     * @param keyed the pipeline's keyed table
     */
    public RebuildParts rebuild(Configuration configuration, Catalog catalog, MaintainedTable keyed) {
        return new PipelineRebuild(
                keyed, catalog, new Parts(configuration, catalog, turns), jobs(configuration, catalog));
    }

    private PipelineRunner pipeline(
            String name,
            PipelineConfig pipeline,
            Configuration configuration,
            Catalog catalog,
            Optional<String> instance,
            PipelineListener listener,
            PipelineHealth health) {
        Map<String, String> kafka = configuration.kafka();
        long memoryBytes = pipelineBytes(configuration);
        TableRequest request = request(pipeline);
        Tables tables = new Tables(catalog, pipeline.classes());
        Optional<UpsertParts> upsert = UpsertParts.of(pipeline, tables);
        long fetchBytes = memoryBytes / FETCH_SHARE;
        DecodeSettings decoding = decoding(pipeline, upsert);
        requireTopicsOfNewTables(name, pipeline, kafka, tables, fetchBytes);
        Optional<UpsertTables> opened = upsert.map(parts -> parts.open(tables));
        Table table = opened.map(UpsertTables::staging).orElseGet(() -> appended(tables, request));
        RenamedPipeline.requireNoBackfill(name, pipeline.claim(), table);
        logSettingsWithoutEffect(name, pipeline, opened.map(UpsertTables::keyed).orElse(table));
        long fileBytes = memoryBytes - fetchBytes;
        PipelineSettings settings = new PipelineSettings(
                name,
                pipeline.topics(),
                pipeline.workers(),
                pipeline.commit().interval(),
                pipeline.commit().targetFileBytes(),
                fileBytes,
                PipelineSettings.DEFAULT_HEARTBEAT_INTERVAL,
                pipeline.start(),
                pipeline.onGap(),
                pipeline.claim());
        long writerBytes = Math.max(MIN_WRITER_BYTES, fileBytes / pipeline.workers());
        CommitAttempts commits = committers.to(table, randoms.get(), request.missingLedger(), turns.of(table.name()));
        TableVersionListener columns = request.schema()
                .<TableVersionListener>map(schema -> new ConfiguredColumns(name, schema, health))
                .orElse(TableVersionListener.NONE);
        PipelineTable target = new PipelineTable(
                commits,
                () -> RowBatchWriter.following(
                        commits::latest,
                        decoding,
                        () -> WriteSettings.defaults(UUID.randomUUID())
                                .withTargetFileBytes(pipeline.commit().targetFileBytes())
                                .withMemoryBytes(writerBytes),
                        columns),
                files -> UncommittedFiles.delete(
                        table.io(), files.stream().map(file -> file.location()).toList(), "unused data files"));
        KafkaSources sources = new KafkaSources(
                new ReaderIdentity(name, Tables.uuid(table), instance),
                pipeline.topics(),
                new HashMap<>(kafka),
                fetchBytes,
                pipeline.workers(),
                health);
        return new PipelineRunner(
                settings, sources, target, new PipelineRunner.Times(steady, clock), randoms.get(), listener, health);
    }

    private static void logSettingsWithoutEffect(String name, PipelineConfig pipeline, Table table) {
        PartitionText.unlike(table, pipeline.partitionBy())
                .ifPresent(what -> LOG.warn("pipeline {}, table {}: {}", name, pipeline.table(), what));
        TablePropertyRules.hints(table, pipeline.commit().targetFileBytes())
                .forEach(hint -> LOG.warn("pipeline {}, table {}: {}", name, pipeline.table(), hint.what()));
    }

    /** A table is created last: with a wrong schema it would stand in the way of the corrected one. */
    private static void requireTopicsOfNewTables(
            String name, PipelineConfig pipeline, Map<String, String> kafka, Tables tables, long fetchBytes) {
        if (pipeline.tables().stream().allMatch(table -> tables.open(table).isPresent())) {
            return;
        }
        try (KafkaSources sources =
                KafkaSources.withoutGroup(name, pipeline.topics(), new HashMap<>(kafka), fetchBytes)) {
            sources.partitions();
        }
    }

    private static Table appended(Tables tables, TableRequest request) {
        tables.open(request.identifier())
                .flatMap(table -> TableMode.appendRefusal(table, request.identifier()))
                .ifPresent(refusal -> {
                    throw refusal;
                });
        return tables.openOrCreate(request);
    }

    /** Returns how the pipeline's records become rows of the table that they are ingested to. */
    public static DecodeSettings decoding(PipelineConfig pipeline, Optional<UpsertParts> upsert) {
        DecodeSettings plain = decoding(pipeline.decode());
        return upsert.map(parts -> plain.withTombstones(parts.tombstones())).orElse(plain);
    }

    /** Returns the memory that one worker of a pipeline has for fetched records. */
    public static long fetchBytesPerWorker(Configuration configuration, PipelineConfig pipeline) {
        return pipelineBytes(configuration) / FETCH_SHARE / pipeline.workers();
    }

    private static long pipelineBytes(Configuration configuration) {
        long ingestion = configuration.memoryBytes() - configuration.memoryBytes() / BACKFILL_SHARE;
        return ingestion / configuration.pipelines().size();
    }

    /** Returns Kafka for one pipeline, for reading beside its consumer group; the caller closes it. */
    public static KafkaSources sources(String name, PipelineConfig pipeline, Configuration configuration) {
        return KafkaSources.withoutGroup(
                name,
                pipeline.topics(),
                new HashMap<>(configuration.kafka()),
                fetchBytesPerWorker(configuration, pipeline));
    }

    private static DecodeSettings decoding(DecodeConfig config) {
        DecodeSettings settings = DecodeSettings.defaults()
                .withValues(
                        DecodeSettings.Values.valueOf(config.valuesInErrors().name()))
                .withOnUnknownField(DecodeSettings.OnUnknownField.valueOf(
                        config.onUnknownField().name()));
        if (config.timestampUnit().isPresent()) {
            settings = settings.withEpochUnit(DecodeSettings.EpochUnit.valueOf(
                    config.timestampUnit().get().name()));
        }
        if (config.onNullValue().isPresent()) {
            settings = settings.withOnNullValue(DecodeSettings.OnNullValue.valueOf(
                    config.onNullValue().get().name()));
        }
        return settings;
    }
}
