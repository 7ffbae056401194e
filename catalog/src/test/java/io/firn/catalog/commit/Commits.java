package io.firn.catalog.commit;

import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.io.PositionOutputStream;

/** Commits and data files for tests; the files' bytes are no Parquet, nothing here reads them. */
final class Commits {
    static final String PIPELINE = "orders";
    static final SourcePartition P0 = new SourcePartition("orders", "topic-id-1", 0);
    static final SourcePartition P1 = new SourcePartition("orders", "topic-id-1", 1);

    private Commits() {}

    static TableCommit start(long p0, long p1) {
        return of(Operation.APPEND, List.of(), steps(PartitionStep.start(p0), PartitionStep.start(p1)));
    }

    static TableCommit append(List<DataFile> files, SourcePartition partition, long from, long to) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(partition, PartitionStep.advance(new OffsetRange(from, to), OptionalLong.empty()));
        return of(Operation.APPEND, files, steps);
    }

    static TableCommit of(Operation operation, List<DataFile> files, SortedMap<SourcePartition, PartitionStep> steps) {
        return new TableCommit(UUID.randomUUID(), PIPELINE, operation, files, steps);
    }

    static SortedMap<SourcePartition, PartitionStep> steps(PartitionStep p0, PartitionStep p1) {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(P0, p0);
        steps.put(P1, p1);
        return steps;
    }

    static DataFile file(Table table) {
        String path = table.locationProvider().newDataLocation(UUID.randomUUID() + ".parquet");
        byte[] content = "rows".getBytes(StandardCharsets.UTF_8);
        try (PositionOutputStream out = table.io().newOutputFile(path).create()) {
            out.write(content);
        } catch (java.io.IOException e) {
            throw new RuntimeIOException(e);
        }
        return DataFiles.builder(table.spec())
                .withPath(path)
                .withFormat(FileFormat.PARQUET)
                .withFileSizeInBytes(content.length)
                .withRecordCount(10)
                .build();
    }
}
