package io.firn.ingest.backfill;

import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.ingest.RowBatchWriter;
import io.firn.ingest.decode.DecodeSettings;
import io.firn.ingest.decode.Tombstones;
import io.firn.ingest.write.WriteSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.types.Types;

/** A table that was ingested from a log, and what a test does to both. */
final class BackfillRig {
    static final String PIPELINE = "orders";
    static final String TOPIC = "orders";
    static final String NAME = "shop.orders";
    static final SourcePartition P0 = new SourcePartition(TOPIC, "AAAAAAAAAAAAAAAAAAAAAA", 0);
    static final SourcePartition P1 = new SourcePartition(TOPIC, "AAAAAAAAAAAAAAAAAAAAAA", 1);
    private static final List<SourcePartition> BOTH = List.of(P0, P1);

    final InMemoryTables tables = new InMemoryTables();
    final LogInMemory log = new LogInMemory();
    final Random random;
    final TickingClock clock = new TickingClock();

    private final DecodeSettings decoding;

    BackfillRig(int format, long seed) {
        this(
                format,
                seed,
                SourceColumns.appendTo(new Schema(
                        Types.NestedField.optional(1, "id", Types.LongType.get()),
                        Types.NestedField.required(2, "note", Types.StringType.get()))),
                DecodeSettings.defaults());
    }

    /** One of which the table is a keyed one's staging table: a record without a value deletes its key. */
    static BackfillRig ofStaging(int format, long seed) {
        UpsertLayout layout =
                new UpsertLayout(SchemaText.parse("id long not null, note string"), List.of("id"), Optional.empty());
        return new BackfillRig(
                format,
                seed,
                layout.staging(),
                DecodeSettings.defaults()
                        .withTombstones(new Tombstones(List.of("id"), Tombstones.KeyFormat.JSON, Set.of())));
    }

    private BackfillRig(int format, long seed, Schema schema, DecodeSettings decoding) {
        random = new Random(seed);
        this.decoding = decoding;
        tables.create(
                NAME,
                schema,
                PartitionSpec.unpartitioned(),
                Map.of("format-version", Integer.toString(format), "commit.retry.num-retries", "0"));
        BOTH.forEach(log::create);
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        BOTH.forEach(partition -> steps.put(
                partition,
                new PartitionStep(
                        OptionalLong.empty(),
                        new OffsetRange(0, 0),
                        OptionalLong.empty(),
                        List.of(),
                        new TreeMap<>())));
        commit(List.of(), steps);
    }

    Table open() {
        return tables.open(NAME);
    }

    /** Records whose note says {@code old}, by turns for both partitions, some offsets left out. */
    void produce(int records, String note) {
        for (int i = 0; i < records; i++) {
            SourcePartition partition = BOTH.get(random.nextInt(BOTH.size()));
            if (random.nextInt(10) == 0) {
                log.skip(partition);
            } else {
                log.put(partition, "{\"id\":" + i + ",\"note\":\"" + note + "\"}");
            }
        }
    }

    /** A record without a value for each partition. */
    void produceNulls() {
        BOTH.forEach(partition -> log.put(partition, null));
    }

    /** What live ingestion does: all that is above the ledger, in one file. */
    void ingest() {
        Table table = tables.openSpared(NAME);
        RowBatchWriter writer = writer(table);
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        Ledger ledger = ledger();
        for (SourcePartition partition : BOTH) {
            long from = ledger.next(PIPELINE, partition).orElse(0);
            long to = log.end(partition);
            log.of(partition).subMap(from, to).forEach((offset, value) -> {
                byte[] bytes = String.valueOf(value).getBytes(StandardCharsets.UTF_8);
                ByteBuffer key = StandardCharsets.UTF_8.encode("{\"id\":" + offset + "}");
                writer.write(partition, offset, offset, bytes, 0, value == null ? -1 : bytes.length, key);
            });
            steps.put(partition, PartitionStep.advance(new OffsetRange(from, to), OptionalLong.empty()));
        }
        commit(writer.seal().files(), steps);
    }

    private void commit(List<DataFile> files, TreeMap<SourcePartition, PartitionStep> steps) {
        TableCommit commit = new TableCommit(UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, files, steps);
        CommitOutcome outcome =
                new TableCommitter(tables.openSpared(NAME), random, MissingLedger.REFUSE).attempt(commit);
        if (!(outcome instanceof CommitOutcome.Committed)) {
            throw new IllegalStateException("not ingested: " + outcome);
        }
    }

