package io.firn.catalog.commit;

import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.io.LocationProvider;

/** A table as one version of its metadata has it; cannot be committed to. */
final class PinnedOperations extends DelegatingOperations {
    private final TableMetadata pinned;

    PinnedOperations(TableOperations table, TableMetadata pinned) {
        super(table);
        this.pinned = pinned;
    }

    @Override
    public TableMetadata current() {
        return pinned;
    }

    @Override
    public TableMetadata refresh() {
        return pinned;
    }

    @Override
    public LocationProvider locationProvider() {
        classes().refusal(pinned.properties(), pinned.location()).ifPresent(refusal -> {
            throw refusal;
        });
        return LocationProviders.locationsFor(pinned.location(), pinned.properties());
    }

    @Override
    public void commit(TableMetadata base, TableMetadata metadata) {
        throw new UnsupportedOperationException("a pinned table cannot be changed");
    }
}
