package io.firn.compaction.rewrite;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.util.ContentFileUtil;
import org.apache.iceberg.util.StructLikeMap;

/**
 * Finds the groups of a table's head. Iceberg's own planner does not serve here: it packs files in the order in which
 * threads happen to read manifests, and writes a partition's large remainder again with every few files that come.
 */
final class RewritePlanner {
    private final RewriteSettings settings;

    RewritePlanner(RewriteSettings settings) {
        this.settings = settings;
    }

    /** Empty for a table without a snapshot. Reads manifests; the table has been refreshed. */
    Optional<RewritePlan> plan(Table table) throws IOException {
        Snapshot head = table.currentSnapshot();
        if (head == null) {
            return Optional.empty();
        }
        Map<Integer, StructLikeMap<List<BinPack.Item<FileScanTask>>>> partitions = new HashMap<>();
        Map<String, Integer> positionDeletes = new HashMap<>();
        long skipped = 0;
        try (CloseableIterable<FileScanTask> tasks = table.newScan()
                .useSnapshot(head.snapshotId())
                .ignoreResiduals()
                .includeColumnStats(floatingColumns(table))
                .planFiles()) {
            for (FileScanTask task : tasks) {
                countPositionDeletes(task, positionDeletes);
                if (!readable(task)) {
                    skipped += task.file().fileSizeInBytes() < settings.smallBytes() ? 1 : 0;
                    continue;
                }
                partitions
                        .computeIfAbsent(
                                task.spec().specId(),
                                spec -> StructLikeMap.create(task.spec().partitionType()))
                        .computeIfAbsent(task.file().partition(), () -> new ArrayList<>())
                        .add(item(task));
            }
        }
        List<FileGroup> groups = groups(partitions);
        groups.sort(Comparator.comparingInt((FileGroup group) -> group.tasks().size())
                .reversed()
                .thenComparing(group -> group.tasks().get(0).file().location()));
        return Optional.of(new RewritePlan(head.snapshotId(), head.sequenceNumber(), groups, positionDeletes, skipped));
    }

    /** Footers do not hold how many NaN there are, so these columns' figures are taken from the files replaced. */
    static List<String> floatingColumns(Table table) {
        List<String> names = new ArrayList<>();
        for (NestedField field : TypeUtil.indexById(table.schema().asStruct()).values()) {
            Type.TypeID type = field.type().typeId();
            if (type == Type.TypeID.FLOAT || type == Type.TypeID.DOUBLE) {
                names.add(table.schema().findColumnName(field.fieldId()));
            }
        }
        return names;
    }

    private List<FileGroup> groups(Map<Integer, StructLikeMap<List<BinPack.Item<FileScanTask>>>> partitions) {
        BinPack packing = new BinPack(settings);
        List<FileGroup> groups = new ArrayList<>();
        for (StructLikeMap<List<BinPack.Item<FileScanTask>>> spec : partitions.values()) {
            for (List<BinPack.Item<FileScanTask>> items : spec.values()) {
                items.sort(Comparator.comparing(item -> item.file().file().location()));
                for (List<BinPack.Item<FileScanTask>> group : packing.groups(items)) {
                    FileScanTask first = group.get(0).file();
                    StructLike partition = first.file().partition();
                    groups.add(new FileGroup(
                            first.spec(),
                            partition,
                            group.stream().map(BinPack.Item::file).toList()));
                }
            }
        }
        return groups;
    }

    private BinPack.Item<FileScanTask> item(FileScanTask task) {
        DataFile file = task.file();
        long deleted = 0;
        for (DeleteFile delete : task.deletes()) {
            deleted += ContentFileUtil.isFileScoped(delete) ? delete.recordCount() : 0;
        }
        double deletedPart = Math.min(1.0, (double) deleted / Math.max(1, file.recordCount()));
        boolean dirty = deletedPart >= settings.deleteRatio() || task.deletes().size() >= settings.deleteFiles();
        long live = (long) (file.fileSizeInBytes() * (1 - deletedPart));
        Long sequence = file.dataSequenceNumber();
        return new BinPack.Item<>(live, sequence == null ? 0 : sequence, dirty, task);
    }

    private static boolean readable(FileScanTask task) {
        return task.file().format() == FileFormat.PARQUET && task.file().keyMetadata() == null;
    }

    private static void countPositionDeletes(FileScanTask task, Map<String, Integer> uses) {
        for (DeleteFile delete : task.deletes()) {
            if (delete.content() == FileContent.POSITION_DELETES && !ContentFileUtil.isDV(delete)) {
                uses.merge(delete.location(), 1, Integer::sum);
            }
        }
    }
}
