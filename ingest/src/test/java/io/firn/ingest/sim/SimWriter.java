package io.firn.ingest.sim;

import io.firn.catalog.commit.InMemoryFiles;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.BatchWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;

/** Files whose lines are the positions of their rows. */
final class SimWriter implements BatchWriter {
    private final InMemoryFiles store;
    private final LongSupplier names;
    private final List<String> rows = new ArrayList<>();

    SimWriter(InMemoryFiles store, LongSupplier names) {
        this.store = store;
        this.names = names;
    }

    @Override
    public Written write(
            SourcePartition partition, long offset, long timestampMillis, byte[] bytes, int start, int length) {
        rows.add(new String(bytes, start, length, StandardCharsets.UTF_8));
        return Written.ROW;
    }

    @Override
    public long bufferedBytes() {
        return rows.size();
    }

    @Override
    public long fileBytes() {
        return rows.size();
    }

    @Override
    public List<DataFile> seal() {
        if (rows.isEmpty()) {
            return List.of();
        }
        DataFile file = write(store, names.getAsLong(), rows);
        rows.clear();
        return List.of(file);
    }

    static DataFile write(InMemoryFiles store, long name, List<String> rows) {
        String location = "mem://lake.orders/data/" + name + ".parquet";
        byte[] bytes = String.join("\n", rows).getBytes(StandardCharsets.UTF_8);
        store.addFile(location, bytes);
        return DataFiles.builder(PartitionSpec.unpartitioned())
                .withPath(location)
                .withFileSizeInBytes(Math.max(1, bytes.length))
                .withRecordCount(Math.max(1, rows.size()))
                .build();
    }

    @Override
    public void discard() {
        rows.clear();
    }
}
