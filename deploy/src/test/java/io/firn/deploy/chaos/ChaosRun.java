package io.firn.deploy.chaos;

import io.firn.deploy.rig.BrokerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The long form, {@code deploy/chaos/run}: chapter after chapter, each with a lake of its own, until so many faults were
 * met. Ends at the first that is not clean, and leaves everything as it is then.
 */
@Command(
        name = "run",
        description = {
            "Real processes under faults: a broker, a catalog, a store, two Firn processes with networks of their own to",
            "each of them, a steady producer, and a plan that the seed fixes. Prints the plan as it goes on, checks every",
            "table from outside, and ends with a table of what was tried and what came of it. Exit 1 at the first record",
            "that is lost, doubled or not served, or anything else that is not as it must be; all files stay then."
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
                "all, network (those of the networks), or names, as kill, freeze, catalog-answer-lost.",
                "Those that a lake cannot have are left out there. ${DEFAULT-VALUE}."
            })
    private String faults = "all";

    @Option(names = "--mode", paramLabel = "MODE", description = "append, upsert, or both in turn; ${DEFAULT-VALUE}.")
    private String mode = "both";

    @Option(names = "--rate", paramLabel = "N", description = "Records a second; ${DEFAULT-VALUE}.")
    private int rate = 200;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            required = true,
            description = {
                "Where data and logs go. tally.csv in it has a line a fault, and a later run adds to it: table.md is",
                "always of all of them."
            })
    private Path directory = Path.of("");

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    private ChaosRun() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ChaosRun()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        List<FaultKind> kinds = FaultKind.parse(faults);
        Path logs = directory.toAbsolutePath().resolve("logs");
        Tally tally = new Tally(directory.resolve("tally.csv"));
        Path data = Files.createDirectories(directory.toAbsolutePath().resolve("run-" + seed));
        List<String> complaints = new ArrayList<>();
        try (BrokerProcess broker = BrokerProcess.start(data.resolve("kafka"), logs)) {
            int left = rounds;
            for (int chapter = 0; left > 0 && complaints.isEmpty(); chapter++) {
                String lake = lakes.get(chapter % lakes.size());
                int wanted = Math.min(left, chapterRounds);
                complaints.addAll(chapter(broker, data, logs, lake, kinds, chapter, wanted, tally));
                left -= wanted;
                Files.writeString(directory.resolve("table.md"), tally.table());
            }
        }
        System.out.println(tally.table());
        complaints.forEach(System.out::println);
        if (complaints.isEmpty()) {
            remove(data);
        } else {
            System.out.println("NOT CLEAN; everything is in " + data + " and " + logs);
        }
        return complaints.isEmpty() ? 0 : 1;
    }

    private List<String> chapter(
            BrokerProcess broker,
            Path data,
            Path logs,
            String lake,
            List<FaultKind> kinds,
            int chapter,
            int wanted,
            Tally tally)
            throws Exception {
        String topic = "chaos_" + chapter;
        long own = seed + 1_000_003L * chapter;
        boolean keyed = mode.equals("upsert") || mode.equals("both") && chapter % 2 == 1;
        Path folder = Files.createDirectories(data.resolve(topic));
        Verdict verdict;
        try (Surroundings around = Surroundings.of(lake, broker, true, folder, logs)) {
            List<Strike> plan = Strike.plan(
                    own, wanted, kinds.stream().filter(around::knows).toList());
            say(
                    topic,
                    wanted + " faults, " + around.lake() + ", " + (keyed ? "upsert" : "append") + "; alone: --seed "
                            + own + " --rounds " + wanted + " --lake " + lake + " --mode "
                            + (keyed ? "upsert" : "append")
                            + " --faults " + faults);
            verdict = new Chapter(around, folder, logs, topic, keyed, rate, text -> say(topic, text)).play(plan);
        }
        tally.add(own, chapter, lake, verdict);
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

    private static void say(String topic, String text) {
        System.out.println(java.time.LocalTime.now().withNano(0) + " [" + topic + "] " + text);
    }
}
