package io.firn.compaction.bench;

import io.firn.catalog.Catalogs;
import io.firn.catalog.Tables;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.JobCommitter;
import io.firn.catalog.commit.JobOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SchemaText;
import io.firn.catalog.upsert.RowSettings;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertRequest;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobTurn;
import io.firn.compaction.merge.MergeJob;
import io.firn.compaction.merge.MergeSettings;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.data.parquet.InternalWriter;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.Parquet;

/**
 * What a merge costs. {@code build DIR} makes a keyed table and staged changes, {@code merge DIR} merges them in a
 * process of its own and prints the cost, {@code check DIR} compares rows and a checksum with what they ought to be.
 * Sizes by system properties: rows, changes, distinct (changes are all inserts of new keys), clustered, format, key.
 */
final class MergeBench {
    private static final int PARTITIONS = 4;
    private static final long BASE_MICROS = 1_700_000_000_000_000L;
    private static final String SCHEMA =
            "order_id %s not null, customer long, amount decimal(10,2), status string, placed_at timestamptz, "
                    + "note string";

    private final Path folder;
    private final long rows = Long.getLong("rows", 2_000_000);
    private final long changes = Long.getLong("changes", 100_000);
    private final boolean clustered = Boolean.getBoolean("clustered");
    private final boolean distinct = Boolean.getBoolean("distinct");
    private final boolean textKeys = "string".equals(System.getProperty("key", "long"));
    private long checksum;
    private long live;

    private MergeBench(Path folder) {
        this.folder = folder;
    }

    public static void main(String[] args) throws IOException {
        MergeBench bench = new MergeBench(Path.of(args[1]));
        switch (args[0]) {
            case "build" -> bench.build();
            case "merge" -> bench.merge();
            default -> bench.check();
        }
    }

    private Catalog catalog() {
        return Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    private UpsertTables open(Catalog catalog) {
        UpsertLayout layout = new UpsertLayout(
                SchemaText.parse(String.format(SCHEMA, textKeys ? "string" : "long")),
                List.of("order_id"),
                Optional.empty());
        List<String> partitioning = Boolean.getBoolean("unpartitioned") ? List.of("void(order_id)") : List.of();
        return UpsertTables.openOrCreate(
                new Tables(catalog),
                new UpsertRequest(
                        "shop.orders",
                        layout,
                        partitioning,
                        Map.of("format-version", System.getProperty("format", "2")),
                        MissingLedger.REFUSE,
                        RowSettings.NONE));
    }

    private void build() throws IOException {
        Files.createDirectories(folder);
        Catalog catalog = catalog();
        UpsertTables tables = open(catalog);
        buildKeyed(tables.keyed());
        buildStaging(tables.staging());
        Files.writeString(folder.resolve("expected"), live + " " + checksum);
        ((Closeable) catalog).close();
    }

    private void buildKeyed(Table table) throws IOException {
        Map<PartitionKey, DataWriter<Record>> writers = new HashMap<>();
        OutputFileFactory files = OutputFileFactory.builderFor(table, 0, 0)
                .format(FileFormat.PARQUET)
                .build();
        PartitionKey key = new PartitionKey(table.spec(), table.schema());
        GenericRecord record = GenericRecord.create(table.schema());
        for (long row = 0; row < rows; row++) {
            fill(record, row, row, false);
            record.setField("_order_timestamp", record.getField("_source_timestamp"));
            key.partition(record);
            DataWriter<Record> writer = writers.get(key);
            if (writer == null) {
                PartitionKey copy = key.copy();
                writer = writer(table, files, copy);
                writers.put(copy, writer);
            }
            writer.write(record);
            live++;
            checksum += row;
        }
        List<DataFile> done = new ArrayList<>();
        for (DataWriter<Record> writer : writers.values()) {
            writer.close();
            done.add(writer.toDataFile());
        }
        JobOutcome outcome = new JobCommitter(table, new Random(1))
                .attempt(new JobCommit(
                        UUID.randomUUID(),
                        Operation.MERGE,
                        "orders",
                        new TreeMap<>(steps(0, rows, true)),
                        new TreeMap<>(),
                        transaction -> {
                            AppendFiles append = transaction.newAppend();
                            done.forEach(append::appendFile);
                            return append;
                        },
                        List.of()));
        System.out.println(outcome + " bytes "
                + done.stream().mapToLong(DataFile::fileSizeInBytes).sum());
    }

    private static TreeMap<SourcePartition, PartitionStep> steps(long from, long to, boolean first) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (int p = 0; p < PARTITIONS; p++) {
            OffsetRange range = new OffsetRange(from / PARTITIONS, to / PARTITIONS);
            steps.put(
                    new SourcePartition("orders", "id-of-orders", p),
                    first
                            ? new PartitionStep(
                                    OptionalLong.empty(), range, OptionalLong.empty(), List.of(), new TreeMap<>())
                            : PartitionStep.advance(range, OptionalLong.empty()));
        }
        return steps;
    }

