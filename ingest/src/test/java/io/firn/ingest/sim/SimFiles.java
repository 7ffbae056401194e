package io.firn.ingest.sim;

import io.firn.catalog.commit.InMemoryFiles;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionData;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;

/** The data files of one run. What they hold is kept as objects; the store knows only that they are there. */
final class SimFiles {
    private static final byte[] CONTENT = {1};

    private final InMemoryFiles store;
    private final Map<String, List<Position>> rows = new HashMap<>();
    private final Map<String, Schema> schemas = new HashMap<>();
    private long names;
    private boolean away;

    SimFiles(InMemoryFiles store) {
        this.store = store;
    }

    /** As an engine writes that knows what it does. */
    DataFile write(Collection<Position> positions) {
        return write(positions, PartitionSpec.unpartitioned());
    }

    /** @param writtenFor whose columns the rows have */
    DataFile write(Collection<Position> positions, Table writtenFor) {
        DataFile file = write(positions, writtenFor.spec());
        schemas.put(file.location(), writtenFor.schema());
        return file;
    }

    private DataFile write(Collection<Position> positions, PartitionSpec spec) {
        String location = "mem://lake.orders/data/" + names++ + ".parquet";
        store.addFile(location, CONTENT);
        rows.put(location, List.copyOf(positions));
        return DataFiles.builder(spec)
                .withPartition(spec.isPartitioned() ? new PartitionData(spec.partitionType()) : null)
                .withPath(location)
                .withFileSizeInBytes(1)
                .withRecordCount(Math.max(1, positions.size()))
                .build();
    }

    List<Position> rows(DataFile file) {
        return Objects.requireNonNull(rows.get(file.location()), file::location);
    }

    /** The columns that one of Firn's files was written for. */
    Schema schema(DataFile file) {
        return Objects.requireNonNull(schemas.get(file.location()), file::location);
    }

    void delete(List<DataFile> files) {
        files.forEach(file -> store.deleteFile(file.location()));
    }

    boolean isAway() {
        return away;
    }

    /** Writing fails from now on, or works again. */
    void goAway(boolean now) {
        away = now;
    }
}
