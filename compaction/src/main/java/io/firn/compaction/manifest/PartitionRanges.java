package io.firn.compaction.manifest;

import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.types.Comparators;
import org.apache.iceberg.util.StructLikeMap;

/**
 * Cuts the partitions of some manifests into ranges that hold about as many files each, so that each new manifest
 * covers neighbours only.
 */
final class PartitionRanges {
    private final Map<Integer, StructLikeMap<Integer>> ranges = new HashMap<>();

    private PartitionRanges() {}

    /** Everything is one range. */
    static PartitionRanges one() {
        return new PartitionRanges();
    }

    static PartitionRanges of(List<ManifestFile> manifests, int parts, FileIO io, Map<Integer, PartitionSpec> specs)
            throws IOException {
        Map<Integer, TreeMap<StructLike, Integer>> counts = new HashMap<>();
        for (ManifestFile manifest : manifests) {
            PartitionSpec spec = specs.get(manifest.partitionSpecId());
            if (spec == null || spec.isUnpartitioned()) {
                continue;
            }
            Comparator<StructLike> order = Comparators.forType(spec.partitionType());
            TreeMap<StructLike, Integer> files = counts.computeIfAbsent(spec.specId(), id -> new TreeMap<>(order));
            try (ManifestReader<DataFile> reader =
                    ManifestFiles.read(manifest, io, specs).select(List.of("partition"))) {
                for (DataFile file : reader) {
                    files.merge(file.copyWithoutStats().partition(), 1, Integer::sum);
                }
            }
        }
        PartitionRanges cut = new PartitionRanges();
        counts.forEach((specId, files) ->
                cut.ranges.put(specId, cut(Objects.requireNonNull(specs.get(specId)), files, parts)));
        return cut;
    }

    private static StructLikeMap<Integer> cut(PartitionSpec spec, TreeMap<StructLike, Integer> files, int parts) {
        long all = files.values().stream().mapToLong(Integer::longValue).sum();
        StructLikeMap<Integer> ranges = StructLikeMap.create(spec.partitionType());
        long before = 0;
        for (Map.Entry<StructLike, Integer> each : files.entrySet()) {
            ranges.put(each.getKey(), (int) (before * parts / Math.max(1, all)));
            before += each.getValue();
        }
        return ranges;
    }

    /** The range of a file's partition. */
    Integer of(DataFile file) {
        StructLikeMap<Integer> spec = ranges.get(file.specId());
        Integer range = spec == null ? null : spec.get(file.partition());
        return range == null ? 0 : range;
    }
}
