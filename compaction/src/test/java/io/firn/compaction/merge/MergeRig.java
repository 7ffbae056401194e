package io.firn.compaction.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillCounts;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.RowSettings;
import io.firn.catalog.upsert.SetMember;
import io.firn.catalog.upsert.UpsertKeys;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobResult;
import io.firn.compaction.JobTurn;
import io.firn.compaction.TestLake;
import io.firn.compaction.fold.NaiveFold;
import io.firn.compaction.fold.NaiveFold.Event;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongPredicate;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.GenericParquetWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;

/** The tables of an upsert pipeline over a real catalog and real files, and what ought to be in them. */
final class MergeRig {
    static final String PIPELINE = "orders";
    static final String SCHEMA = "region string, id string not null, event long, version long, op string";

    final Tables catalog;
    private final Catalog lake;
    final UpsertRequest request;
    final Path folder;
    final boolean versioned;
    final List<Event> staged = new ArrayList<>();

    private TableCommitter committer;
    private boolean counts = true;
    private final Map<SourcePartition, Long> next = new HashMap<>();
    private final Map<String, String> recreated = new HashMap<>();
    private final Random random;

    MergeRig(Catalog catalog, Path folder, boolean versioned, List<String> partitioning, int format, Random random) {
        this.lake = catalog;
        this.catalog = new Tables(catalog);
        this.folder = folder;
        this.versioned = versioned;
        this.random = random;
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse(SCHEMA), List.of("id"), versioned ? Optional.of("version") : Optional.empty());
        this.request = new UpsertRequest(
                "shop.t" + UUID.randomUUID().toString().substring(0, 8),
                layout,
                partitioning,
                Map.of("format-version", Integer.toString(format)),
                MissingLedger.REFUSE,
                RowSettings.NONE);
        this.committer = new TableCommitter(open().staging(), random, MissingLedger.REFUSE);
    }

    UpsertTables open() {
        return UpsertTables.openOrCreate(catalog, request);
    }

    MergeSettings settings() {
        return MergeSettings.defaults(folder.resolve("spill"));
    }

    MergeJob job(MergeSettings settings) {
        return new MergeJob(open(), PIPELINE, settings, Clock.systemUTC(), random, JobProgress.NONE);
    }

    /** Merges as the pipeline of this name. */
    JobResult merge(String pipeline) {
        return drive(new MergeJob(open(), pipeline, settings(), Clock.systemUTC(), random, JobProgress.NONE));
    }

    /** Moves the ledger of the staging table, as ingestion does for {@code renamed-from}. */
    void rename(String to) {
        TableCommit move = new TableCommit(
                UUID.randomUUID(),
                to,
                TableCommit.Operation.RENAME,
                List.of(),
                new TreeMap<>(),
                LedgerClaim.renamedFrom(PIPELINE));
        assertThat(committer.attempt(move)).isInstanceOf(CommitOutcome.Committed.class);
    }

    /** Names in the keyed table's ledger. */
    Set<String> mergedPipelines() {
        return LedgerReader.read(open().keyed())
                .fold(present -> present.ledger().pipelines().keySet(), fresh -> Set.of(), unknown -> Set.of());
    }

    JobResult merge() {
        return drive(job(settings()));
    }

    JobResult merge(MergeSettings settings) {
        return drive(job(settings));
    }

    static JobResult drive(MergeJob job) {
        while (true) {
            JobTurn turn = job.turn();
            if (turn instanceof JobTurn.Ended) {
                return ((JobTurn.Ended) turn).result();
            }
        }
    }

    static Event event(long id, String key, int partition, long offset, long timestamp) {
        return new Event(id, key, "orders", partition, offset, timestamp, Optional.empty(), false);
    }

    static Event delete(long id, String key, int partition, long offset, long timestamp) {
        return new Event(id, key, "orders", partition, offset, timestamp, Optional.empty(), true);
    }

    /** Appends records as ingestion would: with the ledger, one commit. */
    void stage(Event... events) {
        stage(List.of(events), 1);
    }

    /** What is staged of the topic from now on is of another one of that name. */
    void recreate(String topic, String id) {
        recreated.put(topic, id);
    }

    private SourcePartition source(Event event) {
        String id = recreated.get(event.topic());
        return id == null ? partition(event) : new SourcePartition(event.topic(), id, event.partition());
    }

    void stage(Collection<Event> events, int files) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        TreeMap<SourcePartition, Long> ends = new TreeMap<>();
        events.forEach(event -> ends.merge(source(event), event.offset() + 1, Math::max));
        ends.forEach((partition, end) -> {
            if (!next.containsKey(partition)) {
                Optional<String> before = partition.topicId().equals(recreated.get(partition.topic()))
                        ? Optional.of("id-of-" + partition.topic())
                        : Optional.empty();
                steps.put(partition, PartitionStep.start(0, before));
            }
        });
        if (!steps.isEmpty()) {
            commit(List.of(), steps);
            steps.keySet().forEach(partition -> next.put(partition, 0L));
            steps.clear();
        }
        ends.forEach((partition, end) -> {
            long from = next.getOrDefault(partition, 0L);
            long rows = events.stream()
                    .filter(event -> source(event).equals(partition) && event.offset() >= from)
                    .count();
            steps.put(
                    partition,
                    PartitionStep.advance(new OffsetRange(from, end), OptionalLong.empty())
                            .with(counts ? StepRows.added(rows) : StepRows.NOT_COUNTED));
            next.put(partition, end);
        });
        List<DataFile> written = new ArrayList<>();
        List<Event> all = List.copyOf(events);
        for (int file = 0; file < files; file++) {
            written.add(write(all.subList(all.size() * file / files, all.size() * (file + 1) / files)));
        }
        commit(written, steps);
        staged.addAll(events);
    }

    /** What is staged from now on is staged as by a Firn that did not count rows. */
    void countsNothing() {
        counts = false;
    }

    /** Staging is dropped, and a start of an older Firn made an empty one. */
    void createStagingAgain() {
        forgetSet();
        lake.dropTable(TableIdentifier.parse(UpsertTables.stagingName(request.identifier())));
        var unused = catalog.openOrCreate(request.tables().get(SetMember.STAGING.ordinal()));
        committer = new TableCommitter(open().staging(), random, MissingLedger.REFUSE);
        next.putAll(starts());
    }

    /** As {@link #createStagingAgain()}, with a ledger that begins there, as an older Firn wrote it. */
    void createStagingAgain(long start) {
        Table staging = open().staging();
        forgetSet();
        staging.refresh();
        Schema schema = staging.schema();
        PartitionSpec spec = staging.spec();
        TableIdentifier name = TableIdentifier.parse(UpsertTables.stagingName(request.identifier()));
        Map<String, String> properties = new HashMap<>(staging.properties());
        properties.keySet().removeIf(key -> key.startsWith(LedgerKeys.OFFSETS));
        lake.dropTable(name);
        Table bare = lake.createTable(name, schema, spec, properties);
        committer = new TableCommitter(bare, random, MissingLedger.REFUSE);
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        next.replaceAll((partition, offset) -> {
            steps.put(partition, PartitionStep.start(start));
            return start;
        });
        commit(List.of(), steps);
    }

    /** The tables are as an older Firn made them, which name nobody. */
    private void forgetSet() {
        UpsertTables tables = open();
        for (Table table : List.of(tables.staging(), tables.keyed(), tables.deletes())) {
            table.refresh();
            table.updateProperties()
                    .remove(UpsertKeys.TABLES)
                    .remove(UpsertKeys.BEGUN)
                    .commit();
        }
    }

    private Map<SourcePartition, Long> starts() {
        Map<SourcePartition, Long> starts = new HashMap<>();
        TestLake.ledger(open().staging())
                .partitions(PIPELINE)
                .forEach((partition, entry) -> starts.put(partition, entry.next()));
        return starts;
    }

    /** Another engine deletes rows of staging. */
    void removeStaged(LongPredicate gone) {
        Table staging = open().staging();
        OverwriteFiles overwrite = staging.newOverwrite();
        List<Record> left = new ArrayList<>();
        try (CloseableIterable<Record> records = IcebergGenerics.read(staging).build();
                CloseableIterable<FileScanTask> tasks = staging.newScan().planFiles()) {
            records.forEach(row -> {
                if (!gone.test((Long) row.getField("_source_offset"))) {
                    left.add(row);
                }
            });
            tasks.forEach(task -> overwrite.deleteFile(task.file()));
            DataWriter<Record> writer = writer(staging);
            try (writer) {
                left.forEach(writer::write);
            }
            if (!left.isEmpty()) {
                overwrite.addFile(writer.toDataFile());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        overwrite.commit();
    }

    private void commit(List<DataFile> files, TreeMap<SourcePartition, PartitionStep> steps) {
        TableCommit commit = new TableCommit(UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, files, steps);
        CommitOutcome outcome = committer.attempt(commit);
        assertThat(outcome).isInstanceOf(CommitOutcome.Committed.class);
    }

    /** The same records once more, as after a rollback or by another hand. */
    void replay(Collection<Event> events) {
        Table staging = open().staging();
        staging.newAppend().appendFile(write(List.copyOf(events))).commit();
    }

    /**
     * What a backfill leaves behind: the rows of a span are others now, and the table says so.
     *
     * @param decoded what the rows of the span are from now on
     */
    BackfillState restage(
            BackfillMode mode, SourcePartition partition, OffsetRange span, List<Event> decoded, Phase phase) {
        Table staging = open().staging();
        overwrite(staging, partition, span, decoded);
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>(Map.of(partition.partition(), span));
        BackfillTask task = new BackfillTask(
                PIPELINE, partition.topic(), partition.topicId(), mode, spans, 1_000, List.of(), "", Instant.EPOCH);
        Backfills backfills = new Backfills(staging, random, Clock.systemUTC());
        BackfillState accepted = backfills.accept(task);
        UUID commit = new UUID(random.nextLong(), random.nextLong());
        Change change = new Change(commit, "", Instant.EPOCH);
        BackfillState over = accepted.after(
                        Map.of(partition.partition(), span.end()), BackfillCounts.NONE, commit, change)
                .with(new Standing(phase, Optional.empty()), change);
        assertThat(backfills.replace(accepted, over)).isTrue();
        return over;
    }

    private void overwrite(Table staging, SourcePartition partition, OffsetRange span, List<Event> decoded) {
        List<Record> rows = new ArrayList<>();
        OverwriteFiles overwrite = staging.newOverwrite();
        try (CloseableIterable<Record> records = IcebergGenerics.read(staging).build();
                CloseableIterable<FileScanTask> tasks = staging.newScan().planFiles()) {
            for (Record row : records) {
                long offset = (Long) row.getField("_source_offset");
                boolean leaves = row.getField("_source_topic").equals(partition.topic())
                        && row.getField("_source_partition").equals(partition.partition())
                        && offset >= span.start()
                        && offset < span.end();
                if (!leaves) {
                    rows.add(row);
                }
            }
            tasks.forEach(task -> overwrite.deleteFile(task.file()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        GenericRecord empty = GenericRecord.create(staging.schema());
        decoded.forEach(event -> rows.add(record(empty.copy(), event)));
        DataWriter<Record> writer = writer(staging);
        try (writer) {
            rows.forEach(writer::write);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        overwrite.addFile(writer.toDataFile()).commit();
        staged.removeIf(event ->
                partition(event).equals(partition) && event.offset() >= span.start() && event.offset() < span.end());
        staged.addAll(decoded);
    }

    DataFile write(List<Event> events) {
        Table staging = open().staging();
        DataWriter<Record> writer = writer(staging);
        GenericRecord empty = GenericRecord.create(staging.schema());
        try (writer) {
            for (Event event : events) {
                Record row = record(empty.copy(), event);
                row.setField("_source_topic_id", recreated.get(event.topic()));
                writer.write(row);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return writer.toDataFile();
    }

    static DataWriter<Record> writer(Table table) {
        try {
            return Parquet.writeData(OutputFileFactory.builderFor(table, 0, 0)
                            .format(FileFormat.PARQUET)
                            .build()
                            .newOutputFile())
                    .forTable(table)
                    .withSpec(table.spec())
                    .createWriterFunc(GenericParquetWriter::create)
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every other delete is a tombstone, the rest carry a delete mark. */
    private static Record record(Record record, Event event) {
        record.setField("id", event.key());
        record.setField("_source_topic", event.topic());
        record.setField("_source_partition", event.partition());
        record.setField("_source_offset", event.offset());
        record.setField(
                "_source_timestamp",
                event.timestamp() == Event.NO_TIMESTAMP
                        ? null
                        : Instant.ofEpochSecond(event.timestamp()).atOffset(ZoneOffset.UTC));
        boolean tombstone = isTombstone(event);
        record.setField("_source_tombstone", tombstone);
        if (!tombstone) {
            record.setField("region", "r" + event.id() % 3);
            record.setField("event", event.id());
            record.setField("version", event.version().orElse(null));
            record.setField("op", event.deletes() ? "d" : "u");
        }
        return record;
    }

    /** A tombstone has no version, so it is one only where the version is null anyway. */
    private static boolean isTombstone(Event event) {
        return event.deletes() && event.id() % 2 == 0 && event.version().isEmpty();
    }

    /** Key to event, of all rows; a key with two rows fails. */
    Map<String, Long> rows() {
        Map<String, Long> rows = new TreeMap<>();
        try (CloseableIterable<Record> records =
                IcebergGenerics.read(open().keyed()).build()) {
            for (Record row : records) {
                Long twice = rows.put((String) row.getField("id"), (Long) row.getField("event"));
                assertThat(twice).as("row of " + row.getField("id")).isNull();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    /** What the rows ought to be with those records merged. */
    Map<String, Long> expected(Collection<Event> merged) {
        Map<String, Long> expected = new TreeMap<>();
        NaiveFold.winners(List.copyOf(merged), versioned).forEach((key, winner) -> {
            if (!winner.deletes()) {
                expected.put(key, winner.id());
            }
        });
        return expected;
    }

    void requireMerged(Collection<Event> merged) {
        assertThat(rows()).isEqualTo(expected(merged));
    }

    static SourcePartition partition(Event event) {
        return new SourcePartition(event.topic(), "id-of-" + event.topic(), event.partition());
    }
}
