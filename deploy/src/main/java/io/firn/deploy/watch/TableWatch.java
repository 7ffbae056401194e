package io.firn.deploy.watch;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.PipelineHealth;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.FileIO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Looks at the heads of one pipeline's tables every 5 s, in a thread of its own: asks the catalog for the table and the
 * store for its metadata file. So a catalog or store that is away, and a table that is gone, show within 10 s even
 * while the pipeline has nothing to write. It also keeps what the heads say, for those who show it.
 */
public final class TableWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TableWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);

    /** Together with the interval below the 10 s in which an outage has to show. */
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    /** Opens a table by its name; empty if it does not exist. */
    @FunctionalInterface
    public interface Opening {
        Optional<Table> open(String name);
    }

    private final List<String> names;
    private final Opening opening;
    private final BooleanSupplier opened;
    private final PipelineHealth health;
    private final Clock clock;
    private final Map<String, Table> handles = new HashMap<>();
    private final Map<String, Outage> outages = new HashMap<>();
    private final Map<String, TableHead> heads = new ConcurrentHashMap<>();
    private final Map<String, SeenLedger> ledgers = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /**
     * @param opened whether the pipeline has opened its tables, which are not looked at before
     * @param health receives what is wrong with them
     */
    public TableWatch(
            String pipeline,
            List<String> names,
            Opening opening,
            BooleanSupplier opened,
            PipelineHealth health,
            Clock clock) {
        this.names = List.copyOf(names);
        this.opening = opening;
        this.opened = opened;
        this.health = health;
        this.clock = clock;
        names.forEach(name -> outages.put(
                name,
                new Outage("pipeline " + pipeline + ", table " + name, LOG::warn, health.outageOf(component(name)))));
        this.thread = new Thread(() -> run(pipeline), "firn-" + pipeline + "-watch");
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** Returns by table what was read last; those that were never read are missing. */
    public Map<String, TableHead> heads() {
        return new TreeMap<>(heads);
    }

    /** Returns the table's ledger as it was read last; empty if it has none, or if nobody can tell. */
    public Optional<SeenLedger> ledger(String table) {
        return Optional.ofNullable(ledgers.get(table));
    }

    private void run(String pipeline) {
        MDC.put("pipeline", pipeline);
        try {
            do {
                look();
            } while (!closing.await(INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks at every table once. */
    @SuppressWarnings("IllegalCatch") // catalogs and stores throw what they like; the next look may succeed
    void look() {
        if (!opened.getAsBoolean()) {
            return;
        }
        for (String name : names) {
            Outage outage = Objects.requireNonNull(outages.get(name));
            try (PipelineHealth.Call call = health.begin(component(name), "looking at the table", PATIENCE)) {
                look(name);
                outage.over();
            } catch (RuntimeException | Error failed) {
                handles.remove(name);
                outage.met(FailureText.of(failed));
            }
        }
    }

    private void look(String name) {
        Table table = handles.get(name);
        if (table == null) {
            table = opening.open(name)
                    .orElseThrow(() -> new IllegalStateException(
                            "the table does not exist (any more); restore it, or restart the pipeline"));
            handles.put(name, table);
        } else {
            table.refresh();
        }
        if (table instanceof HasTableOperations) {
            String metadata =
                    ((HasTableOperations) table).operations().current().metadataFileLocation();
            if (metadata != null) {
                requireThere(table.io(), metadata);
            }
        }
        heads.put(name, TableHead.of(table, clock.instant()));
        Optional<SeenLedger> ledger = ledgerOf(table);
        if (ledger.isPresent()) {
            ledgers.put(name, ledger.get());
        } else {
            ledgers.remove(name);
        }
    }

    /** A ledger that cannot be read stops the pipeline, which tells the reason. */
    private Optional<SeenLedger> ledgerOf(Table table) {
        try {
            return LedgerReader.read(table)
                    .fold(
                            present ->
                                    Optional.of(new SeenLedger(Tables.uuid(table), present.ledger(), clock.instant())),
                            fresh -> Optional.of(new SeenLedger(Tables.uuid(table), Ledger.empty(), clock.instant())),
                            unknown -> Optional.empty());
        } catch (FirnException unreadable) {
            LOG.debug("no ledger", unreadable);
            return Optional.empty();
        }
    }

    private static void requireThere(FileIO store, String metadata) {
        if (!store.newInputFile(metadata).exists()) {
            throw new IllegalStateException("the store does not have the table's metadata file " + metadata);
        }
    }

    private static String component(String name) {
        return "table " + name;
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
    }
}