    private void buildStaging(Table table) throws IOException {
        TableCommitter committer = new TableCommitter(table, new Random(1), MissingLedger.REFUSE);
        committer.attempt(
                new TableCommit(UUID.randomUUID(), "orders", Operation.APPEND, List.of(), steps(0, rows, true)));
        SplittableRandom random = new SplittableRandom(7);
        Map<Long, Long> last = distinct ? Map.of() : new HashMap<>();
        OutputFileFactory files = OutputFileFactory.builderFor(table, 0, 0)
                .format(FileFormat.PARQUET)
                .build();
        PartitionKey key = new PartitionKey(table.spec(), table.schema());
        GenericRecord record = GenericRecord.create(table.schema());
        long perFile = Math.max(1, Math.min(1_000_000, changes / 8));
        for (long from = 0; from < changes; from += perFile) {
            DataWriter<Record> writer = writer(table, files, key);
            long to = Math.min(changes, from + perFile);
            for (long change = from; change < to; change++) {
                int dice = random.nextInt(100);
                boolean insert = distinct || dice < 15;
                boolean delete = !insert && dice >= 95;
                long id = insert ? rows + change : existing(random);
                fill(record, id, rows + change, delete);
                record.setField("_source_tombstone", delete);
                writer.write(record);
                if (distinct) {
                    live++;
                    checksum += rows + change;
                } else {
                    note(last, id, delete ? -1 : rows + change);
                }
            }
            writer.close();
            committer.attempt(new TableCommit(
                    UUID.randomUUID(),
                    "orders",
                    Operation.APPEND,
                    List.of(writer.toDataFile()),
                    steps(rows + from, rows + to, false)));
        }
    }

    /** Uniform, or of the 1 % of keys that came last. */
    private long existing(SplittableRandom random) {
        return clustered ? rows - 1 - random.nextLong(Math.max(1, rows / 100)) : random.nextLong(rows);
    }

    private void note(Map<Long, Long> last, long id, long event) {
        Long before = last.put(id, event);
        long old = before != null ? before : id < rows ? id : -1;
        live += (event >= 0 ? 1 : 0) - (old >= 0 ? 1 : 0);
        checksum += (event >= 0 ? event : 0) - (old >= 0 ? old : 0);
    }

    private void fill(Record record, long id, long event, boolean delete) {
        record.setField("order_id", textKeys ? text(id) : (Object) id);
        record.setField("_source_topic", "orders");
        record.setField("_source_topic_id", "id-of-orders");
        record.setField("_source_partition", (int) (event % PARTITIONS));
        record.setField("_source_offset", event / PARTITIONS);
        record.setField("_source_timestamp", BASE_MICROS + event * 1000);
        record.setField("customer", delete ? null : event);
        record.setField("amount", delete ? null : java.math.BigDecimal.valueOf(event * 7919 % 10_000_000, 2));
        record.setField("status", delete ? null : "status-" + event % 5);
        record.setField("placed_at", delete ? null : BASE_MICROS + event * 1000 - 500);
        record.setField("note", delete ? null : Long.toHexString(event * 0xD6E8FEB86659FD93L));
    }

    /** As random as a UUID, or, where recent keys are to lie side by side, growing like a ULID. */
    private String text(long id) {
        long random = id * 0x9E3779B97F4A7C15L;
        return clustered ? String.format("%08d-%016x", id, random) : String.format("%016x-%08d", random, id);
    }

    private static DataWriter<Record> writer(Table table, OutputFileFactory files, PartitionKey key)
            throws IOException {
        return Parquet.writeData(table.spec().isPartitioned() ? files.newOutputFile(key) : files.newOutputFile())
                .forTable(table)
                .withSpec(table.spec())
                .withPartition(table.spec().isPartitioned() ? key : null)
                .set("write.parquet.row-group-size-bytes", "33554432")
                .createWriterFunc(type -> InternalWriter.create(table.schema().asStruct(), type))
                .build();
    }

    private void merge() throws IOException {
        Catalog catalog = catalog();
        UpsertTables tables = open(catalog);
        MergeSettings settings =
                MergeSettings.defaults(folder.resolve("spill")).withMemoryBytes(Long.getLong("memory", 256L << 20));
        long started = System.nanoTime();
        say("start");
        Map<String, Boolean> seen = new HashMap<>();
        JobProgress progress = report -> {
            if (seen.put(report.phase(), true) == null) {
                say("begin " + report.phase());
            }
        };
        MergeJob job = new MergeJob(tables, "orders", settings, Clock.systemUTC(), new Random(), progress);
        JobTurn turn = job.turn();
        while (!(turn instanceof JobTurn.Ended)) {
            turn = job.turn();
        }
        say("end");
        long wall = (System.nanoTime() - started) / 1_000_000;
        System.out.println(((JobTurn.Ended) turn).result());
        System.out.printf(
                "CPU-seconds %.1f, of the merge's wall %.1f s, peak RSS %s%n",
                ProcessCost.cpuSeconds(), wall / 1e3, ProcessCost.peakRss());
        ((Closeable) catalog).close();
    }

    /** Threads that have ended are missing where the kinds are told apart. */
    private static void say(String what) {
        try {
            System.out.printf("%-14s %6.1f  %s%n", what, ProcessCost.cpuSeconds(), ProcessCost.cpuByThreads());
        } catch (IOException e) {
            throw new UncheckedIOException("only Linux tells what a thread costs", e);
        }
    }

    private void check() throws IOException {
        Catalog catalog = catalog();
        long[] sum = new long[2];
        try (CloseableIterable<Record> records =
                IcebergGenerics.read(open(catalog).keyed()).select("customer").build()) {
            for (Record record : records) {
                sum[0]++;
                sum[1] += (Long) record.get(0);
            }
        }
        String expected = Files.readString(folder.resolve("expected"));
        String found = sum[0] + " " + sum[1];
        System.out.println(expected.equals(found) ? "as expected: " + found : "WRONG: " + found + ", not " + expected);
        ((Closeable) catalog).close();
    }
}
