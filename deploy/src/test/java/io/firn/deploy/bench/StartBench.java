package io.firn.deploy.bench;

import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deploy/bench/start}: how long a start takes, and how long it is after a {@code kill -9}. */
@Command(
        name = "deploy/bench/start",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Starts a broker with Kafka's defaults for groups and ten thousand flat records, and then the packed service"
                    + " (bin/firn with its archive of classes, SQLite catalog, a folder, commits every second). A round:"
                    + " it starts, reads, commits, is killed by kill -9 at a moment of its own and started again at once;"
                    + " the same beside a second process; and it is killed and does not come back, so that the second"
                    + " takes over.",
            "Ten thousand records are sent after every kill, while the process starts again. Times are from when the process was asked for, or from the"
                    + " kill until the last of these records is committed. Looked at every 5 ms."
        })
final class StartBench {
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration MOST = Duration.ofMinutes(3);
    private static final int PARTITIONS = 4;
    private static final int RECORDS = 10_000;
    private static final String PIPELINE = "orders";

    @Option(names = "--rounds", paramLabel = "N", description = "${DEFAULT-VALUE}.")
    int rounds = 5;

    @Option(names = "--firn-opts", paramLabel = "FLAGS", description = "More flags of Firn's JVM, as FIRN_OPTS.")
    String firnOpts = "";

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    private final Map<String, List<Double>> seconds = new TreeMap<>();

    private StartBench() {}

    public static void main(String[] args) throws Exception {
        StartBench bench = new StartBench();
        if (CommandLines.parsed(bench, args)) {
            bench.run();
        }
    }

    private void run() throws Exception {
        Path directory = Files.createTempDirectory("firn-start").toRealPath();
        FirnContender firn = new FirnContender();
        firn.prepare();
        try (BrokerProcess broker = BrokerProcess.start(
                directory.resolve("kafka"), directory.resolve("logs"), BrokerProcess.Groups.KAFKA_DEFAULTS)) {
            for (int round = 0; round < rounds; round++) {
                Path own = Files.createDirectories(directory.resolve("round-" + round));
                round(firn, broker, own, "start-" + round);
            }
        }
        seconds.forEach((what, all) -> {
            double[] sorted =
                    all.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            System.out.printf(
                    Locale.ROOT,
                    "%s: %.2f (median), %.2f to %.2f%n",
                    what,
                    sorted[sorted.length / 2],
                    sorted[0],
                    sorted[sorted.length - 1]);
        });
    }

