package io.firn.catalog.location;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.PropertyCommitter;
import io.firn.catalog.commit.PropertySwap;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.jspecify.annotations.Nullable;

/**
 * Proves which files belong to a table before a job deletes any. All of these must hold; otherwise nothing is deleted:
 *
 * <ul>
 *   <li>The table's locations have no {@code ..} in them, and none is a bucket, a file system, the warehouse or above.
 *   <li>They are where Firn created or first saw the table ({@link RememberedLocations}) and in the warehouse, or a
 *       person accepted them in the configuration.
 *   <li>No other table of the catalog keeps its files in, below or around them.
 *   <li>No version of another table's metadata lies in them or right above them.
 * </ul>
 *
 * <p>What cannot be seen from here: tables of other catalogs that reference this table's files without a copy of their
 * own metadata there, as after Spark's {@code snapshot} or {@code add_files}, and plain copies of data files.
 *
 * <p>Safe for use by several threads.
 */
public final class DeletionGuard {
    /** The code of a refusal. */
    public static final String REFUSED = "deletion-refused";

    private static final int TABLES_PER_STEP = 20;

    private static final String ACCEPT =
            "check that no other table keeps files there; then add the location to maintenance.locations of the pipeline";

    private final String table;
    private final RegisteredTables registered;
    private final Optional<StorePath> warehouse;
    private final List<StorePath> accepted;
    private final Clock clock;
    private @Nullable Verdict last;

    private record Verdict(OwnFiles own, Instant at) {}

    /** Whether an examination may write to the table. */
    public enum Memory {
        /** A table that Firn sees for the first time remembers where it is. */
        WRITE,
        READ
    }

    /**
     * @param table namespace and name
     * @param warehouse of the catalog, if it is a location
     * @param accepted locations that a person vouches for
     */
    public DeletionGuard(
            String table, RegisteredTables registered, Optional<String> warehouse, List<String> accepted, Clock clock) {
        this.table = table;
        this.registered = registered;
        this.warehouse = warehouse
                .filter(each -> each.contains("/") && !each.startsWith("arn:"))
                .map(StorePath::parse);
        this.accepted = accepted.stream().map(StorePath::parse).toList();
        this.clock = clock;
    }

    /** Of a table of a catalog whose warehouse is not known; a person accepted nothing. */
    public static DeletionGuard of(Catalog catalog, String table, Clock clock) {
        return new DeletionGuard(table, new CatalogTables(catalog, clock), Optional.empty(), List.of(), clock);
    }

    /**
     * Begins to examine a table.
     *
     * @param opened a handle of the caller's own; refreshed
     * @param random for the jitter of a commit that is tried again
     */
    public Examination examine(Table opened, Memory memory, RandomGenerator random) {
        return new Examination(opened, memory, random);
    }

    /** Returns what the last examination proved, if it was a short time ago and the table has not moved since. */
    public synchronized Optional<OwnFiles> recent(TableMetadata metadata) {
        Verdict verdict = last;
        return verdict != null
                        && verdict.own().roots().equals(TableRoots.of(metadata))
                        && clock.instant().isBefore(verdict.at().plus(CatalogTables.FRESH))
                ? Optional.of(verdict.own())
                : Optional.empty();
    }

    private synchronized void keep(@Nullable Verdict verdict) {
        last = verdict;
    }

    static FirnException refused(String what, String where, String action) {
        return FirnException.user(REFUSED, "no file is deleted: " + what, where, action);
    }

    /** One examination of a table, in steps that take a moment each. For one thread. */
    public final class Examination {
        private final Table opened;
        private final Memory memory;
        private final PropertyCommitter properties;
        private @Nullable TableMetadata metadata;
        private @Nullable Deque<String> others;

        private Examination(Table opened, Memory memory, RandomGenerator random) {
            this.opened = opened;
            this.memory = memory;
            this.properties = new PropertyCommitter(opened, random);
        }

