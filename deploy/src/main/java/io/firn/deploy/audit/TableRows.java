package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.schema.SourceColumns;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.io.CloseableIterable;

/** Where a table's rows came from: the source columns, nothing else is read. */
final class TableRows {
    /** Hears of one row. */
    interface Seen {
        void row(String topic, int partition, long offset);
    }

    private final Table table;
    private final long snapshotId;

    /** @param snapshotId the head to look at; commits that follow do not disturb */
    TableRows(Table table, long snapshotId) {
        this.table = table;
        this.snapshotId = snapshotId;
    }

    /** @return rows without a source position, which are not Firn's */
    long read(Seen seen) {
        long foreign = 0;
        try (CloseableIterable<Record> rows = IcebergGenerics.read(table)
                .useSnapshot(snapshotId)
                .select(SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET)
                .reuseContainers()
                .build()) {
            for (Record row : rows) {
                Object topic = row.getField(SourceColumns.TOPIC);
                Object partition = row.getField(SourceColumns.PARTITION);
                Object offset = row.getField(SourceColumns.OFFSET);
                if (topic == null || partition == null || offset == null) {
                    foreign++;
                } else {
                    seen.row(topic.toString(), ((Number) partition).intValue(), ((Number) offset).longValue());
                }
            }
            return foreign;
        } catch (IOException failed) {
            throw unreadable(failed);
        }
    }

    /** Data files that the snapshot references more than once. */
    List<String> filesTwice() {
        Set<String> files = new HashSet<>();
        Set<String> twice = new TreeSet<>();
        try (CloseableIterable<FileScanTask> tasks =
                table.newScan().useSnapshot(snapshotId).planFiles()) {
            for (FileScanTask task : tasks) {
                if (!files.add(task.file().location())) {
                    twice.add(task.file().location());
                }
            }
            return List.copyOf(twice);
        } catch (IOException failed) {
            throw unreadable(failed);
        }
    }

    private FirnException unreadable(IOException failed) {
        return FirnException.external(
                "table-unreadable", "the table cannot be read: " + failed.getMessage(), table.name(), "", failed);
    }
}
