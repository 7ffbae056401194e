package io.firn.deploy.bench;

import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.deploy.rig.BrokerProcess;
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
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
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
            "Starts a broker with ten thousand flat records, and then the packed service (bin/firn with its archive of"
                    + " classes, SQLite catalog, a folder, commits every second) so many times. A round: it starts,"
                    + " reads, commits, is killed by kill -9 at a moment of its own, and is started again at once.",
            "Times are from when the process was asked for, of the second start from the kill. Looked at every 5 ms."
        })
final class StartBench {
    private static final Duration LOOK = Duration.ofMillis(5);
    private static final Duration MOST = Duration.ofMinutes(3);
    private static final int PARTITIONS = 4;
    private static final int RECORDS = 10_000;
    private static final String PIPELINE = "orders";

    @Option(names = "--rounds", paramLabel = "N", description = "${DEFAULT-VALUE}.")
    int rounds = 5;

    @Option(
            names = "--session-seconds",
            paramLabel = "N",
            description = "Kafka's session.timeout.ms, which a killed process's partitions wait for; ${DEFAULT-VALUE}.")
    int sessionSeconds = 6;

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
        FirnContender firn = new FirnContender(Map.of("session.timeout.ms", Integer.toString(sessionSeconds * 1000)));
        firn.prepare();
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), directory.resolve("logs"))) {
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
        options.firnOpts = firnOpts;
        send(broker, topic, 0);
        try (Lake lake = Lake.local(directory)) {
            Run run = new Run(broker.bootstrap(), Shape.FLAT, topic, 0, lake, directory, 1, options);
            Catalog catalog = CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration());
            long began = System.nanoTime();
            try (OsProcess process = firn.start(run)) {
                await(process, () -> process.output().contains("HTTP on port"));
                took("1 start until HTTP answers, s", began);
                await(process, () -> process.output().contains(": reading, "));
                took("2 start until the first record, s", began);
                cpu("3 start until the first record, CPU-s", process);
                await(process, () -> committed(catalog) > 0);
                took("4 start until the first commit, s", began);
                cpu("5 start until the first commit, CPU-s", process);
                LockSupport.parkNanos((long) (Math.random() * 2e9));
                process.kill9();
            }
            long killed = System.nanoTime();
            send(broker, topic, RECORDS);
            long before = committed(catalog);
            try (OsProcess process = firn.start(run)) {
                await(process, () -> committed(catalog) > before);
                took(
                        "6 kill -9 until the first new commit, less Kafka's session, s",
                        killed + sessionSeconds * 1_000_000_000L);
                process.signal("TERM");
                if (!process.awaitExit(Duration.ofSeconds(60)) || process.exitCode() != 0) {
                    throw new IOException("it does not end in order: " + process.tail());
                }
            }
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

    /** Records below the ledger; none where there is no table yet. */
    private static long committed(Catalog catalog) {
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
}
