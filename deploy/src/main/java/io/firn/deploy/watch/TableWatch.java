package io.firn.deploy.watch;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.upsert.UpsertSet;
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

        /** Returns what is wrong with the tables together; {@code tables} are those that are there, by name. */
        default Optional<FirnException> refusal(Map<String, Table> tables) {
            return Optional.empty();
        }
    }

    /**
     * Opens the tables of an upsert pipeline, which have to be one set.
     *
     * @param keyed name of the keyed table
     */
    public record SetOpening(Tables catalog, String keyed) implements Opening {
        @Override
        public Optional<Table> open(String name) {
            return catalog.open(name);
        }

        @Override
        public Optional<FirnException> refusal(Map<String, Table> tables) {
            return UpsertSet.read(name -> Optional.ofNullable(tables.get(name)), keyed)
                    .refusal();
        }
    }

    /** The catalog answers that there is no such table. */
    private static final class MissingTableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MissingTableException() {
            super("the table does not exist (any more); restore it, or restart the pipeline");
        }
    }

    private final List<String> names;
    private final Opening opening;
    private final BooleanSupplier opened;
    private final PipelineHealth health;
    private final Clock clock;
    private final Map<String, Table> handles = new HashMap<>();
    private final Map<String, Outage> outages = new HashMap<>();
    private final Outage set;
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
        this.set = new Outage("pipeline " + pipeline + ", its tables", LOG::warn, health.outageOf("tables"));
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
        boolean allAnswered = true;
        for (String name : names) {
            Outage outage = Objects.requireNonNull(outages.get(name));
            try (PipelineHealth.Call call = health.begin(component(name), "looking at the table", PATIENCE)) {
                look(name);
                outage.over();
            } catch (RuntimeException | Error failed) {
                handles.remove(name);
                allAnswered &= failed instanceof MissingTableException;
                outage.met(FailureText.of(failed));
            }
        }
        if (allAnswered) {
            lookAtSet();
        }
    }

    /** Reports a table of a set that is missing or foreign in the words of the start. */
    @SuppressWarnings("IllegalCatch") // as above
    private void lookAtSet() {
        try {
            Optional<FirnException> refusal = opening.refusal(handles);
            if (refusal.isPresent()) {
                set.met(FailureText.of(refusal.get()));
            } else {
                set.over();
            }
        } catch (RuntimeException | Error failed) {
            set.met(FailureText.of(failed));
        }
    }

    private void look(String name) {
        Table table = handles.get(name);
        if (table == null) {
            table = opening.open(name).orElseThrow(MissingTableException::new);
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
