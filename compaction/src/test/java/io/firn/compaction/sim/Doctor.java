package io.firn.compaction.sim;

import org.apache.iceberg.TableMetadata;

/** Tampers with what a process sees of a table and writes to it, to take a safeguard out from the outside. */
interface Doctor {
    /** Tells the truth. */
    Doctor NONE = new Doctor() {};

    /** What a process sees in place of a version of the metadata. */
    default TableMetadata seen(String table, TableMetadata metadata) {
        return metadata;
    }

    /** What is written in place of what a process committed. */
    default TableMetadata written(String table, TableMetadata base, TableMetadata updated) {
        return updated;
    }
}