    private void round(FirnContender firn, BrokerProcess broker, Path directory, String topic) throws Exception {
        broker.createTopic(topic, PARTITIONS, Map.of());
        BenchOptions options = new BenchOptions();
        // Names of processes are locked in a folder of its own, where nobody else has any.
        options.firnOpts = firnOpts + " -Djava.io.tmpdir=" + Files.createDirectories(directory.resolve("tmp"));
        try (Lake lake = Lake.local(directory)) {
            Run run = new Run(broker.bootstrap(), Shape.FLAT, topic, 0, lake, directory, 1, options);
            Path beside = Files.createDirectories(directory.resolve("beside"));
            Run other = new Run(broker.bootstrap(), Shape.FLAT, topic, 0, lake, beside, 1, options);
            Sent sent = new Sent(
                    broker, topic, CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration()));
            sent.more();
            try (OsProcess process = firn.start(run)) {
                started(process, sent);
                kill(process);
            }
            long killedAlone = System.nanoTime();
            int before = log(run).length();
            try (OsProcess process = firn.start(run)) {
                sent.more();
                stages(process, () -> log(run).substring(before), killedAlone);
                await(process, sent::allCommitted);
                took("6 kill -9, restarted in place, alone: until all is committed, s", killedAlone);
                cpu("6 the same, CPU-s of the process", process);
                try (OsProcess second = firn.start(other)) {
                    await(second, () -> second.output().contains(": assigned [" + topic));
                    kill(process);
                    long killed = System.nanoTime();
                    try (OsProcess again = firn.start(run)) {
                        sent.more();
                        await(again, sent::allCommitted);
                        took("7 kill -9, restarted in place, beside another: until all is committed, s", killed);
                        kill(again);
                        long gone = System.nanoTime();
                        sent.more();
                        await(second, sent::allCommitted);
                        took("8 kill -9, taken over by another: until all is committed, s", gone);
                    }
                    second.signal("TERM");
                    if (!second.awaitExit(Duration.ofSeconds(60)) || second.exitCode() != 0) {
                        throw new IOException("it does not end in order: " + second.tail());
                    }
                }
            }
        }
    }

    private void started(OsProcess process, Sent sent) throws IOException {
        long began = System.nanoTime();
        await(process, () -> process.output().contains("HTTP on port"));
        took("1 start until HTTP answers, s", began);
        await(process, () -> process.output().contains(": reading, "));
        took("2 start until the first record, s", began);
        cpu("3 start until the first record, CPU-s", process);
        await(process, () -> sent.committed() > 0);
        took("4 start until the first commit, s", began);
        cpu("5 start until the first commit, CPU-s", process);
    }

    /** Where the time goes: what the log of the restarted process says, and when. */
    private void stages(OsProcess process, Supplier<String> log, long killed) throws IOException {
        Map<String, String> stages = new LinkedHashMap<>();
        stages.put("6 of which until the JVM runs Firn", " instance ");
        stages.put("6 of which until HTTP answers", "HTTP on port");
        stages.put("6 of which until it has partitions", ": assigned [");
        stages.put("6 of which until the first record", ": reading, ");
        for (Map.Entry<String, String> stage : stages.entrySet()) {
            await(process, () -> log.get().contains(stage.getValue()));
            took(stage.getKey() + ", s", killed);
        }
    }

    private static String log(Run run) {
        try {
            return Files.readString(run.directory().resolve("firn.log"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** At a moment that has nothing to do with its commits. */
    private static void kill(OsProcess process) {
        LockSupport.parkNanos((long) (Math.random() * 2e9));
        process.kill9();
    }

    /** What was sent to the topic, and how much of it the table has. */
    private static final class Sent {
        private final BrokerProcess broker;
        private final String topic;
        private final Catalog catalog;
        private long records;

        Sent(BrokerProcess broker, String topic, Catalog catalog) {
            this.broker = broker;
            this.topic = topic;
            this.catalog = catalog;
        }

        void more() {
            send(broker, topic, records);
            records += RECORDS;
        }

        /** Records below the ledger; none where there is no table yet. */
        long committed() {
            TableIdentifier name = TableIdentifier.of(Run.NAMESPACE, Run.TABLE);
            if (!catalog.tableExists(name)) {
                return 0;
            }
            LedgerState state = LedgerReader.read(catalog.loadTable(name));
            return state.fold(
                    present -> present.ledger().partitions(PIPELINE).values().stream()
                            .mapToLong(PartitionEntry::next)
                            .sum(),
                    fresh -> 0L,
                    unknown -> 0L);
        }

        boolean allCommitted() {
            return committed() == records;
        }
    }

    private static void send(BrokerProcess broker, String topic, long from) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            StringBuilder scratch = new StringBuilder();
            for (long n = from; n < from + RECORDS; n++) {
                producer.send(new ProducerRecord<>(topic, (int) (n % PARTITIONS), null, Shape.FLAT.record(scratch, n)));
            }
        }
    }

    private void took(String what, long began) {
        add(what, (System.nanoTime() - began) / 1e9);
    }

    private void cpu(String what, OsProcess process) throws IOException {
        add(what, ProcessFigures.of(process.pid()).cpuSeconds());
    }

    private void add(String what, double value) {
        seconds.computeIfAbsent(what, fresh -> new ArrayList<>()).add(value);
        System.out.printf(Locale.ROOT, "%s: %.2f%n", what, value);
    }

    private static void await(OsProcess process, BooleanSupplier condition) throws IOException {
        long end = System.nanoTime() + MOST.toNanos();
        while (!condition.getAsBoolean()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IOException("it ended, or what is waited for never comes: " + process.tail());
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }
}
