package io.firn.compaction.sim;

import io.firn.catalog.commit.InMemoryTables;
import java.util.Map;
import java.util.Random;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
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
        catalog.create(name, schema, spec, properties);
    }

    TableMetadata metadata(String name) {
        return catalog.metadata(name);
    }

    /** A handle of a process of Firn. */
    Table open(String name, Lifeline life, Doctor doctor) {
        return new BaseTable(new Operations(name, catalog.open(name), life, doctor), name);
    }

    /** A handle of somebody else: neither faults nor kills hit it. */
    Table openSpared(String name) {
        return new BaseTable(new Operations(name, catalog.openSpared(name), new Lifeline(), Doctor.NONE), name);
    }

    private synchronized long nextId() {
        return ids.nextLong() & Long.MAX_VALUE;
    }

    private final class Operations implements TableOperations {
        private final String name;
        private final TableOperations table;
        private final Lifeline life;
        private final Doctor doctor;
        private @Nullable TableMetadata seen;
        private @Nullable TableMetadata shown;

        Operations(String name, Table table, Lifeline life, Doctor doctor) {
            this.name = name;
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
                made = doctor.seen(name, metadata);
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
                table.commit(real, doctor.written(name, base, updated));
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
