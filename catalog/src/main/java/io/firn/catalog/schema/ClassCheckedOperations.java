package io.firn.catalog.schema;

import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.encryption.EncryptionManager;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;

/** Operations that load no class of a table's properties unless it is allowed. */
public final class ClassCheckedOperations implements TableOperations, ClassChecked {
    private final TableOperations table;
    private final String name;
    private final TableClasses classes;

    /** @param name of the table, for errors */
    public ClassCheckedOperations(TableOperations table, String name, TableClasses classes) {
        this.table = table;
        this.name = name;
        this.classes = classes;
    }

    @Override
    public TableClasses classes() {
        return classes;
    }

    /** @throws io.firn.catalog.FirnException {@code table-class-refused} */
    @Override
    public LocationProvider locationProvider() {
        classes.refusal(table.current().properties(), name).ifPresent(refusal -> {
            throw refusal;
        });
        return table.locationProvider();
    }

    @Override
    public TableOperations temp(TableMetadata uncommitted) {
        return new ClassCheckedOperations(table.temp(uncommitted), name, classes);
    }

    @Override
    public TableMetadata current() {
        return table.current();
    }

    @Override
    public TableMetadata refresh() {
        return table.refresh();
    }

    @Override
    public void commit(TableMetadata base, TableMetadata metadata) {
        table.commit(base, metadata);
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
    public long newSnapshotId() {
        return table.newSnapshotId();
    }

    @Override
    public boolean requireStrictCleanup() {
        return table.requireStrictCleanup();
    }
}