    Ledger ledger() {
        Table table = tables.openSpared(NAME);
        return LedgerReader.read(table).fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> {
            throw LedgerReader.noLedger(NAME, unknown);
        });
    }

    RowBatchWriter writer(Table table) {
        return RowBatchWriter.create(table, decoding, WriteSettings.defaults(UUID.randomUUID()));
    }

    BackfillTask resolve(BackfillMode mode) {
        return resolve(request(mode));
    }

    BackfillTask resolve(BackfillRequest request) {
        return new BackfillRequests(open(), log.source()).resolve(request, clock.instant());
    }

    static BackfillRequest request(BackfillMode mode) {
        return new BackfillRequest(
                PIPELINE, TOPIC, new TreeSet<>(), Optional.empty(), Optional.empty(), mode, 1000, "a test");
    }

    Backfills backfills() {
        return new Backfills(tables.openSpared(NAME), random, clock);
    }

    String start(BackfillMode mode) {
        return backfills().accept(resolve(mode)).id();
    }

    String start(BackfillMode mode, String branch) {
        return backfills().accept(resolve(request(mode).on(branch))).id();
    }

    BackfillState state(String id) {
        return backfills().find(id).orElseThrow();
    }

    BackfillJob job(String id, String owner, long chunkRecords) {
        return job(id, owner, chunkRecords, open());
    }

    BackfillJob job(String id, String owner, long chunkRecords, Table table) {
        return new BackfillJob(
                id,
                table,
                log.source(),
                () -> {
                    table.refresh();
                    return writer(table);
                },
                BackfillSettings.defaults(owner).withChunkRecords(chunkRecords),
                clock,
                random);
    }

    /** To its end. */
    void run(String id, long chunkRecords) {
        BackfillJob job = job(id, "runner", chunkRecords);
        for (int turn = 0; turn < 10_000; turn++) {
            if (job.turn().ended()) {
                return;
            }
        }
        throw new IllegalStateException("does not end: " + state(id));
    }

    /** Every row as {@code partition-offset note}, sorted; twice where it is there twice. */
    List<String> rows() {
        return rows(SnapshotRef.MAIN_BRANCH);
    }

    List<String> rows(String branch) {
        List<String> rows = new ArrayList<>();
        Table table = tables.openSpared(NAME);
        try (CloseableIterable<Record> records = IcebergGenerics.read(table)
                .useSnapshot(table.snapshot(branch).snapshotId())
                .build()) {
            records.forEach(row -> rows.add(row.getField(SourceColumns.PARTITION) + "-"
                    + String.format("%05d", (Long) row.getField(SourceColumns.OFFSET)) + " " + row.getField("note")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rows.sort(null);
        return rows;
    }

    static List<DataFile> files(Table table) {
        List<DataFile> files = new ArrayList<>();
        try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
            tasks.forEach(task -> files.add(task.file()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    /** What compaction does: all of main in one file, none of the rows another one. */
    void rewriteAll() throws IOException {
        Table table = tables.openSpared(NAME);
        List<DataFile> files = files(table);
        if (files.isEmpty()) {
            return;
        }
        List<Record> rows = new ArrayList<>();
        try (CloseableIterable<Record> all = IcebergGenerics.read(table).build()) {
            all.forEach(rows::add);
        }
        DataWriter<Record> writer = new GenericFileWriterFactory.Builder(table)
                .build()
                .newDataWriter(
                        OutputFileFactory.builderFor(table, 0, random.nextInt(1 << 20))
                                .build()
                                .newOutputFile(),
                        table.spec(),
                        null);
        try (writer) {
            rows.forEach(writer::write);
        }
        RewriteFiles rewrite =
                table.newRewrite().validateFromSnapshot(table.currentSnapshot().snapshotId());
        files.forEach(rewrite::deleteFile);
        rewrite.addFile(writer.toDataFile()).commit();
    }

    void deleteFirstFile() {
        Table table = tables.openSpared(NAME);
        table.newDelete().deleteFile(files(table).get(0)).commit();
    }

    /** What {@link #rows} would be were the table made of the log anew. */
    List<String> wholeLog() {
        List<String> rows = new ArrayList<>();
        for (SourcePartition partition : BOTH) {
            log.of(partition)
                    .forEach((offset, value) -> rows.add(partition.partition() + "-"
                            + String.format("%05d", offset) + " "
                            + String.valueOf(value).replaceAll(".*\"note\":\"|\"}$", "")));
        }
        return rows;
    }

    /** A clock that moves when it is told to. */
    static final class TickingClock extends Clock {
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");

        void pass(Duration time) {
            now = now.plus(time);
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
