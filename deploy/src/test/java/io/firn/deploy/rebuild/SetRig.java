package io.firn.deploy.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.catalog.upsert.SetMember;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Budget;
import io.firn.compaction.Job;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.deploy.Assembly;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.JobRun;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.rebuild.Rebuild.Result;
import io.firn.deploy.rebuild.RebuildPlanner.Existing;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.backfill.BackfillJob;
import io.firn.ingest.backfill.BackfillSettings;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/** An upsert pipeline over real tables and a topic in memory: ingestion, merges, backfills and rebuilds of its set. */
final class SetRig {
    static final String PIPELINE = "orders";
    private static final long CHUNK = 40;
    private static final int MAX_STEPS = 100;

    final MemoryTopic topic = new MemoryTopic();
    final String table;
    final Catalog catalog;
    private final Random random;
    private final Assembly assembly;
    private final Path directory;
    private final Path file;
    private long value;

    SetRig(Catalog catalog, String table, Path directory, Random random) {
        this.catalog = catalog;
        this.table = table;
        this.directory = directory;
        this.random = random;
        this.assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(random.nextLong()), name -> null);
        this.file = directory.resolve(table + ".yaml");
        partitionBy("bucket(2, id)");
        var unused = open();
    }

    /** The configuration asks for this partitioning from now on. */
    void partitionBy(String transform) {
        try {
            Files.writeString(file, """
                    kafka: {bootstrap.servers: 'broker:9092'}
                    catalog: {type: rest}
                    pipelines:
                      orders:
                        topics: [orders]
                        table: %s
                        schema: "id long not null, n long"
                        mode: upsert
                        key: [id]
                        partition-by: ['%s']
                        merge: {rows: 25, memory: 16MB}
                    """.formatted(table, transform));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Configuration configuration() {
        return assembly.configuration(file);
    }

    PipelineConfig pipeline() {
        return Objects.requireNonNull(configuration().pipelines().get(PIPELINE));
    }

    UpsertTables open() {
        return UpsertTables.openOrCreate(
                new Tables(catalog),
                UpsertParts.of(pipeline(), new Tables(catalog)).orElseThrow().request());
    }

    Table table(SetMember member) {
        return new Tables(catalog).open(member.tableName(table)).orElseThrow();
    }

    void drop(SetMember member) {
        catalog.dropTable(TableIdentifier.parse(member.tableName(table)), false);
    }

    /** Records of random keys in random partitions, every fifth a tombstone. */
    void send(int count, int keys) {
        for (int i = 0; i < count; i++) {
            topic.send(
                    random.nextInt(keys),
                    random.nextInt(MemoryTopic.PARTITIONS),
                    random.nextInt(5) == 0 ? OptionalLong.empty() : OptionalLong.of(++value));
        }
    }

    /** Appends what the topic has above staging's ledger, as ingestion does. */
    void ingest() {
        Table staging = table(SetMember.STAGING);
        BatchWriter writer = writer(catalog, staging);
        TableCommitter committer = new TableCommitter(staging, random, MissingLedger.REFUSE);
        Ledger ledger = ledger(staging);
        TreeMap<SourcePartition, PartitionStep> starts = new TreeMap<>();
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (int number = 0; number < MemoryTopic.PARTITIONS; number++) {
            SourcePartition partition = MemoryTopic.partition(number);
            OptionalLong next = ledger.next(PIPELINE, partition);
            if (next.isEmpty()) {
                starts.put(partition, PartitionStep.start(0));
            }
            OffsetRange range = new OffsetRange(next.orElse(0), topic.end(number));
            List<MemoryTopic.Sent> records = topic.held(number, range);
            records.forEach(record -> MemoryTopic.deliver(record, (of, at, time, bytes, start, length, key) -> {
                var unused = writer.write(of, at, time, bytes, start, length, key);
            }));
            steps.put(
                    partition,
                    PartitionStep.advance(range, OptionalLong.empty()).with(StepRows.added(records.size())));
        }
        if (!starts.isEmpty()) {
            commit(committer, List.of(), starts);
        }
        commit(committer, writer.seal().files(), steps);
    }

    private static void commit(
            TableCommitter committer,
            List<org.apache.iceberg.DataFile> files,
            TreeMap<SourcePartition, PartitionStep> steps) {
        CommitOutcome outcome = committer.attempt(
                new TableCommit(UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, files, steps));
        assertThat(outcome).isInstanceOf(CommitOutcome.Committed.class);
    }

    private BatchWriter writer(Catalog of, Table staging) {
        return RowBatchWriter.create(
                staging,
                Assembly.decoding(pipeline(), UpsertParts.of(pipeline(), new Tables(of))),
                WriteSettings.defaults(UUID.randomUUID()));
    }

    private Job mergeJob(Catalog of, Path scratch) {
        return assembly.jobs(configuration(), of)
                .merge(
                        MaintainedTable.named(table, configuration().pipelines())
                                .orElseThrow(),
                        Budget.UNLIMITED,
                        List.of(),
                        JobProgress.NONE,
                        scratch);
    }

    JobResult merge() {
        try {
            Path scratch = Files.createTempDirectory(directory, "merge");
            return JobRun.toItsEnd(mergeJob(catalog, scratch), () -> false, (millis, reason) -> {});
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As staging retention leaves it, once all is merged: no row. */
    void forgetStaged() {
        table(SetMember.STAGING)
                .newDelete()
                .deleteFromRowFilter(Expressions.alwaysTrue())
                .commit();
    }

    /** A backfill of mode missing, to its end; then the merge. */
    void replay(OffsetRange span) {
        Table staging = table(SetMember.STAGING);
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>();
        for (int number = 0; number < MemoryTopic.PARTITIONS; number++) {
            OffsetRange part = new OffsetRange(span.start(), Math.min(span.end(), topic.end(number)));
            if (!part.isEmpty()) {
                spans.put(number, part);
            }
        }
        Backfills backfills = new Backfills(staging, random, Clock.systemUTC());
        BackfillState state = backfills.accept(new BackfillTask(
                PIPELINE,
                MemoryTopic.NAME,
                MemoryTopic.ID,
                BackfillMode.MISSING,
                spans,
                CHUNK,
                List.of(),
                "",
                Clock.systemUTC().instant()));
        BackfillJob job = new BackfillJob(
                state.id(),
                staging,
                topic.source(),
                () -> writer(catalog, staging),
                BackfillSettings.defaults("replay"),
                Clock.systemUTC(),
                random);
        while (!job.turn().ended()) {
            assertThat(job).isNotNull();
        }
        var unused = merge();
    }

    RebuildPlan plan(SetMember member, Existing existing) {
        return new RebuildPlanner(parts(catalog), member).plan(existing);
    }

    /** Rebuilds to the end. */
    Result rebuild(SetMember member, Existing existing, AcceptedSpan... accepted) {
        return rebuild(catalog, () -> false, member, existing, accepted);
    }

    /**
     * @param of through which the rebuild sees the tables
     * @param killed whether it has to end
     */
    Result rebuild(Catalog of, BooleanSupplier killed, SetMember member, Existing existing, AcceptedSpan... accepted) {
        String owner = "rebuild " + random.nextInt();
        RebuildParts parts = parts(of);
        RebuildPlan plan = new RebuildPlanner(parts, member).plan(existing);
        BackfillSettings settings =
                BackfillSettings.defaults(owner).withChunkRecords(CHUNK).withGone(gone -> !gone.equals(owner));
        try {
            return new Rebuild(parts, plan, List.of(accepted), settings, Clock.systemUTC(), random)
                    .run(new Rebuild.Driver() {
                        private int lines;

                        @Override
                        public boolean isStopping() {
                            return killed.getAsBoolean();
                        }

                        @Override
                        public void await(Duration time) {}

                        @Override
                        public void progress(String line) {
                            lines += line.startsWith("reads") ? 0 : 1;
                            assertThat(lines).as("steps until %s", line).isLessThan(MAX_STEPS);
                        }
                    });
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private RebuildParts parts(Catalog of) {
        return new RebuildParts() {
            @Override
            public String pipeline() {
                return PIPELINE;
            }

            @Override
            public Tables tables() {
                return new Tables(of);
            }

            @Override
            public UpsertRequest request() {
                return UpsertParts.of(SetRig.this.pipeline(), tables())
                        .orElseThrow()
                        .request();
            }

            @Override
            public SpanSource kafka() {
                return topic.source();
            }

            @Override
            public BatchWriter writer(Table staging) {
                return SetRig.this.writer(of, staging);
            }

            @Override
            public Job merge(Path scratch) {
                return mergeJob(of, scratch);
            }

            @Override
            public void close() {}
        };
    }

    /** Value by key, of all rows of the keyed table. */
    SortedMap<Long, Long> rows() {
        TreeMap<Long, Long> rows = new TreeMap<>();
        try (CloseableIterable<Record> all =
                IcebergGenerics.read(table(SetMember.KEYED)).build()) {
            for (Record row : all) {
                assertThat(rows.put((Long) row.getField("id"), (Long) row.getField("n")))
                        .as("key %s twice", row.getField("id"))
                        .isNull();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    /** Keys in the deletes table. */
    List<Long> knownDeletes() {
        List<Long> keys = new ArrayList<>();
        try (CloseableIterable<Record> all =
                IcebergGenerics.read(table(SetMember.DELETES)).build()) {
            all.forEach(row -> keys.add((Long) row.getField("id")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return keys.stream().distinct().sorted().toList();
    }

    static Ledger ledger(Table table) {
        return LedgerReader.read(table)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }

    Map<Integer, PartitionEntry> merged() {
        Map<Integer, PartitionEntry> merged = new TreeMap<>();
        ledger(table(SetMember.KEYED))
                .partitions(PIPELINE)
                .forEach((partition, entry) -> merged.put(partition.partition(), entry));
        return merged;
    }

    /** Returns what is merged of a partition. */
    PartitionEntry merged(int partition) {
        return entry(table(SetMember.KEYED), partition);
    }

    /** Returns the pipeline's entry of a partition in a table's ledger. */
    static PartitionEntry entry(Table table, int partition) {
        return Objects.requireNonNull(ledger(table).partitions(PIPELINE).get(MemoryTopic.partition(partition)));
    }

    Optional<FirnException> refusal() {
        try {
            var unused = open();
            return Optional.empty();
        } catch (FirnException refusal) {
            return Optional.of(refusal);
        }
    }
}
