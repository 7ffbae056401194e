package io.firn.deploy.quickstart;

import io.firn.catalog.Tables;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.StopRequest;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.FoldReport;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.http.HttpService;
import io.firn.ingest.PipelineListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** The main job on this machine alone. */
public final class Quickstart {
    /** How it ended. */
    public enum Outcome {
        DONE,
        DIFFERENCES,
        /** Asked to stop before the audit. */
        STOPPED
    }

    private static final String TABLE = "shop.orders";
    private static final String STAGING = UpsertTables.stagingName(TABLE);
    private static final String LOOPBACK = "127.0.0.1:";
    private static final int USUAL_PORT = 8383;
    private static final Duration PROGRESS = Duration.ofSeconds(1);

    private final Assembly assembly;
    private final StopRequest stop;
    private final Path directory;
    private final long records;
    private final PrintWriter out;

    /** @param directory everything is in there; where an earlier run left something, it goes on from there */
    public Quickstart(Assembly assembly, StopRequest stop, Path directory, long records, PrintWriter out) {
        this.assembly = assembly;
        this.stop = stop;
        this.directory = directory.toAbsolutePath().normalize();
        this.records = records;
        this.out = out;
    }

    /**
     * Runs it to its end.
     *
     * @param exit end once all records are ingested and audited, instead of at a stop request
     * @throws io.firn.catalog.FirnException where the folder is of no use or a part does not start
     */
    public Outcome run(boolean exit) throws InterruptedException {
        try (Folder folder = Folder.open(directory, records)) {
            String listen = listen();
            say(announcement(listen));
            say("Firn quickstart in " + directory + ": starting a Kafka broker");
            try (EmbeddedBroker broker = EmbeddedBroker.start(folder.kafka());
                    OrderStream stream = OrderStream.prepare(broker.bootstrap(), records)) {
                return run(exit, listen, folder, broker, stream);
            }
        }
    }

    private Outcome run(boolean exit, String listen, Folder folder, EmbeddedBroker broker, OrderStream stream)
            throws InterruptedException {
        Guide guide = guide(folder, broker.bootstrap());
        Path file = configuration(folder, guide, listen);
        Configuration configuration = assembly.configuration(file);
        if (stream.first() > 0) {
            say(String.format(
                    Locale.ROOT,
                    "Going on after the %,d orders of earlier runs; to begin anew, delete %s or name another "
                            + "with --dir",
                    stream.first(),
                    directory));
        }
        say(String.format(
                Locale.ROOT,
                "Kafka is at %s; producing %,d orders while they are ingested",
                broker.bootstrap(),
                records));
        stream.start();
        String address;
        try (Service service = Service.start(assembly, configuration, PipelineListener.NONE);
                HttpService http = HttpService.start(configuration.http(), service, assembly.clock())) {
            address = "http://" + LOOPBACK + http.port();
            say("Page at " + address + " (in a browser; it asks for the token in "
                    + guide.secrets().operator()
                    + "); status at " + address + "/v1/status, the tables by Iceberg's REST protocol at " + address
                    + "/iceberg");
            boolean stopped = service.awaitOpened(stop) || ingest(service, stream, configuration);
            if (!stopped && !exit) {
                guide.print(file, address, out);
                say("Running until Ctrl-C");
                while (!service.await(stop, Duration.ofMinutes(1))) {
                    // Kafka, tables and service stay there to be looked at.
                    continue;
                }
            }
            if (stop.isRequested()) {
                say("Stopping: committing what is buffered");
            }
            service.stop(Service.STOP_TIME);
        }
        if (stop.isRequested()) {
            say("Stopped" + (exit ? " before the audit" : "") + "; the same command goes on from here");
            return exit ? Outcome.STOPPED : Outcome.DONE;
        }
        return audit(configuration, file, guide, address);
    }

