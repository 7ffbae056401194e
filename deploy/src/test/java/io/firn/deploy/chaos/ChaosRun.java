package io.firn.deploy.chaos;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.FakeClock;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.FullDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The long form, {@code deploy/chaos/run}: chapter after chapter, each with a lake of its own, several at the same time
 * where that is asked for, until so many faults were met.
 */
@Command(
        name = "run",
        description = {
            "Real processes under faults: a broker, a catalog, a store, two Firn processes with networks of their own",
            "to each of them, a steady producer, and a plan that the seed fixes. Prints the plan as it goes on, checks",
            "every table from outside, and ends with a table of what was tried and what came of it. Exit 1 where a record",
            "is lost, doubled or not served, or anything else is not as it must be: all files of that table stay then,",
            "and no other table is begun."
        })
final class ChaosRun implements Callable<Integer> {
    @Option(names = "--rounds", paramLabel = "N", description = "Faults in all; ${DEFAULT-VALUE}.")
    private int rounds = 100;

    @Option(
            names = "--chapter",
            paramLabel = "N",
            description = "Faults of one table, before it is judged and another begins; ${DEFAULT-VALUE}.")
    private int chapterRounds = 50;

    @Option(
            names = "--lanes",
            paramLabel = "N",
            description = {
                "Tables at the same time, each with lake and processes of its own, about 1 GB each. They share "
                        + "a broker,",
                "which is killed in no run of more than one; ${DEFAULT-VALUE}."
            })
    private int lanes = 1;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the plan; ${DEFAULT-VALUE}. Chapter C of a run is chapter 0 of the seed that it prints.")
    private long seed = 20261101L;

    @Option(
            names = "--lake",
            split = ",",
            paramLabel = "LIST",
            description = "Of s3 (with a REST catalog), postgres, local (SQLite), in turn; ${DEFAULT-VALUE}.")
    private List<String> lakes = List.of("s3");

    @Option(
            names = "--faults",
            paramLabel = "LIST",
            description = {
                "all, network (or network-kafka, network-catalog, network-store), or names, as kill, freeze,",
                "catalog-answer-lost; kill*5 for five times as often, kill*0 for never. Those that a lake "
                        + "cannot have are left out there. ${DEFAULT-VALUE}."
            })
    private String faults = "all";

    @Option(names = "--mode", paramLabel = "MODE", description = "append, upsert, or both in turn; ${DEFAULT-VALUE}.")
    private String mode = "both";

    @Option(names = "--rate", paramLabel = "N", description = "Records a second and table; ${DEFAULT-VALUE}.")
    private int rate = 200;

    @Option(
            names = "--pairs",
            description = "Two faults at the same time, one for each process; recovery is that from both.")
    private boolean pairs;

    @Option(
            names = "--engine",
            description = {
                "Trino beside: at each table in s3 a server of it (1.5 GB, a JDK 25) queries, rewrites small",
                "files and, of tables of all records, deletes rows, which have to stay away."
            })
    private boolean engine;

