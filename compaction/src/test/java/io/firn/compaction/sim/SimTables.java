package io.firn.compaction.sim;

import io.firn.catalog.commit.InMemoryTables;
import io.firn.catalog.location.RememberedLocations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;
import org.jspecify.annotations.Nullable;

/** The catalog of one run, and the store behind it. */
final class SimTables {
    private final InMemoryTables catalog = new InMemoryTables();
    private final SimStore store = new SimStore(catalog.files());
    private final Random ids;

    SimTables(long seed) {
        this.ids = new Random(seed);
    }

    InMemoryTables catalog() {
        return catalog;
    }

    SimStore store() {
        return store;
    }

    void create(String name, Schema schema, PartitionSpec spec, Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        all.put(RememberedLocations.KEY, "[\"mem://lake/" + name + "\"]");
        catalog.create(name, schema, spec, all);
    }

    /** Drops a table and makes an empty one of the same name and shape, as a start of Firn finds it. */
    void createAgain(String name) {
        TableMetadata before = metadata(name);
        catalog.drop(name);
        Map<String, String> properties = new HashMap<>(before.properties());
        properties.put("format-version", Integer.toString(before.formatVersion()));
        create(name, before.schema(), before.spec(), properties);
    }

    TableMetadata metadata(String name) {
        return catalog.metadata(name);
    }

    /** A handle of a process of Firn. */
    Table open(String name, Lifeline life, Optional<Safeguard> missing) {
        TableOperations operations = new Operations(catalog.open(name), life, new Doctor(name, missing));
        boolean hidden = name.equals(Model.DELETES) && missing.equals(Optional.of(Safeguard.KNOWN_DELETES));
        return hidden ? new Blank(operations, name) : new BaseTable(operations, name);
    }

    /** The table without its history. */
    static Table headOnly(Table table) {
        return new HeadOnly(((BaseTable) table).operations(), table.name());
    }

    /** A handle of somebody else: neither faults nor kills hit it. */
    Table openSpared(String name) {
        Doctor honest = new Doctor(name, Optional.empty());
        return new BaseTable(new Operations(catalog.openSpared(name), new Lifeline(), honest), name);
    }

    private synchronized long nextId() {
        return ids.nextLong() & Long.MAX_VALUE;
    }

    /** Can be written to, and looks empty. */
    private static final class Blank extends BaseTable {
        private static final long serialVersionUID = 1L;

        Blank(TableOperations operations, String name) {
            super(operations, name);
        }

        @Override
        @SuppressWarnings("NullAway") // as the interface has it
        public @Nullable Snapshot currentSnapshot() {
            return null;
        }
    }

    /** Shows no snapshot but the head. */
    private static final class HeadOnly extends BaseTable {
        private static final long serialVersionUID = 1L;

        HeadOnly(TableOperations operations, String name) {
            super(operations, name);
        }

        @Override
        public Iterable<Snapshot> snapshots() {
            Snapshot head = currentSnapshot();
            return head == null ? List.of() : List.of(head);
        }
    }

    private final class Operations implements TableOperations {
        private final TableOperations table;
        private final Lifeline life;
        private final Doctor doctor;
        private @Nullable TableMetadata seen;
        private @Nullable TableMetadata shown;

        Operations(Table table, Lifeline life, Doctor doctor) {
            this.table = ((HasTableOperations) table).operations();
            this.life = life;
            this.doctor = doctor;
        }

        @Override
        public TableMetadata current() {
            return show(table.current());
        }

        @Override
        public TableMetadata refresh() {
            life.step("reading the table");
            return show(table.refresh());
        }

        private TableMetadata show(TableMetadata metadata) {
            TableMetadata made = shown;
            if (metadata != seen || made == null) {
                made = doctor.seen(metadata);
                seen = metadata;
                shown = made;
            }
            return made;
        }

        @Override
        public void commit(TableMetadata base, TableMetadata updated) {
            TableMetadata real = base == shown && seen != null ? seen : base;
            try {
                life.step("sending a commit");
                table.commit(real, doctor.written(updated));
                life.step("hearing how a commit went");
            } catch (RuntimeIOException e) {
                throw new CommitStateUnknownException(e);
            }
        }

        @Override
        public FileIO io() {
            return store.open(life);
        }

        @Override
        public String metadataFileLocation(String file) {
            return table.metadataFileLocation(file);
        }

        @Override
        public LocationProvider locationProvider() {
            return LocationProviders.locationsFor(
                    table.current().location(), table.current().properties());
        }

        @Override
        public long newSnapshotId() {
            return nextId();
        }
    }
}
