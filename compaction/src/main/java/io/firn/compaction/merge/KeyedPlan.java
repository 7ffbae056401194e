package io.firn.compaction.merge;

import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.compaction.fold.KeyFilter;
import io.firn.compaction.fold.WinnerTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.InclusiveMetricsEvaluator;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.util.StructLikeMap;
import org.apache.iceberg.util.StructLikeSet;
import org.jspecify.annotations.Nullable;

/** Which files of the keyed table, or of known deletes, can hold a row of one of the keys. */
final class KeyedPlan {
    /**
     * @param keys those of the keys that the file's partition can hold; null where any can be in it
     */
    record ProbedFile(FileScanTask task, @Nullable KeyFilter keys) {}

    private KeyedPlan() {}

    /**
     * The files of a snapshot, with their deletes and with bounds of the order timestamp.
     *
     * @param keys whose bounds the filter is of
     */
    static List<ProbedFile> files(
            Table table, long snapshot, UpsertLayout layout, KeyCodec codec, WinnerTable keys, Expression filter) {
        List<FileScanTask> files = new ArrayList<>();
        List<String> measured = new ArrayList<>(List.of(UpsertColumns.ORDER_TIMESTAMP, SourceColumns.OFFSET));
        measured.addAll(layout.key());
        // A scan leaves out equality deletes of other keys, and whoever writes the file anew would bring those rows
        // back.
        boolean allDeletes = mayHaveEqualityDeletes(table.snapshot(snapshot));
        InclusiveMetricsEvaluator bounds = new InclusiveMetricsEvaluator(table.schema(), filter);
        try (CloseableIterable<FileScanTask> tasks = table.newScan()
                .useSnapshot(snapshot)
                .filter(allDeletes ? Expressions.alwaysTrue() : filter)
                .includeColumnStats(measured)
                .planFiles()) {
            for (FileScanTask task : tasks) {
                if (!allDeletes || bounds.eval(task.file())) {
                    files.add(task);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the manifests of " + table.name(), e);
        }
        return inPartitionsOf(keys, files, table, layout, codec);
    }

    private static boolean mayHaveEqualityDeletes(Snapshot snapshot) {
        return !"0".equals(snapshot.summary().get(SnapshotSummary.TOTAL_EQ_DELETES_PROP));
    }

    /** Leaves out files of partitions that none of the keys falls in. */
    private static List<ProbedFile> inPartitionsOf(
            WinnerTable keys, List<FileScanTask> files, Table table, UpsertLayout layout, KeyCodec codec) {
        Map<Integer, StructLikeSet> partitions = new HashMap<>();
        for (FileScanTask task : files) {
            partitions
                    .computeIfAbsent(
                            task.spec().specId(),
                            id -> StructLikeSet.create(task.spec().partitionType()))
                    .add(task.partition());
        }
        Map<Integer, StructLikeMap<KeyFilter>> filters = new HashMap<>();
        for (Map.Entry<Integer, StructLikeSet> each : partitions.entrySet()) {
            PartitionSpec spec = table.specs().get(each.getKey());
            Optional<KeyPartitions> byKey =
                    spec == null ? Optional.empty() : KeyPartitions.of(spec, table.schema(), codec, layout.key());
            if (spec != null && byKey.isPresent()) {
                filters.put(each.getKey(), byKey.get().filters(each.getValue(), spec, keys));
            }
        }
        List<ProbedFile> left = new ArrayList<>();
        for (FileScanTask task : files) {
            StructLikeMap<KeyFilter> ofSpec = filters.get(task.spec().specId());
            KeyFilter filter = ofSpec == null ? null : ofSpec.get(task.partition());
            if (filter == null || !filter.isEmpty()) {
                left.add(new ProbedFile(task, filter));
            }
        }
        return left;
    }
}