    @Option(
            names = "--go-on",
            description = "Begins other tables also after one that was not clean; its files stay, and the exit is 1.")
    private boolean goOn;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            required = true,
            description = {
                "Where data and logs go. tally.csv in it has a line a fault, and a later run adds to it: table.md is",
                "always of all of them."
            })
    private Path directory = Path.of("");

    @Option(
            names = "--keep",
            description = "Starts nothing: adds the tally of --dir to that of the repository, deploy/chaos/tally.csv.")
    private boolean keep;

    @Option(
            names = "--table",
            description =
                    "Starts nothing: prints what deploy/chaos/tally.csv says as the tables of README and PROOF.md.")
    private boolean table;

    @Option(
            names = "--runs",
            split = ",",
            paramLabel = "SEEDS",
            description = "For --table: of the runs with these seeds alone; all else.")
    private Set<Long> runs = Set.of();

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    @Spec
    private @Nullable CommandSpec command;

    private final AtomicInteger begun = new AtomicInteger();
    private final List<String> complaints = new ArrayList<>();

    private ChaosRun() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ChaosRun()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        directory = directory.toAbsolutePath();
        Tally tally = new Tally(directory.resolve("tally.csv"));
        if (keep || table) {
            KeptTally kept = new KeptTally(Path.of("chaos", "tally.csv"));
            if (keep) {
                kept.keep(tally.condensed());
            }
            List<Tried> shown = kept.lines().stream()
                    .filter(each -> runs.isEmpty() || runs.contains(each.seed()))
                    .toList();
            System.out.println(Table.brief(shown) + "\n" + Table.of(shown));
            return 0;
        }
        try {
            FaultKind.parse(faults);
        } catch (IllegalArgumentException unknown) {
            throw new CommandLine.ParameterException(
                    Objects.requireNonNull(command).commandLine(),
                    "--faults " + faults + ": " + unknown.getMessage(),
                    unknown);
        }
        if (lanes > 1) {
            faults += "," + FaultKind.BROKER_KILL.flag() + "*0," + FaultKind.BROKER_AWAY.flag() + "*0";
        }
        FakeClock.missing().ifPresent(why -> System.out.println("no clock-jump here: " + why));
        FullDisk.missing().ifPresent(why -> System.out.println("no disk-full here: " + why));
        Path data = Files.createDirectories(directory.resolve("run-" + seed));
        Path logs = Files.createDirectories(directory.resolve("logs-" + seed));
        ExecutorService threads = Executors.newFixedThreadPool(lanes);
        try (BrokerProcess broker = BrokerProcess.start(data.resolve("kafka"), logs, Surroundings.FLEET * lanes)) {
            if (!FirnProcess.hasArchive()) {
                rehearse(broker, data, logs);
            }
            List<Future<?>> all = new ArrayList<>();
            for (int lane = 0; lane < lanes; lane++) {
                Lane own = new Lane(lane, broker, data, logs, tally);
                all.add(threads.submit(() -> chapters(own)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println(tally.table());
        complaints.forEach(System.out::println);
        if (complaints.isEmpty()) {
            remove(data);
        } else {
            System.out.println("NOT CLEAN; what there is to see is in " + data + " and " + logs);
        }
        return complaints.isEmpty() ? 0 : 1;
    }

    private void rehearse(BrokerProcess broker, Path data, Path logs) throws Exception {
        Path folder = Files.createDirectories(data.resolve("rehearsal"));
        try (Surroundings around = Surroundings.of("s3", broker, 0, false, folder, logs)) {
            new Chapter(around, folder, logs, "rehearsal", true, rate, text -> {}).rehearse();
        }
        remove(folder);
    }

    /** What chapters that come one after the other have in common. */
    private record Lane(int number, BrokerProcess broker, Path data, Path logs, Tally tally) {}

    /** One after the other, until enough were begun or one was not clean. */
    private void chapters(Lane lane) {
        for (int chapter = begun.getAndIncrement(); mayBegin(chapter); chapter = begun.getAndIncrement()) {
            String name = "chaos_" + chapter;
            List<String> wrong;
            try {
                wrong = chapter(lane, name, chapter, Math.min(rounds - chapter * chapterRounds, chapterRounds));
                lane.tally().write(directory.resolve("table.md"));
            } catch (Exception | AssertionError failed) {
                StringBuilder trace = new StringBuilder(failed.toString());
                for (StackTraceElement each : failed.getStackTrace()) {
                    trace.append("\n    at ").append(each);
                }
                wrong = List.of(trace.toString());
            }
            wrong.forEach(each -> say(lane, name, "NOT CLEAN: " + each));
            synchronized (complaints) {
                wrong.forEach(each -> complaints.add("[" + name + "] " + each));
            }
        }
    }

    private boolean mayBegin(int chapter) {
        synchronized (complaints) {
            return (long) chapter * chapterRounds < rounds && (goOn || complaints.isEmpty());
        }
    }

    /** @return what was not as it must be */
    private List<String> chapter(Lane lane, String topic, int chapter, int wanted) throws Exception {
        String lake = lakes.get(chapter % lakes.size());
        long own = seed + 1_000_003L * chapter;
        // With an even number of lakes each would have one mode only if every second chapter had the other.
        int turn = lakes.size() % 2 == 0 ? chapter + chapter / lakes.size() : chapter;
        boolean keyed = mode.equals("upsert") || mode.equals("both") && turn % 2 == 1;
        Path folder = Files.createDirectories(lane.data().resolve(topic));
        Verdict verdict;
        try (Surroundings around =
                Surroundings.of(lake, lane.broker(), lane.number(), lanes == 1, folder, lane.logs())) {
            List<FaultKind> kinds = FaultKind.parse(faults).stream()
                    .filter(around::knows)
                    .filter(kind -> keyed || !kind.isOfUpsert())
                    .toList();
            List<List<Strike>> plan = pairs
                    ? Strike.pairs(own, wanted, kinds)
                    : Strike.plan(own, wanted, kinds).stream().map(List::of).toList();
            say(
                    lane,
                    topic,
                    wanted + " faults, " + around.lake() + ", " + (keyed ? "upsert" : "append") + "; alone: --seed "
                            + own + " --rounds " + wanted + " --chapter " + wanted + " --lake " + lake + " --mode "
                            + (keyed ? "upsert" : "append") + " --rate " + rate + (pairs ? " --pairs" : "")
                            + (engine ? " --engine" : "")
                            + " --faults '" + faults
                            + "'");
            Chapter played =
                    new Chapter(around, folder, lane.logs(), topic, keyed, rate, text -> say(lane, topic, text));
            try (Engine beside = engine && lake.equals("s3") ? played.withEngine(own) : null) {
                verdict = played.play(plan);
            }
        }
        lane.tally().add(new Tally.Source(seed, chapter, lake, keyed), verdict);
        if (verdict.isClean()) {
            remove(folder);
        }
        return verdict.complaints();
    }

    private static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void say(Lane lane, String topic, String text) {
        System.out.println(LocalTime.now().withNano(0) + " [lane " + lane.number() + ", " + topic + "] " + text);
    }
}
