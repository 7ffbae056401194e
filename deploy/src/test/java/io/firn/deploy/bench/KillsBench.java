package io.firn.deploy.bench;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deploy/bench/kills}: the same kills for Firn and for Connect's sink, and every record counted. */
@Command(
        name = "deploy/bench/kills",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Starts a broker and a producer of flat records at an even rate. Each contender in turn moves them into a"
                    + " table of its own, and a process of it is killed by kill -9 or frozen by SIGSTOP again and"
                    + " again, at moments that the seed fixes: half of them some time after the last one, half around"
                    + " a commit. A killed process is started again within two seconds, with the same configuration;"
                    + " a frozen one goes on after up to 20 s.",
            "One process of Firn, or one of Connect in its standalone form, writes to a folder with a SQLite catalog."
                    + " With --processes, so many of Firn share the topic, or so many workers of distributed Connect"
                    + " with as many tasks, and the catalog is in PostgreSQL. What ends by itself, or fails without"
                    + " coming back (a task of Connect's), is started again and counted.",
            "Then the producer ends, and the contender is let finish until no new rows came for 90 s; where some are"
                    + " missing then, all of it is started again and let finish once more. Every record in Kafka is"
                    + " looked for in the table. Kafka takes a killed process for dead after 6 s, whichever it is.",
            "Exit 1 where Firn lost or doubled a record; what the others do is told."
        })
final class KillsBench {
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration GLANCE = Duration.ofMillis(5);
    private static final Duration COMMIT_LIMIT = Duration.ofSeconds(60);
    private static final Duration QUIET = Duration.ofSeconds(90);
    private static final Duration LAST_LIMIT = Duration.ofMinutes(10);
    private static final int PARTITIONS = 4;
    private static final int MOST_WAIT_MILLIS = 20_000;
    private static final int MOST_FROZEN_MILLIS = 20_000;
    private static final int MOST_DOWN_MILLIS = 2_000;

    @Option(
            names = "--contenders",
            split = ",",
            paramLabel = "LIST",
            description = "Of firn, connect; ${DEFAULT-VALUE}. Connect's jars are fetched by Maven when first used.")
    List<String> contenders = List.of("firn", "connect");

    @Option(names = "--kills", paramLabel = "N", description = "Of each contender and table; ${DEFAULT-VALUE}.")
    int kills = 16;

    @Option(
            names = "--freezes",
            paramLabel = "N",
            description = "Of each contender and table, among the kills; ${DEFAULT-VALUE}.")
    int freezes;

    @Option(names = "--processes", paramLabel = "N", description = "Of each contender; ${DEFAULT-VALUE}.")
    int processes = 1;

    @Option(
            names = "--tables",
            paramLabel = "N",
            description = "One after the other, all contenders; ${DEFAULT-VALUE}.")
    int tables = 1;

    @Option(names = "--rate", paramLabel = "N", description = "Records a second; ${DEFAULT-VALUE}.")
    int rate = 10_000;

    @Option(names = "--interval", paramLabel = "N", description = "Seconds between commits; ${DEFAULT-VALUE}.")
    int interval = 5;

    @Option(names = "--seed", paramLabel = "N", description = "Of the first table; ${DEFAULT-VALUE}.")
    long seed = 1;

    @Option(
            names = "--after-first-commit",
            description = "The first kill comes after the first commit; else it comes when the plan says.")
    boolean afterFirstCommit;

    @Option(
            names = "--at-first-file",
            arity = "0..1",
            fallbackValue = "1000",
            paramLabel = "MILLIS",
            description = "The first kill comes up to so long (1000) after the first data file is whole, which is"
                    + " around the first commit.")
    @Nullable
    Integer atFirstFile;

