package io.firn.deploy.bench;

import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code deploy/bench/freshness}: from a record's timestamp to a snapshot that shows it. */
@Command(
        name = "deploy/bench/freshness",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Starts a broker and the packed service, produces flat records at an even rate, and takes for every 500th"
                    + " record the time from its timestamp until the catalog shows a snapshot with it (looked at every"
                    + " 10 ms). Producer, broker, service and this watcher share the machine.",
            "The first ten seconds, in which all three JVMs are cold, do not count; the rest of the first minute is in"
                    + " one of the two last lines and not in the other. Prints a line every ten seconds: how it"
                    + " went since the last one, and CPU and memory of the service so far."
        })
final class FreshnessBench {
    private static final Duration LOOK = Duration.ofMillis(10);
    private static final Duration STEP = Duration.ofMillis(5);
    private static final Duration LINE = Duration.ofSeconds(10);
    private static final int SAMPLED = 500;
    private static final int COLD_SECONDS = 10;
    private static final Duration WARM_UP = Duration.ofMinutes(1);
    private static final int PARTITIONS = 4;
    private static final String TOPIC = "flat";

    @Option(names = "--seconds", paramLabel = "N", description = "How long; ${DEFAULT-VALUE}. Goals: 1800.")
    int seconds = 60;

    @Option(names = "--rate", paramLabel = "N", description = "Records a second; ${DEFAULT-VALUE}.")
    int rate = 50_000;

    @Option(names = "--interval", paramLabel = "N", description = "Seconds between commits; ${DEFAULT-VALUE}.")
    int interval = 1;

    @Option(names = "--firn-opts", paramLabel = "FLAGS", description = "More flags of Firn's JVM, as FIRN_OPTS.")
    String firnOpts = "";

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    boolean help;

    /** A record that is waited for. */
    private record Sample(long offset, long millis) {}

    private final List<Queue<Sample>> produced = new ArrayList<>();
    private final List<ArrayDeque<Sample>> waiting = new ArrayList<>();
    private final List<Long> delays = new ArrayList<>();
    /** Where in the list the last line's delays end, and those of the first minute. */
    private int told;

    private int firstMinute;

    private final AtomicReference<@Nullable Exception> failed = new AtomicReference<>();
    private volatile boolean producing = true;

