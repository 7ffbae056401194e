package io.firn.deploy.bench;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.Job;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobTurn;
import io.firn.compaction.expire.ExpireJob;
import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.manifest.ManifestJob;
import io.firn.compaction.manifest.ManifestSettings;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deploy/bench/commit}: what a commit costs as a table grows. */
@Command(
        name = "deploy/bench/commit",
        sortOptions = false,
        usageHelpAutoWidth = true,
        mixinStandardHelpOptions = false,
        description = {
            "Commits to one table (SQLite catalog, local folder) as ingestion does, files that exist by name alone, and"
                    + " prints what a commit takes as the table grows: wall time (median and 99th percentile of the"
                    + " commits since the last line), CPU of the committing thread, bytes of metadata.",
            "With --maintain, manifests are rewritten and snapshots expired as the service does by default, but to"
                    + " the 480 snapshots that are left of five days at one in ten seconds."
        })
final class CommitBench {
    @Option(names = "--commits", paramLabel = "N", description = "How many; ${DEFAULT-VALUE}.")
    int commits = 1_000;

    @Option(names = "--files", paramLabel = "N", description = "Data files in each; ${DEFAULT-VALUE}.")
    int files = 10;

    @Option(names = "--partitions", paramLabel = "N", description = "Of the topic, all in each; ${DEFAULT-VALUE}.")
    int partitions = 4;

    @Option(names = "--maintain", description = "Rewrites manifests and expires snapshots on the way.")
    boolean maintain;

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    private final List<Long> walls = new ArrayList<>();
    private long cpuNanos;

    private CommitBench() {}

    public static void main(String[] args) throws IOException {
        CommitBench bench = new CommitBench();
        if (CommandLines.parsed(bench, args)) {
            bench.run();
        }
    }

    private void run() throws IOException {
        Path directory = Files.createTempDirectory("firn-commit-bench");
        Map<String, String> properties = Lake.sqlite(directory);
        Catalog catalog = CatalogUtil.buildIcebergCatalog("firn", properties, new Configuration());
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        TableIdentifier name = TableIdentifier.of("shop", "orders");
        catalog.createTable(
                name,
                new Schema(
                        Types.NestedField.required(1, "seq", Types.LongType.get()),
                        Types.NestedField.optional(2, "order_id", Types.StringType.get())));
        TableCommitter committer =
                new TableCommitter(catalog.loadTable(name), ThreadLocalRandom.current(), MissingLedger.REFUSE);
        Table table = catalog.loadTable(name);
        commit(committer, start());
        System.out.printf(
                Locale.ROOT,
                "%9s %9s %9s %10s %10s %10s %12s%n",
                "commits",
                "files",
                "snapshots",
                "median ms",
                "p99 ms",
                "CPU ms",
                "metadata KB");
        int next = Math.min(100, commits);
        for (int n = 1; n <= commits; n++) {
            commit(committer, append(table, n));
            if (maintain && n % 50 == 0) {
                maintain(catalog, name, directory);
            }
            if (n == next) {
                report(catalog, name, n);
                next = n * 2 > commits && n < commits ? commits : n * 2;
            }
        }
    }

    private void report(Catalog catalog, TableIdentifier name, int done) throws IOException {
        long[] sorted = walls.stream().mapToLong(Long::longValue).sorted().toArray();
        Table table = catalog.loadTable(name);
        String metadata = ((HasTableOperations) table).operations().current().metadataFileLocation();
        System.out.printf(
                Locale.ROOT,
                "%,9d %,9d %,9d %10.1f %10.1f %10.1f %,12d%n",
                done,
                (long) done * files,
                (long) ((HasTableOperations) table)
                        .operations()
                        .current()
                        .snapshots()
                        .size(),
                sorted[sorted.length / 2] / 1e6,
                sorted[sorted.length * 99 / 100] / 1e6,
                cpuNanos / 1e6 / sorted.length,
                table.io().newInputFile(metadata).getLength() / 1024);
        walls.clear();
        cpuNanos = 0;
    }

    private void commit(TableCommitter committer, TableCommit commit) {
        var threads = java.lang.management.ManagementFactory.getThreadMXBean();
        long cpu = threads.getCurrentThreadCpuTime();
        long began = System.nanoTime();
        CommitOutcome outcome = committer.attempt(commit);
        walls.add(System.nanoTime() - began);
        cpuNanos += threads.getCurrentThreadCpuTime() - cpu;
        if (!(outcome instanceof CommitOutcome.Committed)) {
            throw new IllegalStateException(outcome.toString());
        }
    }

    private TableCommit start() {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            steps.put(partition(partition), PartitionStep.start(0));
        }
        return new TableCommit(UUID.randomUUID(), "orders", TableCommit.Operation.APPEND, List.of(), steps);
    }

    private TableCommit append(Table table, int n) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            OffsetRange range = new OffsetRange((n - 1) * 10_000L, n * 10_000L);
            steps.put(
                    partition(partition),
                    PartitionStep.advance(range, OptionalLong.of(1_790_000_000_000L + n * 10_000L)));
        }
        List<DataFile> added = new ArrayList<>();
        for (int file = 0; file < files; file++) {
            added.add(file(table, n * 100_000L + file));
        }
        return new TableCommit(UUID.randomUUID(), "orders", TableCommit.Operation.APPEND, added, steps);
    }

    private static SourcePartition partition(int partition) {
        return new SourcePartition("orders", "pZ8mXnWUQ4mGcB3YzOq7xw", partition);
    }

    private static DataFile file(Table table, long low) {
        return DataFiles.builder(table.spec())
                .withPath(table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet"))
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(4_000_000)
                .withMetrics(new Metrics(
                        100_000L,
                        Map.of(1, 700_000L, 2, 3_000_000L),
                        Map.of(1, 100_000L, 2, 100_000L),
                        Map.of(1, 0L, 2, 0L),
                        Map.of(),
                        Map.of(
                                1, Conversions.toByteBuffer(Types.LongType.get(), low),
                                2, Conversions.toByteBuffer(Types.StringType.get(), "order-" + low)),
                        Map.of(
                                1, Conversions.toByteBuffer(Types.LongType.get(), low + 100_000),
                                2, Conversions.toByteBuffer(Types.StringType.get(), "order-" + (low + 99_999)))))
                .build();
    }

    private void maintain(Catalog catalog, TableIdentifier name, Path scratch) {
        Table table = catalog.loadTable(name);
        run(new ManifestJob(context(table, scratch, Clock.systemUTC()), ManifestSettings.of(table.properties())));
        Clock later = Clock.offset(Clock.systemUTC(), ExpireSettings.LEAST_AGE.plusHours(1));
        run(new ExpireJob(
                context(catalog.loadTable(name), scratch, later),
                new ExpireSettings(ExpireSettings.LEAST_AGE, 480, ExpireSettings.DEFAULTS.perCommit()),
                DeletionGuard.of(catalog, name.toString(), later)));
    }

    private static JobContext context(Table table, Path scratch, Clock clock) {
        return new JobContext(table, clock, ThreadLocalRandom.current(), JobProgress.NONE, scratch);
    }

    private static void run(Job job) {
        while (job.turn() instanceof JobTurn.Again) {
            // the next piece
        }
    }
}
