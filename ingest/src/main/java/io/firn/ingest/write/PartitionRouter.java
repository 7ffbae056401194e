package io.firn.ingest.write;

import io.firn.ingest.record.Row;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;

/** Finds the partition of the row. */
final class PartitionRouter {
    private final RowStruct struct;
    private final PartitionKey key;

    PartitionRouter(PartitionSpec spec, Row row) {
        this.struct = new RowStruct(row, row.layout().schema().columns());
        this.key = new PartitionKey(spec, row.layout().schema());
    }

    /** The partition of the row as it is now; changes with the next call. */
    PartitionKey partition() {
        key.partition(struct);
        return key;
    }
}
