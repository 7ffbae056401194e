package io.firn.catalog.commit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.ServiceUnavailableException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;
import org.jspecify.annotations.Nullable;

/**
 * A catalog in memory that keeps metadata as objects: fast enough for a simulation. As strict as a real one: every
 * handle from {@link #open} has its own view and a commit swaps only what that view last saw. Faults are verbs; each
 * counts for the next commit of any handle, in the order in which they were asked for.
 */
public final class InMemoryTables {
    private enum Fault {
        LOSE_REPLY,
        LAND_LATE,
        DROP_REQUEST,
        CONFLICT,
        HIDE_SUCCESS
    }

    private record Late(String table, TableMetadata base, TableMetadata updated) {}

    private final Map<String, TableMetadata> tables = new HashMap<>();
    private final Deque<Fault> faults = new ArrayDeque<>();
    private final Deque<Late> late = new ArrayDeque<>();
    private final InMemoryFiles files = new InMemoryFiles();
    private Runnable meanwhile = () -> {};
    private boolean away;
    private int commits;
    private int versions;

    public Table create(String name, Schema schema, PartitionSpec spec, Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        all.putIfAbsent("format-version", "2");
        put(name, TableMetadata.newTableMetadata(schema, spec, SortOrder.unsorted(), "mem://lake/" + name, all));
        return open(name);
    }

    /** A handle of its own, as a process of its own would have it. */
    public Table open(String name) {
        return new BaseTable(new Operations(name, true), name);
    }

    /** A handle that no fault hits. */
    public Table openSpared(String name) {
        return new BaseTable(new Operations(name, false), name);
    }

    /** What the catalog holds now, whatever any handle thinks. */
    public synchronized TableMetadata metadata(String name) {
        TableMetadata metadata = tables.get(name);
        if (metadata == null) {
            throw new NoSuchTableException("Table does not exist: %s", name);
        }
        return metadata;
    }

    public InMemoryFiles files() {
        return files;
    }

    /** How many commits reached a table, faults included. */
    public synchronized int commits() {
        return commits;
    }

    /** The next commit lands, its answer is lost. */
    public synchronized void loseNextReply() {
        faults.add(Fault.LOSE_REPLY);
    }

    /** The next commit's outcome is unknown and it has not landed; {@link #deliverLate} brings it to the table. */
    public synchronized void landLate() {
        faults.add(Fault.LAND_LATE);
    }

    /** The next commit's outcome is unknown and it never lands. */
    public synchronized void dropNextRequest() {
        faults.add(Fault.DROP_REQUEST);
    }

    /** The next commit is refused as a conflict. */
    public synchronized void conflictNext() {
        faults.add(Fault.CONFLICT);
    }

    /** The next commit lands and is reported as a conflict, as by a client that repeated a request of its own. */
    public synchronized void hideNextSuccess() {
        faults.add(Fault.HIDE_SUCCESS);
    }

    /** What others do once the next commit has landed, before its committer hears of it. */
    public synchronized void meanwhile(Runnable story) {
        meanwhile = story;
    }

    /** Faults that were asked for and did not come about are called off. */
    public synchronized void endFaults() {
        faults.clear();
    }

    /** No refresh and no commit gets through until {@link #comeBack}. */
    public synchronized void goAway() {
        away = true;
    }

    public synchronized void comeBack() {
        away = false;
    }

    public synchronized void drop(String name) {
        tables.remove(name);
    }

    /** Puts an older version of a table's metadata in place of what the catalog holds, as a restored catalog does. */
    public synchronized void restore(String name, TableMetadata older) {
        put(name, older);
    }

    /** The oldest commit that is still under way arrives; it lands only if the table has not changed meanwhile. */
    public synchronized boolean deliverLate() {
        Late arrived = late.poll();
        return arrived != null && swap(arrived.table(), arrived.base(), arrived.updated());
    }

    /** How many commits are still under way. */
    public synchronized int late() {
        return late.size();
    }

