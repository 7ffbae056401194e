package io.firn.catalog.commit;

import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.encryption.EncryptionManager;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;

/** Another's operations; who extends it says what metadata they begin from and how they commit. */
public abstract class DelegatingOperations implements TableOperations {
    private final TableOperations table;

    protected DelegatingOperations(TableOperations table) {
        this.table = table;
    }

    protected final TableOperations table() {
        return table;
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
