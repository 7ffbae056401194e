package io.firn.deploy.chaos;

import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.TrinoServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Another engine at the same table while faults are met: Trino, which asks whether a row is there twice, rewrites small
 * files, and, of a table of all records, deletes some. It reaches catalog and store by no network of a plan's, so only
 * a server that is away keeps it from its work. Safe for use by several threads.
 */
final class Engine implements AutoCloseable {
    private static final String CATALOG = "lake";
    private static final Duration PAUSE = Duration.ofMillis(700);
    private static final int ROWS_A_DELETE = 3;

    private final TrinoServer trino;
    private final String table;
    private final boolean keyed;
    private final Supplier<Map<Integer, Long>> ledger;
    private final Consumer<String> log;
    private final Random random;
    private final Set<String> surely = new TreeSet<>();
    private final Set<String> asked = new TreeSet<>();
    private final List<String> wrong = new ArrayList<>();
    private final Thread thread = new Thread(this::work, "engine");
    private volatile boolean ending;
    private int queries;
    private int rewrites;
    private int deletes;
    private int refused;

    /**
     * Starts the server; returns when it answers.
     *
     * @param lake a REST catalog's properties, files in S3
     * @param table with the namespace
     * @param keyed whether it has a row a key: then no row is deleted, since the next record of the key brings it back
     * @param ledger as it is now
     */
    Engine(
            Map<String, String> lake,
            String table,
            boolean keyed,
            long seed,
            Path directory,
            Path logs,
            Supplier<Map<Integer, Long>> ledger,
            Consumer<String> log) {
        this.trino = TrinoServer.start(directory.resolve("trino"), logs, Map.of(CATALOG, TrinoServer.restAndS3(lake)));
        this.table = CATALOG + "." + table;
        this.keyed = keyed;
        this.ledger = ledger;
        this.log = log;
        this.random = new Random(seed);
        this.thread.setDaemon(true);
    }

    /** The table has to be there. */
    void begin() {
        thread.start();
    }

    @SuppressWarnings("IllegalCatch") // a server that is away says so in many ways
    private void work() {
        while (!ending) {
            int turn = random.nextInt(keyed ? 4 : 6);
            try {
                switch (turn) {
                    case 0 -> rewrite();
                    case 1, 2, 3 -> query();
                    default -> delete();
                }
            } catch (AssertionError | RuntimeException refusal) {
                // Another commit was there first, or a server is away.
                refused++;
            }
            Eventually.pause(PAUSE);
        }
    }

    /** One snapshot has each record, or each key, once, whatever is going on around it. */
    private void query() {
        String identity = keyed ? "order_id" : "_source_partition * 10000000000 + _source_offset";
        List<String> counts = trino.query("select count(*), count(distinct " + identity + ") from " + table)
                .get(0);
        queries++;
        if (!counts.get(0).equals(counts.get(1))) {
            tell("a query saw " + counts.get(0) + " rows of " + counts.get(1) + " that differ");
        }
    }

    private void rewrite() {
        trino.query("alter table " + table + " execute optimize(file_size_threshold => '10MB')");
        rewrites++;
    }

    private void delete() {
        Map<Integer, Long> next = ledger.get();
        List<Integer> partitions = new ArrayList<>(next.keySet());
        if (partitions.isEmpty()) {
            return;
        }
        int partition = partitions.get(random.nextInt(partitions.size()));
        long end = next.getOrDefault(partition, 0L) - ROWS_A_DELETE;
        if (end <= 0) {
            return;
        }
        long first = random.nextLong(end);
        Set<String> rows = new TreeSet<>();
        for (long offset = first; offset < first + ROWS_A_DELETE; offset++) {
            rows.add(partition + ":" + offset);
        }
        synchronized (this) {
            asked.addAll(rows);
        }
        trino.query("delete from " + table + " where _source_partition = " + partition + " and _source_offset >= "
                + first + " and _source_offset < " + (first + ROWS_A_DELETE));
        deletes++;
        synchronized (this) {
            surely.addAll(rows);
        }
    }

    private synchronized void tell(String what) {
        wrong.add(what);
    }

    /** Lets it finish what it is about. @return what it saw that must not be */
    List<String> end() {
        ending = true;
        try {
            thread.join(Duration.ofMinutes(3).toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            if (thread.isAlive()) {
                wrong.add("the other engine does not come to an end: " + trino.tail());
            }
            if (queries == 0 || rewrites == 0 || !keyed && deletes == 0) {
                wrong.add("the other engine did nothing of a kind: " + done());
            }
            log.accept("the other engine: " + done());
            return List.copyOf(wrong);
        }
    }

    private String done() {
        return queries + " queries, " + rewrites + " rewrites, " + deletes + " deletes, " + refused
                + " statements that failed";
    }

    /** What it deleted so far. */
    synchronized Removed removed() {
        return new Removed(
                Collections.unmodifiableSet(new TreeSet<>(surely)), Collections.unmodifiableSet(new TreeSet<>(asked)));
    }

    @Override
    public void close() {
        ending = true;
        trino.close();
    }
}
