package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SourceColumns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetadataColumns;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Types;

/** Where a table's rows came from: the source columns, nothing else is read. */
final class TableRows {
    /** Hears of one row. */
    interface Seen {
        /** @param file location of the data file that holds it */
        void row(String topic, int partition, long offset, String file);
    }

    private static final int KEPT = 100;
    private static final long FILES_A_PASS = 1 << 21;

    private final Table table;
    private final long snapshotId;

    /** @param snapshotId the head to look at; commits that follow do not disturb */
    TableRows(Table table, long snapshotId) {
        this.table = table;
        this.snapshotId = snapshotId;
    }

    /** @return rows without a source position, which are not Firn's */
    long read(Seen seen, Progress progress) {
        long foreign = 0;
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table)
                .useSnapshot(snapshotId)
                .project(withFile(table.schema()))
                .reuseContainers()
                .build()) {
            for (Record row : rows) {
                progress.step();
                Object topic = row.getField(SourceColumns.TOPIC);
                Object partition = row.getField(SourceColumns.PARTITION);
                Object offset = row.getField(SourceColumns.OFFSET);
                if (topic == null || partition == null || offset == null) {
                    foreign++;
                } else {
                    seen.row(
                            topic.toString(),
                            ((Number) partition).intValue(),
                            ((Number) offset).longValue(),
                            String.valueOf(row.getField(MetadataColumns.FILE_PATH.name())));
                }
            }
            return foreign;
        } catch (IOException failed) {
            throw unreadable(failed);
        }
    }

    private static Schema withFile(Schema schema) {
        List<Types.NestedField> columns =
                new ArrayList<>(schema.select(SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET)
                        .columns());
        columns.add(MetadataColumns.FILE_PATH);
        return new Schema(columns);
    }

    /**
     * Data files that the snapshot references more than once, the first hundred of them.
     *
     * <p>Eight bytes a file, and no more files at a time than that makes 16 MB of: hashes first, and the names only of
     * those whose hash comes twice.
     */
    List<String> filesTwice() {
        int passes = Math.toIntExact(counted(SnapshotSummary.TOTAL_DATA_FILES_PROP, "0") / FILES_A_PASS + 1);
        Set<String> twice = new TreeSet<>();
        for (int pass = 0; pass < passes && twice.size() < KEPT; pass++) {
            Set<Long> suspects = hashesTwice(pass, passes);
            if (!suspects.isEmpty()) {
                Set<String> seen = new HashSet<>();
                each(location -> {
                    if (suspects.contains(hash(location)) && !seen.add(location) && twice.size() < KEPT) {
                        twice.add(location);
                    }
                });
            }
        }
        return List.copyOf(twice);
    }

    private Set<Long> hashesTwice(int pass, int passes) {
        long[][] hashes = {new long[1024]};
        int[] count = {0};
        each(location -> {
            long hash = hash(location);
            if (Math.floorMod(hash, passes) == pass) {
                if (count[0] == hashes[0].length) {
                    hashes[0] = Arrays.copyOf(hashes[0], count[0] * 2);
                }
                hashes[0][count[0]++] = hash;
            }
        });
        Arrays.sort(hashes[0], 0, count[0]);
        Set<Long> twice = new HashSet<>();
        for (int index = 1; index < count[0]; index++) {
            if (hashes[0][index] == hashes[0][index - 1]) {
                twice.add(hashes[0][index]);
            }
        }
        return twice;
    }

    static long hash(String location) {
        long hash = 0xcbf29ce484222325L;
        for (int index = 0; index < location.length(); index++) {
            hash = (hash ^ location.charAt(index)) * 0x100000001b3L;
        }
        return hash;
    }

    /** As the snapshot counts them; -1 where it does not. */
    long total() {
        return counted(SnapshotSummary.TOTAL_RECORDS_PROP, "-1");
    }

    private long counted(String key, String otherwise) {
        Snapshot snapshot = Objects.requireNonNull(table.snapshot(snapshotId));
        return Long.parseLong(snapshot.summary().getOrDefault(key, otherwise));
    }

    private void each(Consumer<String> seen) {
        try (CloseableIterable<FileScanTask> tasks =
                table.newScan().useSnapshot(snapshotId).planFiles()) {
            tasks.forEach(task -> seen.accept(task.file().location()));
        } catch (IOException failed) {
            throw unreadable(failed);
        }
    }

    private FirnException unreadable(IOException failed) {
        return FirnException.external(
                "table-unreadable", "the table cannot be read: " + failed.getMessage(), table.name(), "", failed);
    }
}