    /** @return whether a stop was requested before all records were in the keyed table */
    private boolean ingest(Service service, OrderStream stream, Configuration configuration)
            throws InterruptedException {
        Instant begun = assembly.clock().instant();
        Catalog catalog = assembly.catalog(configuration);
        try {
            Table table = new Tables(catalog).open(STAGING).orElseThrow();
            Table keyed = new Tables(catalog).open(TABLE).orElseThrow();
            long before = ingested(table);
            while (true) {
                if (service.await(stop, PROGRESS)) {
                    return true;
                }
                table.refresh();
                keyed.refresh();
                long now = ingested(table);
                long merged = ingested(keyed);
                double seconds =
                        Duration.between(begun, assembly.clock().instant()).toMillis() / 1000.0;
                long inKafka = stream.first() + stream.produced();
                say(String.format(
                        Locale.ROOT,
                        "%5.1f s  produced %,d  ingested %,d  %,.0f rows/s  lag %,d  merged %,d  last commit %s",
                        seconds,
                        stream.produced(),
                        now - before,
                        (now - before) / seconds,
                        Math.max(0, inKafka - now),
                        Math.max(0, merged - before),
                        lastCommit(table)));
                if (stream.isComplete() && now >= inKafka && merged >= inKafka) {
                    return false;
                }
            }
        } finally {
            Service.close(catalog);
        }
    }

    private static String lastCommit(Table table) {
        return table.currentSnapshot() == null
                ? "none yet"
                : Instant.ofEpochMilli(table.currentSnapshot().timestampMillis())
                        .toString();
    }

    private static long ingested(Table table) {
        LedgerState state = LedgerReader.read(table);
        if (!(state instanceof LedgerState.Present)) {
            return 0;
        }
        return ((LedgerState.Present) state)
                .ledger().partitions(OrderStream.TOPIC).values().stream()
                        .mapToLong(PartitionEntry::next)
                        .sum();
    }

    private Outcome audit(Configuration configuration, Path file, Guide guide, String address) {
        say("Auditing: staging against Kafka, offset by offset, and the keyed table against staging, key by key");
        Catalog catalog = assembly.catalog(configuration);
        try {
            PipelineConfig pipeline =
                    Objects.requireNonNull(configuration.pipelines().get(OrderStream.TOPIC));
            AuditReport report = new PipelineAudit(
                            catalog,
                            OrderStream.TOPIC,
                            pipeline,
                            configuration,
                            new Progress(assembly.clock(), this::say),
                            PipelineAudit.Depth.SOURCE_COLUMNS)
                    .run();
            report.print(out);
            FoldReport fold = report.fold().orElseThrow();
            say(String.format(
                    Locale.ROOT,
                    "%n%s  %,d rows, one a record%n%s  %,d rows, one a key; %,d keys are deleted%n%s_latest  %,d rows:"
                            + " everything is merged",
                    STAGING,
                    fold.staged() + fold.unmerged(),
                    TABLE,
                    fold.rows(),
                    fold.deleted(),
                    TABLE,
                    fold.rows()));
            guide.print(file, address, out);
            return report.isClean() ? Outcome.DONE : Outcome.DIFFERENCES;
        } finally {
            Service.close(catalog);
        }
    }

    private Guide guide(Folder folder, String bootstrap) {
        try {
            return new Guide(directory, bootstrap, Secrets.in(folder));
        } catch (IOException failed) {
            throw Folder.unusable(directory, failed);
        }
    }

    private Path configuration(Folder folder, Guide guide, String listen) {
        try {
            return folder.write("firn.yaml", guide.configuration(listen));
        } catch (IOException failed) {
            throw Folder.unusable(directory, failed);
        }
    }

    /** The usual port; where it is taken, as by another quickstart, any. */
    private static String listen() {
        try (ServerSocket usual = new ServerSocket(USUAL_PORT, 1, InetAddress.getLoopbackAddress())) {
            return LOOPBACK + usual.getLocalPort();
        } catch (IOException taken) {
            return LOOPBACK + 0;
        }
    }

    /** The first thing that is said: where to look. */
    static String announcement(String listen) {
        return listen.endsWith(":" + USUAL_PORT)
                ? "The page will be at http://" + listen + " in some seconds"
                : "Port " + USUAL_PORT + " is in use: the page gets another port, which is printed in some seconds";
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
