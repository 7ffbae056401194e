package io.firn.compaction.rewrite;

import io.firn.compaction.Work;
import java.util.List;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.StructLike;

/**
 * Files of one partition whose live rows become one file, more only where they turn out larger than expected.
 *
 * @param tasks the files with the deletes that apply to them, in the order in which their rows are copied
 */
record FileGroup(PartitionSpec spec, StructLike partition, List<FileScanTask> tasks) {
    FileGroup {
        tasks = List.copyOf(tasks);
    }

    List<DataFile> files() {
        return tasks.stream().map(FileScanTask::file).toList();
    }

    boolean hasDeletes() {
        return tasks.stream().anyMatch(task -> !task.deletes().isEmpty());
    }

    /** Input of the group, its delete files among the bytes read. */
    Work work() {
        long bytes = 0;
        long rows = 0;
        for (FileScanTask task : tasks) {
            bytes += task.file().fileSizeInBytes();
            rows += task.file().recordCount();
            for (DeleteFile delete : task.deletes()) {
                bytes += delete.contentSizeInBytes() == null ? delete.fileSizeInBytes() : delete.contentSizeInBytes();
            }
        }
        return new Work(tasks.size(), bytes, rows);
    }

    static long bytesOf(List<? extends ContentFile<?>> files) {
        return files.stream().mapToLong(ContentFile::fileSizeInBytes).sum();
    }
}
