package io.firn.deploy.bench;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deploy/bench/kills}: the same kills for Firn and for Connect's sink, and every record counted. */
@Command(
        name = "deploy/bench/kills",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Starts a broker and a producer of flat records at an even rate. Each contender in turn, one process of it,"
                    + " moves them into a table of its own (SQLite catalog, a folder) and is killed by kill -9 again"
                    + " and again, at moments that the seed fixes: half of them some time after its start, half around"
                    + " a commit. It is started again within two seconds each time, with the same configuration.",
            "Then the producer ends, the contender is let finish (until no new snapshot came for a minute), and every"
                    + " record in Kafka is looked for in the table. Kafka takes a killed process for dead after 6 s,"
                    + " whichever it is.",
            "Exit 1 where Firn lost or doubled a record; what the others do is told."
        })
final class KillsBench {
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration COMMIT_LIMIT = Duration.ofSeconds(60);
    private static final Duration QUIET = Duration.ofSeconds(60);
    private static final Duration LAST_LIMIT = Duration.ofMinutes(10);
    private static final int PARTITIONS = 4;
    private static final int MOST_WAIT_MILLIS = 20_000;
    private static final int MOST_DOWN_MILLIS = 2_000;
    private static final String SESSION_MILLIS = Long.toString(BrokerProcess.SESSION_TIMEOUT.toMillis());

    @Option(
            names = "--contenders",
            split = ",",
            paramLabel = "LIST",
            description = "Of firn, connect; ${DEFAULT-VALUE}. Connect's jars are fetched by Maven when first used.")
    List<String> contenders = List.of("firn", "connect");

    @Option(names = "--kills", paramLabel = "N", description = "Of each contender and table; ${DEFAULT-VALUE}.")
    int kills = 16;

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

    /** What one table came to. */
    private record Outcome(String contender, long seed, int kills, BenchTable.Count count) {
        String line() {
            return String.format(
                    Locale.ROOT,
                    "| %s | %d | %d | %,d | %,d | %,d | %d / %d |",
                    contender,
                    seed,
                    kills,
                    count.sent(),
                    count.missing(),
                    count.doubled() + count.foreign(),
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
        System.out.println("\n| contender | seed | kills | records | lost | doubled | unreferenced files left"
                + " (data / metadata) |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        all.forEach(outcome -> System.out.println(outcome.line()));
        return all.stream()
                        .anyMatch(each ->
                                each.contender().equals("firn") && !each.count().isExact())
                ? 1
                : 0;
    }

    private List<Contender> chosen() {
        return contenders.stream().map(KillsBench::contender).toList();
    }

    private static Contender contender(String name) {
        Map<String, String> session = Map.of("session.timeout.ms", SESSION_MILLIS);
        return switch (name) {
            case "firn" -> new FirnContender(session);
            case "connect" -> new ConnectContender(session);
            default -> throw new IllegalArgumentException("no contender that is killed is called " + name);
        };
    }

    private Outcome once(Contender contender, BrokerProcess broker, Path place, long planSeed) throws Exception {
        String topic = place.getFileName().toString();
        broker.createTopic(topic, PARTITIONS, Map.of());
        Random plan = new Random(planSeed);
        try (Lake lake = Lake.local(place);
                EvenProducer producer = new EvenProducer(broker.bootstrap(), topic, PARTITIONS, rate)) {
            Run run = new Run(broker.bootstrap(), Shape.FLAT, topic, 0, lake, place, interval, new BenchOptions());
            contender.before(run);
            BenchTable table = BenchTable.in(lake);
            for (int kill = 0; kill < kills; kill++) {
                try (OsProcess process = contender.start(run)) {
                    if (kill == 0 && afterFirstCommit) {
                        commitAfter(table, 0);
                    }
                    String moment = await(plan, table);
                    process.kill9();
                    System.out.printf(
                            Locale.ROOT,
                            "%s, kill %d of %d, %s: %,d rows in the table%n",
                            topic,
                            kill + 1,
                            kills,
                            moment,
                            table.rows());
                }
                Eventually.pause(Duration.ofMillis(plan.nextInt(MOST_DOWN_MILLIS)));
            }
            try (OsProcess process = contender.start(run)) {
                Eventually.pause(Duration.ofSeconds(interval));
                long sent = producer.stop();
                finish(process, table, sent);
                process.signal("TERM");
                if (!process.awaitExit(Duration.ofSeconds(60))) {
                    process.kill9();
                }
                return new Outcome(contender.name(), planSeed, kills, table.count(sent));
            }
        }
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
        return (atCommit ? "no commit for a minute, and " : "") + wait + " ms after its start";
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

    /** Until the table has everything, or nothing more comes. */
    private static void finish(OsProcess process, BenchTable table, long sent) throws IOException {
        long began = System.nanoTime();
        long last = began;
        long head = table.head();
        while (table.rows() < sent && System.nanoTime() - last < QUIET.toNanos()) {
            if (!process.isAlive() || System.nanoTime() - began > LAST_LIMIT.toNanos()) {
                throw new IOException("it ended or never ends, " + table.rows() + " rows: " + process.tail());
            }
            Eventually.pause(LOOK);
            if (table.head() != head) {
                head = table.head();
                last = System.nanoTime();
            }
        }
    }
}
