package io.firn.catalog.location;

import io.firn.catalog.FirnException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.io.BulkDeletionFailureException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.SupportsBulkOperations;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops a table together with its files, as far as they provably belong to it. What its metadata names elsewhere is
 * neither read nor deleted.
 */
public final class TablePurge {
    private static final Logger LOG = LoggerFactory.getLogger(TablePurge.class);

    private final Catalog catalog;
    private final LocationPolicy policy;
    private final Clock clock;

    public TablePurge(Catalog catalog, LocationPolicy policy, Clock clock) {
        this.catalog = catalog;
        this.policy = policy;
        this.clock = clock;
    }

    /**
     * Drops the table, then deletes its files.
     *
     * @throws NoSuchTableException if there is no such table
     * @throws FirnException {@code deletion-refused}; then the table is still there
     */
    @SuppressWarnings("IllegalCatch") // stores throw what they like, and the table is dropped already
    public void purge(TableIdentifier name) {
        Table table = catalog.loadTable(name);
        OwnFiles own = examine(name, table);
        TableMetadata metadata = ((HasTableOperations) table).operations().current();
        if (!catalog.dropTable(name, false)) {
            throw new NoSuchTableException("Table does not exist: %s", name);
        }
        try {
            CatalogUtil.dropTableData(new OwnFilesOnly(table.io(), own), metadata);
        } catch (RuntimeException failed) {
            LOG.warn("Table {} was dropped, but not all of its files were deleted", name, failed);
        }
    }

    private OwnFiles examine(TableIdentifier name, Table table) {
        if (!(table instanceof HasTableOperations)) {
            throw DeletionGuard.refused("its metadata cannot be read", "table " + name, "drop it without its files");
        }
        // Not what was seen a while ago: the files of a purge may be young.
        CatalogTables tables = new CatalogTables(catalog, clock);
        RegisteredTables others = new RegisteredTables() {
            @Override
            public List<String> besides(String self) {
                return tables.besides(name);
            }

            @Override
            public Optional<TableRoots> roots(String other) {
                return tables.roots(other);
            }
        };
        DeletionGuard.Examination examination = new DeletionGuard(
                        name.toString(), others, policy.warehouse(), policy.added(), clock)
                .examine(table, DeletionGuard.Memory.READ, new SplittableRandom());
        Optional<OwnFiles> own = examination.step();
        while (own.isEmpty()) {
            own = examination.step();
        }
        return own.get();
    }

    /** Reads and deletes the table's own files; refuses to read others, and leaves them. */
    private record OwnFilesOnly(FileIO io, OwnFiles own) implements SupportsBulkOperations {
        @Override
        public InputFile newInputFile(String path) {
            if (!own.covers(path)) {
                throw new ForbiddenException("not a file of the table: %s", path);
            }
            return io.newInputFile(path);
        }

        @Override
        public OutputFile newOutputFile(String path) {
            throw new UnsupportedOperationException("a purge writes nothing");
        }

        @Override
        public void deleteFile(String path) {
            deleteFiles(List.of(path));
        }

        @Override
        public void deleteFiles(Iterable<String> paths) throws BulkDeletionFailureException {
            List<String> all = new ArrayList<>();
            paths.forEach(all::add);
            OwnFiles.Deletion deletion = own.delete(io, all);
            if (deletion.left() > 0) {
                LOG.warn("{} files that do not belong to the purged table are left", deletion.left());
            }
            if (deletion.failed() > 0) {
                throw new BulkDeletionFailureException((int) deletion.failed());
            }
        }

        @Override
        public Map<String, String> properties() {
            return io.properties();
        }

        @Override
        public void initialize(Map<String, String> properties) {
            throw new UnsupportedOperationException("initialized already");
        }
    }
}
