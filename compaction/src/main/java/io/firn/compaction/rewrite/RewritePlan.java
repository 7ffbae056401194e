package io.firn.compaction.rewrite;

import io.firn.compaction.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;

/**
 * What is to be rewritten of one snapshot.
 *
 * @param snapshotId the snapshot whose rows the groups are
 * @param sequenceNumber of that snapshot: the new files keep it, so that deletes that come later apply to them
 * @param groups those with the most files first: a run that is cut short has done the most good
 * @param positionDeletes how many live data files each position delete file applies to, by location
 * @param skipped small files that were left as they are because this job can not read them: not Parquet, or encrypted
 */
record RewritePlan(
        long snapshotId,
        long sequenceNumber,
        List<FileGroup> groups,
        Map<String, Integer> positionDeletes,
        long skipped) {
    RewritePlan {
        groups = List.copyOf(groups);
        positionDeletes = Map.copyOf(positionDeletes);
    }

    Work work() {
        return groups.stream().map(FileGroup::work).reduce(Work.NONE, Work::plus);
    }

    /**
     * Position deletes that apply to nothing any more once these groups are replaced. A position delete names paths, so
     * no file that comes later can need it. Deletion vectors go by themselves; equality deletes may apply to a file
     * that somebody commits late with an old sequence number, and are left to Iceberg.
     */
    List<DeleteFile> spentDeletes(List<FileGroup> replaced) {
        Map<String, Integer> left = new HashMap<>();
        List<DeleteFile> spent = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (FileGroup group : replaced) {
            for (FileScanTask task : group.tasks()) {
                for (DeleteFile delete : task.deletes()) {
                    Integer uses = positionDeletes.get(delete.location());
                    if (uses != null
                            && left.merge(delete.location(), 1, Integer::sum).equals(uses)
                            && seen.add(delete.location())) {
                        spent.add(delete);
                    }
                }
            }
        }
        return spent;
    }
}
