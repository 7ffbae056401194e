package io.firn.compaction;

import io.firn.catalog.Catalogs;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.CatalogTables;
import io.firn.catalog.location.DeletionGuard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;

/** A catalog in SQLite and a warehouse on local disk, and what another engine does to its tables. */
public final class TestLake implements AutoCloseable {
    public static final String PIPELINE = "orders";
    public static final SourcePartition P0 = new SourcePartition("orders", "AAAAAAAAAAAAAAAAAAAAAA", 0);

    private final Path dir;
    private final Catalog catalog;
    private long offset;
    private long seed = 11;

    public TestLake(Path dir) {
        this.dir = dir;
        this.catalog = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:sqlite:" + dir.resolve("catalog.db"),
                "warehouse",
                dir.resolve("warehouse").toUri().toString(),
                "jdbc.schema-version",
                "V1"));
        SupportsNamespaces namespaces = (SupportsNamespaces) catalog;
        if (!namespaces.namespaceExists(Namespace.of("shop"))) {
            namespaces.createNamespace(Namespace.of("shop"));
        }
    }

    public Table create(String name, Schema schema, PartitionSpec spec, Map<String, String> properties) {
        TableIdentifier identifier = TableIdentifier.of("shop", name);
        catalog.buildTable(identifier, schema)
                .withPartitionSpec(spec)
                .withProperties(properties)
                .create();
        return open(name);
    }

    public Catalog catalog() {
        return catalog;
    }

    /** Of a table of this lake, as maintenance has it. */
    public DeletionGuard guard(String name, String... accepted) {
        return new DeletionGuard(
                "shop." + name,
                new CatalogTables(catalog, Clock.systemUTC()),
                Optional.of(dir.resolve("warehouse").toUri().toString()),
                List.of(accepted),
                Clock.systemUTC());
    }

    /** A table remembers where it is from the first job that deletes files on. */
    public void remember(String name) {
        DeletionGuard.Examination examination =
                guard(name).examine(open(name), DeletionGuard.Memory.WRITE, new Random(1));
        while (examination.step().isEmpty()) {
            continue;
        }
    }

    /** The next table that is ingested into is a new one. */
    public void restart() {
        offset = 0;
    }

    /** A handle of its own. */
    public Table open(String name) {
        return catalog.loadTable(TableIdentifier.of("shop", name));
    }

    /** As ingestion commits: rows and ledger in one snapshot. */
    public void ingest(String name, DataFile... files) {
        long rows = Stream.of(files).mapToLong(DataFile::recordCount).sum();
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        OffsetRange range = new OffsetRange(offset, offset + rows);
        OptionalLong expected = offset == 0 ? OptionalLong.empty() : OptionalLong.of(offset);
        steps.put(P0, new PartitionStep(expected, range, OptionalLong.empty(), List.of(), new TreeMap<>()));
        TableCommit commit =
                new TableCommit(UUID.randomUUID(), PIPELINE, TableCommit.Operation.APPEND, List.of(files), steps);
        CommitOutcome outcome = new TableCommitter(open(name), new Random(1), MissingLedger.REFUSE).attempt(commit);
        if (!(outcome instanceof CommitOutcome.Committed)) {
            throw new IllegalStateException("not committed: " + outcome);
        }
        offset += rows;
    }

    public static Ledger ledger(Table table) {
        table.refresh();
        LedgerState state = LedgerReader.read(table);
        return ((LedgerState.Present) state).ledger();
    }

    /** All rows as text, sorted; twice where they are there twice. */
    public static List<String> rows(Table table) {
        table.refresh();
        List<String> rows = new ArrayList<>();
        try (CloseableIterable<Record> records = IcebergGenerics.read(table).build()) {
            // Readers that apply deletes hand out further columns, after the table's own.
            int columns = table.schema().columns().size();
            records.forEach(record -> {
                StringBuilder row = new StringBuilder();
                for (int column = 0; column < columns; column++) {
                    row.append(column == 0 ? "" : ", ").append(record.get(column));
                }
                rows.add(row.toString());
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rows.sort(null);
        return rows;
    }

    public static List<FileScanTask> tasks(Table table) {
        table.refresh();
        List<FileScanTask> tasks = new ArrayList<>();
        try (CloseableIterable<FileScanTask> files =
                table.newScan().includeColumnStats().planFiles()) {
            files.forEach(tasks::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        tasks.sort(java.util.Comparator.comparing(task -> task.file().location()));
        return tasks;
    }

    public static List<DataFile> files(Table table) {
        return tasks(table).stream().map(FileScanTask::file).toList();
    }

    /** Every file under the table's location, as path. */
    public static TreeSet<String> onDisk(Table table) {
        Path root = Path.of(java.net.URI.create(table.location()).getPath());
        try (Stream<Path> all = Files.walk(root)) {
            TreeSet<String> found = new TreeSet<>();
            all.filter(Files::isRegularFile)
                    .filter(path -> !path.getFileName().toString().startsWith("."))
                    .forEach(path -> found.add(path.toString()));
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path scratch() {
        try {
            return Files.createDirectories(dir.resolve("scratch"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public JobContext context(Table table) {
        return new JobContext(table, java.time.Clock.systemUTC(), new Random(seed++), JobProgress.NONE, scratch());
    }

    /** As if so much time had passed. */
    public JobContext later(Table table, java.time.Duration time) {
        java.time.Clock clock = java.time.Clock.offset(java.time.Clock.systemUTC(), time);
        return new JobContext(table, clock, new Random(seed++), JobProgress.NONE, scratch());
    }

    /** Turns until the end. */
    public static JobResult run(Job job) {
        for (int turn = 0; turn < 10_000; turn++) {
            JobTurn outcome = job.turn();
            if (outcome instanceof JobTurn.Ended) {
                return ((JobTurn.Ended) outcome).result();
            }
        }
        throw new IllegalStateException(job.name() + " does not end");
    }

    @Override
    public void close() throws IOException {
        ((java.io.Closeable) catalog).close();
    }
}