    private synchronized void put(String name, TableMetadata metadata) {
        versions++;
        String location = "mem://lake/" + name + "/metadata/" + versions + ".metadata.json";
        TableMetadata version = TableMetadata.buildFrom(metadata)
                .discardChanges()
                .withMetadataLocation(location)
                .build();
        TableMetadata before = tables.put(name, version);
        files.addRendered(location, () -> TableMetadataParser.toJson(version).getBytes(StandardCharsets.UTF_8));
        if (before != null) {
            cleanUp(before, version);
        }
    }

    /** A version that left the metadata log is out of everyone's sight. */
    private void cleanUp(TableMetadata before, TableMetadata version) {
        Set<String> log = new HashSet<>();
        version.previousFiles().forEach(entry -> log.add(entry.file()));
        before.previousFiles().stream()
                .map(TableMetadata.MetadataLogEntry::file)
                .filter(file -> !log.contains(file))
                .forEach(files::removeRendered);
    }

    private boolean swap(String name, TableMetadata base, TableMetadata updated) {
        if (tables.get(name) != base) {
            return false;
        }
        put(name, updated);
        return true;
    }

    private synchronized void commitSpared(String name, TableMetadata base, TableMetadata updated) {
        metadata(name);
        if (!swap(name, base, updated)) {
            throw new CommitFailedException("the table has changed");
        }
    }

    private synchronized void commit(String name, TableMetadata base, TableMetadata updated) {
        if (away) {
            throw new CommitStateUnknownException(new ServiceUnavailableException("the catalog is away"));
        }
        metadata(name);
        commits++;
        Fault fault = faults.poll();
        if (fault == Fault.CONFLICT) {
            throw new CommitFailedException("conflict on demand");
        }
        if (fault == Fault.LAND_LATE) {
            late.add(new Late(name, base, updated));
        }
        if (fault == Fault.LAND_LATE || fault == Fault.DROP_REQUEST) {
            throw new CommitStateUnknownException(new ServiceUnavailableException("no answer"));
        }
        boolean landed = swap(name, base, updated);
        if (landed) {
            Runnable story = meanwhile;
            meanwhile = () -> {};
            story.run();
        }
        if (!landed || fault == Fault.HIDE_SUCCESS) {
            throw new CommitFailedException("the table has changed");
        }
        if (fault == Fault.LOSE_REPLY) {
            throw new CommitStateUnknownException(new ServiceUnavailableException("the answer was lost"));
        }
    }

    private synchronized TableMetadata load(String name) {
        if (away) {
            throw new ServiceUnavailableException("the catalog is away");
        }
        return metadata(name);
    }

    private final class Operations implements TableOperations {
        private final String name;
        private final boolean faulty;
        private @Nullable TableMetadata current;
        private final String uuid;

        Operations(String name, boolean faulty) {
            this.name = name;
            this.faulty = faulty;
            // As a catalog opens a table: with its metadata.
            this.current = metadata(name);
            this.uuid = current.uuid();
        }

        @Override
        public TableMetadata current() {
            TableMetadata seen = current;
            return seen == null ? refresh() : seen;
        }

        @Override
        public TableMetadata refresh() {
            TableMetadata loaded = faulty ? load(name) : metadata(name);
            if (!loaded.uuid().equals(uuid)) {
                throw new IllegalStateException(
                        "Table UUID does not match: current=" + uuid + " != refreshed=" + loaded.uuid());
            }
            current = loaded;
            return loaded;
        }

        @Override
        public void commit(TableMetadata base, TableMetadata updated) {
            if (base != current) {
                throw new CommitFailedException("stale metadata");
            }
            if (base == updated) {
                return;
            }
            current = null;
            if (faulty) {
                InMemoryTables.this.commit(name, base, updated);
            } else {
                commitSpared(name, base, updated);
            }
        }

        @Override
        public FileIO io() {
            return files;
        }

        @Override
        public String metadataFileLocation(String fileName) {
            return "mem://lake/" + name + "/metadata/" + fileName;
        }

        @Override
        public LocationProvider locationProvider() {
            return LocationProviders.locationsFor(
                    current().location(), current().properties());
        }
    }
}
