package io.firn.catalog.commit;

import io.firn.catalog.schema.ClassChecked;
import io.firn.catalog.schema.TableClasses;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.encryption.EncryptionManager;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;

/** Another's operations; who extends it says what metadata they begin from and how they commit. */
public abstract class DelegatingOperations implements TableOperations, ClassChecked {
    private final TableOperations table;

    protected DelegatingOperations(TableOperations table) {
        this.table = table;
    }

    protected final TableOperations table() {
        return table;
    }

    @Override
    public final TableClasses classes() {
        return table instanceof ClassChecked ? ((ClassChecked) table).classes() : TableClasses.NONE;
    }

    @Override
    public TableMetadata current() {
        return table.current();
    }

    @Override
    public FileIO io() {
        return table.io();
    }

    @Override
    public EncryptionManager encryption() {
        return table.encryption();
    }

    @Override
    public String metadataFileLocation(String fileName) {
        return table.metadataFileLocation(fileName);
    }

    @Override
    public LocationProvider locationProvider() {
        return table.locationProvider();
    }

    @Override
    public TableOperations temp(TableMetadata uncommitted) {
        return table.temp(uncommitted);
    }

    @Override
    public long newSnapshotId() {
        return table.newSnapshotId();
    }
}
