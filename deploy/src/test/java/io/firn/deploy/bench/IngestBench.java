package io.firn.deploy.bench;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code deploy/bench/ingest}: every contender drains the same topics, each run checked row by row. */
@Command(
        name = "deploy/bench/ingest",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Starts a broker, fills topics from a fixed seed, lets each contender in turn drain them into a fresh table"
                    + " (SQLite catalog, local warehouse, unpartitioned) as a process of its own, reads every table"
                    + " back (each record once, or the bench fails), and prints what each cost.",
            "CPU-s/M: user and system seconds of the whole process for a million records, its start included; warm:"
                    + " the slope between a quarter of the records and all of them.",
            "The default size is a smoke run."
        })
final class IngestBench {
    private static final Duration TIME_LIMIT = Duration.ofMinutes(30);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final int NESTED_SHARE = 5;
    private static final int WARM_SHARE = 4;

    @Mixin
    private final BenchOptions options = new BenchOptions();

    private final List<RunFigures> all = new ArrayList<>();
    private int runs;

    private IngestBench() {}

    public static void main(String[] args) throws IOException {
        IngestBench bench = new IngestBench();
        if (CommandLines.parsed(bench, args)) {
            try {
                bench.chosen();
                bench.options.shapes.forEach(Shape::named);
            } catch (IllegalArgumentException unknown) {
                CommandLines.refuse(bench, String.valueOf(unknown.getMessage()));
            }
            bench.run();
        }
    }

    private void run() throws IOException {
        Map<String, Contender> contenders = chosen();
        for (Contender contender : contenders.values()) {
            System.out.println("preparing " + contender.name());
            contender.prepare();
        }
        Path directory = Files.createDirectories(options.directory).toRealPath();
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), directory.resolve("logs"))) {
            FilledTopics topics = new FilledTopics(broker, options.partitions);
            for (String name : options.shapes) {
                Shape shape = Shape.named(name);
                rounds(shape, contenders, broker, topics, directory);
                report(shape, contenders, topics);
            }
        }
    }

    private Map<String, Contender> chosen() {
        Map<String, Contender> chosen = new LinkedHashMap<>();
        for (String name : options.contenders) {
            chosen.put(name, Contenders.named(name));
        }
        return chosen;
    }

    private void rounds(
            Shape shape, Map<String, Contender> contenders, BrokerProcess broker, FilledTopics topics, Path directory)
            throws IOException {
        long records = shape == Shape.NESTED ? options.records / NESTED_SHARE : options.records;
        List<Long> sizes = options.noWarm ? List.of(records) : List.of(records / WARM_SHARE, records);
        for (long size : sizes) {
            System.out.println("filling " + shape.topic() + " with " + size + " records");
            topics.topic(shape, size);
        }
        Path file = directory.resolve("runs.tsv");
        if (!Files.exists(file)) {
            Files.writeString(file, RunFigures.HEADER + "\n");
        }
        for (int round = 0; round < options.rounds; round++) {
            for (long size : sizes) {
                for (Contender contender : contenders.values()) {
                    RunFigures figures =
                            once(contender, shape, size, topics.topic(shape, size), broker.bootstrap(), directory);
                    all.add(figures);
                    System.out.println(figures.line());
                    Files.writeString(file, figures.line() + "\n", StandardOpenOption.APPEND);
                }
            }
        }
    }

    private RunFigures once(
            Contender contender, Shape shape, long records, String topic, String bootstrap, Path directory)
            throws IOException {
        Path own = Files.createDirectories(directory.resolve(contender.name() + "-" + runs++));
        try (Lake lake = Lake.local(own)) {
            Run run = new Run(bootstrap, shape, topic, records, lake, own, options.commitSeconds, options);
            contender.before(run);
            return contender.writesTable() ? drained(contender, run) : floor(contender, run);
        } catch (IOException failed) {
            throw failed;
        } catch (Exception failed) {
            throw new IOException("no run of " + contender.name(), failed);
        }
    }

    private static RunFigures drained(Contender contender, Run run) throws IOException {
        BenchTable table = BenchTable.in(run.lake());
        long began = System.nanoTime();
        double first = 0;
        try (OsProcess process = contender.start(run)) {
            while (true) {
                Eventually.pause(LOOK);
                double seconds = (System.nanoTime() - began) / 1e9;
                if (!process.isAlive() || seconds > TIME_LIMIT.toSeconds()) {
                    throw new IOException("it ended or never ends, " + table.rows() + " rows: " + process.tail());
                }
                ProcessFigures cost = ProcessFigures.of(process.pid());
                long rows = table.rows();
                if (rows > 0 && first == 0) {
                    first = seconds;
                }
                if (rows >= run.records()) {
                    process.signal("TERM");
                    if (!process.awaitExit(Duration.ofSeconds(60))) {
                        process.kill9();
                    }
                    table.requireEachOnce(run.records());
                    return new RunFigures(
                            contender.name(),
                            run.shape(),
                            run.records(),
                            seconds,
                            first,
                            cost.cpuSeconds(),
                            cost.peakMebibytes(),
                            table.files(),
                            table.snapshots());
                }
            }
        }
    }

    private static RunFigures floor(Contender contender, Run run) throws IOException {
        try (OsProcess process = contender.start(run)) {
            if (!process.awaitExit(TIME_LIMIT) || process.exitCode() != 0) {
                throw new IOException("it failed or never ends: " + process.tail());
            }
            String[] cost = process.output()
                    .lines()
                    .filter(line -> line.startsWith(FloorMain.COST))
                    .findFirst()
                    .orElseThrow()
                    .substring(FloorMain.COST.length())
                    .split(" ", -1);
            return new RunFigures(
                    contender.name(),
                    run.shape(),
                    run.records(),
                    Double.parseDouble(cost[0]),
                    0,
                    Double.parseDouble(cost[1]),
                    Long.parseLong(cost[2]),
                    0,
                    0);
        }
    }

    private void report(Shape shape, Map<String, Contender> contenders, FilledTopics topics) throws IOException {
        BenchReport report = new BenchReport(all, shape, topics);
        String table = report.table(contenders.keySet());
        System.out.println(table);
        Files.writeString(
                options.directory.resolve("report.md"),
                table + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
