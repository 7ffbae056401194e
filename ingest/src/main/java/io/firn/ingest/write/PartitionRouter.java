package io.firn.ingest.write;

import io.firn.ingest.record.Row;
import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.jspecify.annotations.Nullable;

/**
 * Finds the partition of the row. Iceberg's own transforms decide, but they box; so they are asked once for each
 * coarse key: bytes made of the row's raw values such that equal keys mean equal partitions.
 */
final class PartitionRouter {
    /** At most a megabyte of keys, together with the next; a spec with more pays for Iceberg's transforms again. */
    private static final int MAX_KNOWN_KEYS = 4096;

    private static final int MAX_KNOWN_KEY_BYTES = 256;

    private final Row row;
    private final RowStruct struct;
    private final PartitionKey key;
    private final CoarseValue[] values;
    private final Map<CoarseKey, PartitionKey> known = new HashMap<>();
    private CoarseKey probe = new CoarseKey();
    private CoarseKey previous = new CoarseKey();
    private @Nullable PartitionKey last;

    PartitionRouter(PartitionSpec spec, Row row) {
        this.row = row;
        this.struct = new RowStruct(row, row.layout().schema().columns());
        this.key = new PartitionKey(spec, row.layout().schema());
        this.values = spec.fields().stream()
                .filter(field -> !field.transform().isVoid())
                .map(field -> new CoarseValue(field, row.layout().column(field.sourceId())))
                .toArray(CoarseValue[]::new);
    }

    /** The partition of the row as it is now. */
    PartitionKey partition() {
        CoarseKey swap = previous;
        previous = probe;
        probe = swap;
        probe.clear();
        for (CoarseValue value : values) {
            value.addTo(probe, row);
        }
        if (last == null || !probe.equals(previous)) {
            last = find();
        }
        return last;
    }

    private PartitionKey find() {
        PartitionKey found = known.get(probe);
        if (found == null) {
            key.partition(struct);
            found = key.copy();
            if (known.size() >= MAX_KNOWN_KEYS) {
                known.clear();
            }
            if (probe.size() <= MAX_KNOWN_KEY_BYTES) {
                known.put(probe.copy(), found);
            }
        }
        return found;
    }
}