    @Option(
            names = "--sink",
            paramLabel = "KEY=VALUE",
            description = "A property of Connect's sink besides those of the bench; may be given again.")
    Map<String, String> sink = new TreeMap<>();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            required = true,
            description = "Where broker, tables and logs go; must be empty or absent.")
    Path directory = Path.of("");

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    private KillsBench() {}

    public static void main(String[] args) throws Exception {
        KillsBench bench = new KillsBench();
        if (CommandLines.parsed(bench, args)) {
            try {
                bench.chosen();
            } catch (IllegalArgumentException unknown) {
                CommandLines.refuse(bench, String.valueOf(unknown.getMessage()));
            }
            System.exit(bench.run());
        }
    }

    /**
     * What one table came to.
     *
     * @param mended what had to be started again without the plan's doing
     * @param stood whether rows were missing until all of it was started again
     */
    private record Outcome(
            String contender, long seed, int kills, int freezes, BenchTable.Count count, int mended, boolean stood) {
        static final String HEAD = "| contender | seed | kills / freezes | records | lost | doubled | started again"
                + " | stood still | unreferenced files left (data / metadata) |\n"
                + "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |";

        String line() {
            return String.format(
                    Locale.ROOT,
                    "| %s | %d | %d / %d | %,d | %,d | %,d | %d | %s | %d / %d |",
                    contender,
                    seed,
                    kills,
                    freezes,
                    count.sent(),
                    count.missing(),
                    count.doubled() + count.foreign(),
                    mended,
                    stood ? "yes" : "no",
                    count.strayData(),
                    count.strayMetadata());
        }
    }

    private int run() throws Exception {
        List<Contender> chosen = chosen();
        for (Contender contender : chosen) {
            contender.prepare();
        }
        Path own = Files.createDirectories(directory).toRealPath();
        List<Outcome> all = new ArrayList<>();
        try (BrokerProcess broker = BrokerProcess.start(own.resolve("kafka"), own.resolve("logs"))) {
            for (int table = 0; table < tables; table++) {
                for (Contender contender : chosen) {
                    Path place = Files.createDirectories(own.resolve(contender.name() + "-" + table));
                    Outcome outcome = once(contender, broker, place, seed + table);
                    all.add(outcome);
                    System.out.println(outcome.line());
                }
            }
        }
        System.out.println("\n" + Outcome.HEAD);
        all.forEach(outcome -> System.out.println(outcome.line()));
        return all.stream()
                        .anyMatch(each ->
                                each.contender().equals("firn") && !each.count().isExact())
                ? 1
                : 0;
    }

    /** @throws IllegalArgumentException where something was asked for that cannot be */
    private List<Contender> chosen() {
        if (processes < 1 || kills < 0 || freezes < 0) {
            throw new IllegalArgumentException("--processes is 1 or more, --kills and --freezes 0 or more");
        }
        if (atFirstFile != null && (atFirstFile < 1 || afterFirstCommit || kills == 0)) {
            throw new IllegalArgumentException(
                    "--at-first-file wants 1 ms or more and a kill, and not --after-first-commit");
        }
        if (!sink.isEmpty() && !contenders.contains("connect")) {
            throw new IllegalArgumentException("--sink is for Connect's sink, and connect is not among --contenders");
        }
        return contenders.stream().map(this::contender).toList();
    }

    private Contender contender(String name) {
        Map<String, String> session = Map.of("session.timeout.ms", BrokerProcess.SESSION_MILLIS);
        return switch (name) {
            case "firn" -> new FirnContender(session);
            case "connect" ->
                processes == 1
                        ? new ConnectContender(session, sink)
                        : new ConnectGroupContender(processes, session, sink);
            default -> throw new IllegalArgumentException("no contender that is killed is called " + name);
        };
    }

    private Outcome once(Contender contender, BrokerProcess broker, Path place, long planSeed) throws Exception {
        String topic = place.getFileName().toString();
        broker.createTopic(topic, PARTITIONS, Map.of());
        Random plan = new Random(planSeed);
        try (Lake lake = processes == 1 ? Lake.local(place) : Lake.postgres(place);
                EvenProducer producer = new EvenProducer(broker.bootstrap(), topic, PARTITIONS, rate)) {
            Run run = new Run(broker.bootstrap(), Shape.FLAT, topic, 0, lake, place, interval, new BenchOptions());
            contender.before(run);
            BenchTable table = BenchTable.in(lake);
            try (Attended group = new Attended(contender, run, processes)) {
                if (afterFirstCommit) {
                    commitAfter(table, 0);
                }
                int faults = kills + freezes;
                for (int fault = 0; fault < faults; fault++) {
                    // So many freezes, evenly among the kills.
                    boolean freezing = (fault + 1) * freezes / faults > fault * freezes / faults;
                    String moment = fault == 0 && atFirstFile != null
                            ? awaitFirstFile(plan, table, atFirstFile)
                            : await(plan, table);
                    String what = strike(group, freezing, plan);
                    System.out.printf(
                            Locale.ROOT,
                            "%s, fault %d of %d, %s, %s: %,d rows in the table%n",
                            topic,
                            fault + 1,
                            faults,
                            moment,
                            what,
                            table.rows());
                }
                Eventually.pause(Duration.ofSeconds(interval));
                long sent = producer.stop();
                boolean stood = !settled(table, sent);
                if (stood) {
                    System.out.printf(Locale.ROOT, "%s: %,d of %,d rows; again%n", topic, table.rows(), sent);
                    group.restartAll();
                    settled(table, sent);
                }
                group.end();
                return new Outcome(
                        contender.name(), planSeed, kills, freezes, table.count(sent), group.mended(), stood);
            }
        }
    }

    /** @return what it did, in words */
    private String strike(Attended group, boolean freezing, Random plan) throws IOException {
        int victim = plan.nextInt(processes);
        if (freezing) {
            int span = plan.nextInt(MOST_FROZEN_MILLIS);
            group.freeze(victim, Duration.ofMillis(span));
            return "process " + victim + " frozen for " + span + " ms";
        }
        int down = plan.nextInt(MOST_DOWN_MILLIS);
        group.kill(victim, Duration.ofMillis(down));
        return "process " + victim + " killed, away for " + down + " ms";
    }

    /** @return what it waited for, in words */
    private String await(Random plan, BenchTable table) {
        boolean atCommit = plan.nextBoolean();
        int wait = plan.nextInt(MOST_WAIT_MILLIS);
        // Around the commit after the one that is seen: from one second before it is due to one after.
        int aroundNext = interval * 1000 - 1000 + plan.nextInt(2000);
        if (atCommit && commitAfter(table, table.head())) {
            Eventually.pause(Duration.ofMillis(aroundNext));
            return aroundNext + " ms after a commit";
        }
        Eventually.pause(Duration.ofMillis(wait));
        return (atCommit ? "no commit for a minute, and " : "") + wait + " ms after the last fault";
    }

    /** @return what it waited for, in words */
    private static String awaitFirstFile(Random plan, BenchTable table, int mostMillis) throws IOException {
        long end = System.nanoTime() + COMMIT_LIMIT.toNanos();
        while (!table.hasDataFile()) {
            if (System.nanoTime() > end) {
                throw new IOException("no data file within " + COMMIT_LIMIT);
            }
            Eventually.pause(GLANCE);
        }
        int wait = plan.nextInt(mostMillis);
        Eventually.pause(Duration.ofMillis(wait));
        // Not by the first snapshot: Firn's own has where partitions begin, and no rows.
        return wait + " ms after the first data file, " + (table.rows() == 0 ? "before" : "after")
                + " the first rows were committed";
    }

    /** @return whether there was one in time */
    private static boolean commitAfter(BenchTable table, long head) {
        long end = System.nanoTime() + COMMIT_LIMIT.toNanos();
        while (table.head() == head) {
            if (System.nanoTime() > end) {
                return false;
            }
            Eventually.pause(LOOK);
        }
        return true;
    }

    /** Until the table has as many rows and no more come, or nothing more comes. @return whether it has as many */
    private boolean settled(BenchTable table, long sent) throws IOException {
        long began = System.nanoTime();
        long last = began;
        long rows = table.rows();
        Duration more = Duration.ofSeconds(3L * interval);
        while (System.nanoTime() - last < (rows < sent ? QUIET : more).toNanos()) {
            if (System.nanoTime() - began > LAST_LIMIT.toNanos()) {
                throw new IOException("it never ends, " + rows + " rows of " + sent);
            }
            Eventually.pause(LOOK);
            if (table.rows() != rows) {
                rows = table.rows();
                last = System.nanoTime();
            }
        }
        return rows >= sent;
    }
}