    private FreshnessBench() {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            produced.add(new ConcurrentLinkedQueue<>());
            waiting.add(new ArrayDeque<>());
        }
    }

    public static void main(String[] args) throws Exception {
        FreshnessBench bench = new FreshnessBench();
        if (CommandLines.parsed(bench, args)) {
            bench.run();
        }
    }

    private void run() throws Exception {
        Path directory = Files.createTempDirectory("firn-freshness").toRealPath();
        FirnContender firn = new FirnContender();
        firn.prepare();
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"), directory.resolve("logs"));
                Lake lake = Lake.local(directory)) {
            broker.createTopic(TOPIC, PARTITIONS, Map.of());
            BenchOptions options = new BenchOptions();
            options.firnOpts = firnOpts;
            Run run = new Run(broker.bootstrap(), Shape.FLAT, TOPIC, 0, lake, directory, interval, options);
            try (OsProcess service = firn.start(run)) {
                Table table = opened(lake, service);
                Thread producer = new Thread(() -> produce(broker.bootstrap()), "producer");
                producer.start();
                watch(table, service);
                producer.join();
                report(table, ProcessFigures.of(service.pid()));
                service.signal("TERM");
                service.awaitExit(Duration.ofSeconds(60));
            }
        }
    }

    private static Table opened(Lake lake, OsProcess service) {
        Catalog catalog = CatalogUtil.buildIcebergCatalog("firn", lake.properties(), new Configuration());
        TableIdentifier name = TableIdentifier.of(Run.NAMESPACE, Run.TABLE);
        Eventually.holds(
                "the service has made its table",
                Duration.ofSeconds(60),
                () -> catalog.tableExists(name) && catalog.loadTable(name).currentSnapshot() != null,
                service::tail);
        return catalog.loadTable(name);
    }

    private void produce(String bootstrap) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap, "compression.type", "lz4", "linger.ms", "5"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            StringBuilder scratch = new StringBuilder();
            long began = System.nanoTime();
            long sent = 0;
            long all = (long) rate * seconds;
            while (sent < all && failed.get() == null) {
                long due = Math.min(all, (System.nanoTime() - began) * rate / 1_000_000_000L);
                for (; sent < due; sent++) {
                    send(producer, Shape.FLAT.record(scratch, sent), sent);
                }
                Eventually.pause(STEP);
            }
        } finally {
            producing = false;
        }
    }

    private void send(KafkaProducer<byte[], byte[]> producer, byte[] value, long n) {
        int partition = (int) (n % PARTITIONS);
        long millis = System.currentTimeMillis();
        boolean sampled = n / PARTITIONS % SAMPLED == 0 && n >= (long) rate * COLD_SECONDS;
        producer.send(new ProducerRecord<>(TOPIC, partition, millis, null, value), (metadata, error) -> {
            if (error != null) {
                failed.set(error);
            } else if (sampled) {
                produced.get(partition).add(new Sample(metadata.offset(), millis));
            }
        });
    }

    private void watch(Table table, OsProcess service) throws IOException {
        boolean more = true;
        long began = System.nanoTime();
        long line = began + LINE.toNanos();
        while (more) {
            if (!service.isAlive() || failed.get() != null) {
                throw new IOException("the service or the producer ended: " + service.tail(), failed.get());
            }
            boolean wasProducing = producing;
            table.refresh();
            long now = System.currentTimeMillis();
            Map<SourcePartition, PartitionEntry> visible = LedgerReader.read(table)
                    .fold(
                            present -> present.ledger().partitions("orders"),
                            fresh -> Collections.emptySortedMap(),
                            unknown -> Collections.emptySortedMap());
            visible.forEach((partition, entry) -> settle(partition.partition(), entry.next(), now));
            if (firstMinute == 0 && System.nanoTime() - began >= WARM_UP.toNanos()) {
                firstMinute = delays.size();
            }
            if (System.nanoTime() >= line) {
                line += LINE.toNanos();
                tell(table, ProcessFigures.of(service.pid()));
            }
            more = wasProducing || waiting.stream().anyMatch(each -> !each.isEmpty());
            Eventually.pause(LOOK);
        }
    }

    private void settle(int partition, long next, long now) {
        Queue<Sample> fresh = produced.get(partition);
        ArrayDeque<Sample> queue = waiting.get(partition);
        for (Sample sample = fresh.poll(); sample != null; sample = fresh.poll()) {
            queue.add(sample);
        }
        while (!queue.isEmpty() && queue.peek().offset() < next) {
            delays.add(now - queue.remove().millis());
        }
    }

    /** How it went since the last line. */
    private void tell(Table table, ProcessFigures cost) {
        System.out.println(figures(delays.subList(told, delays.size()), table, cost));
        told = delays.size();
    }

    private void report(Table table, ProcessFigures cost) {
        System.out.printf(
                Locale.ROOT,
                "%,d records a second for %d s, commits every %d s, %.2f CPU-s/M: %s%n",
                rate,
                seconds,
                interval,
                cost.cpuSeconds() * 1e6 / ((double) rate * seconds),
                figures(delays, table, cost));
        if (firstMinute > 0) {
            System.out.println(
                    "but for the first minute: " + figures(delays.subList(firstMinute, delays.size()), table, cost));
        }
    }

    private static String figures(List<Long> delays, Table table, ProcessFigures cost) {
        long[] sorted = delays.stream().mapToLong(Long::longValue).sorted().toArray();
        if (sorted.length == 0) {
            return "nothing became visible";
        }
        return String.format(
                Locale.ROOT,
                "visible after %d ms (p50), %d (p99), %d (most) of %,d samples; %s files, %d snapshots; service:"
                        + " %.1f CPU-s, %d MiB",
                sorted[sorted.length / 2],
                sorted[sorted.length * 99 / 100],
                sorted[sorted.length - 1],
                sorted.length,
                table.currentSnapshot().summary().getOrDefault("total-data-files", "?"),
                ((HasTableOperations) table).operations().current().snapshots().size(),
                cost.cpuSeconds(),
                cost.peakMebibytes());
    }
}
