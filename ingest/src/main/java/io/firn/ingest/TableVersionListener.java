package io.firn.ingest;

import org.apache.iceberg.Table;

/** Receives the versions of a table that its writers follow. Called by several workers at once. */
public interface TableVersionListener {
    /** Ignores everything. */
    TableVersionListener NONE = new TableVersionListener() {
        @Override
        public void bound(Table version) {}

        @Override
        public void fieldsIgnored(Table version) {}
    };

    /**
     * A writer writes its next files for this version.
     *
     * @param version never changes
     */
    void bound(Table version);

    /** Some of the records written for this version since the last seal had fields that have no column in it. */
    void fieldsIgnored(Table version);
}