        /**
         * Does the next piece.
         *
         * @return empty if more is to do
         * @throws FirnException {@code deletion-refused}
         */
        public Optional<OwnFiles> step() {
            TableMetadata current = metadata;
            Deque<String> left = others;
            if (current == null || left == null) {
                keep(null);
                opened.refresh();
                current = ((HasTableOperations) opened).operations().current();
                requirePlausible(TableRoots.of(current));
                requireRemembered(current);
                left = new ArrayDeque<>(registered.besides(table));
                metadata = current;
                others = left;
            }
            for (int looked = 0; looked < TABLES_PER_STEP && !left.isEmpty(); looked++) {
                requireApart(TableRoots.of(current), left.remove());
            }
            if (!left.isEmpty()) {
                return Optional.empty();
            }
            OwnFiles own = requireNoMetadataOfOthers(opened.io(), current);
            if (!remembers(current)) {
                return Optional.empty();
            }
            keep(new Verdict(own, clock.instant()));
            return Optional.of(own);
        }

        /** Returns whether the table remembers its locations by now. */
        private boolean remembers(TableMetadata current) {
            if (memory == Memory.READ || current.properties().containsKey(RememberedLocations.KEY)) {
                return true;
            }
            String text = RememberedLocations.text(TableRoots.of(current).locations());
            PropertyCommitter.Outcome outcome = properties.attempt(
                    PropertySwap.of(RememberedLocations.KEY, Optional.empty(), Optional.of(text)), Set.of());
            if (outcome == PropertyCommitter.Outcome.CHANGED) {
                metadata = null;
                others = null;
            }
            return outcome == PropertyCommitter.Outcome.COMMITTED;
        }
    }

    private static String where(String table, TableRoots roots) {
        return "table " + table + " at " + String.join(", ", roots.locations());
    }

    private void requirePlausible(TableRoots roots) {
        for (StorePath root : roots.paths()) {
            if (root.hasDotSegments()) {
                throw refused(
                        "a location of the table has '.' or '..' in it",
                        where(table, roots),
                        "set location, write.data.path and write.metadata.path to what they mean");
            }
            if (root.isRoot() || warehouse.filter(root::contains).isPresent()) {
                throw refused(
                        "a location of the table is a whole bucket, file system or warehouse",
                        where(table, roots),
                        "set location, write.data.path and write.metadata.path to directories of the table's own");
            }
        }
    }

    private void requireRemembered(TableMetadata metadata) {
        TableRoots roots = TableRoots.of(metadata);
        Optional<List<StorePath>> remembered;
        try {
            remembered = RememberedLocations.read(metadata.properties());
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()), where(table, roots), "remove the property; " + ACCEPT);
        }
        for (StorePath root : roots.paths()) {
            if (accepted.stream().anyMatch(root::isAtOrBelow)) {
                continue;
            }
            if (remembered.isPresent() && remembered.get().stream().noneMatch(root::isAtOrBelow)) {
                throw refused(
                        root + " is not where Firn created or first saw the table, which was "
                                + metadata.properties().get(RememberedLocations.KEY),
                        where(table, roots),
                        ACCEPT);
            }
            if (warehouse.isPresent() && !root.isBelow(warehouse.get())) {
                throw refused(root + " is outside of the catalog's warehouse", where(table, roots), ACCEPT);
            }
        }
    }

    private void requireApart(TableRoots roots, String other) {
        Optional<TableRoots> read = registered.roots(other);
        if (read.isEmpty()) {
            return;
        }
        if (!roots.uuid().isEmpty() && read.get().uuid().equals(roots.uuid())) {
            throw refused(
                    "the same table is also registered as " + other + ", which may need files that this one does not",
                    where(table, roots),
                    "remove one of the two names from the catalog, without its files");
        }
        for (StorePath root : roots.paths()) {
            for (StorePath theirs : read.get().paths()) {
                if (root.overlaps(theirs)) {
                    throw refused(
                            "table " + other + " keeps files in " + theirs + ", which overlaps with " + root,
                            where(table, roots),
                            "move one of the two tables to a location of its own");
                }
            }
        }
    }

    private OwnFiles requireNoMetadataOfOthers(FileIO io, TableMetadata metadata) {
        TableRoots roots = TableRoots.of(metadata);
        MetadataSearch search = new MetadataSearch(where(table, roots), metadata);
        if (io instanceof SupportsPrefixOperations) {
            for (String location : roots.locations()) {
                search.below((SupportsPrefixOperations) io, location);
                search.above((SupportsPrefixOperations) io, location, warehouse);
            }
        }
        return new OwnFiles(where(table, roots), roots, warehouse, search.directories(), search.own());
    }
}
