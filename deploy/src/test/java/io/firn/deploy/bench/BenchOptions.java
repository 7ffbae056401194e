package io.firn.deploy.bench;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code deploy/bench/ingest} takes. */
final class BenchOptions {
    static final long FULL_FLAT = 20_000_000;
    static final long FULL_NESTED = 4_000_000;

    @Option(
            names = "--contenders",
            split = ",",
            paramLabel = "LIST",
            description = {
                "Of firn, connect, flink, spark, and the floors consume (a consumer that throws bytes away) and write"
                        + " (decode and Parquet without Kafka); and unguarded, which is Firn without ledger and fence,"
                        + " to see what they cost; ${DEFAULT-VALUE}.",
                "A peer's jars are fetched by Maven when it is first used."
            })
    List<String> contenders = List.of("firn", "connect", "flink", "spark", "consume", "write");

    @Option(names = "--shapes", split = ",", paramLabel = "LIST", description = "Of flat, nested; ${DEFAULT-VALUE}.")
    List<String> shapes = List.of("flat", "nested");

    @Option(
            names = "--records",
            paramLabel = "N",
            description = "Flat records, and a fifth as many nested ones; ${DEFAULT-VALUE}. Goals: " + FULL_FLAT + ".")
    long records = 1_000_000;

    @Option(names = "--partitions", paramLabel = "N", description = "Of each topic; ${DEFAULT-VALUE}.")
    int partitions = 4;

    @Option(names = "--rounds", paramLabel = "N", description = "All contenders in turn, N times; ${DEFAULT-VALUE}.")
    int rounds = 1;

    @Option(
            names = "--no-warm",
            description = "Leaves out the runs over a quarter of the records, which tell the cost without the start.")
    boolean noWarm;

    @Option(names = "--commit-seconds", paramLabel = "N", description = "Between commits; ${DEFAULT-VALUE}.")
    int commitSeconds = 10;

    @Option(names = "--heap", paramLabel = "SIZE", description = "Of the peers' JVMs; ${DEFAULT-VALUE}.")
    String heap = "2g";

    @Option(
            names = "--firn-heap",
            paramLabel = "FLAGS",
            description = "Heap flags of Firn's JVM, as FIRN_HEAP_OPTS; what bin/firn sets by itself.")
    @Nullable
    String firnHeap;

    @Option(
            names = "--firn-memory",
            paramLabel = "SIZE",
            description = "Of Firn's buffers, as 'memory' of its configuration; to go with a smaller heap.")
    @Nullable
    String firnMemory;

    @Option(names = "--firn-opts", paramLabel = "FLAGS", description = "More flags of Firn's JVM, as FIRN_OPTS.")
    String firnOpts = "";

    @Option(
            names = "--firn-lines",
            split = ";",
            paramLabel = "YAML",
            description = "More lines of Firn's pipeline, split by semicolons, as 'workers: 1'.")
    List<String> firnLines = List.of();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            required = true,
            description = "Where broker, tables and logs go; must be empty or absent.")
    Path directory = Path.of("");

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;
}
