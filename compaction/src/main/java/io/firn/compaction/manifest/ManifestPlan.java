package io.firn.compaction.manifest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;

/** Which manifests become fewer. Pure. */
final class ManifestPlan {
    private ManifestPlan() {}

    /**
     * Small data manifests of the spec that has most of them, where they are enough; else none. One spec at a time: no
     * manifest holds files of two.
     */
    static Set<String> chosen(List<ManifestFile> manifests, ManifestSettings settings) {
        Map<Integer, List<ManifestFile>> small = new TreeMap<>();
        for (ManifestFile manifest : manifests) {
            if (manifest.content() == ManifestContent.DATA && manifest.length() < settings.targetBytes() / 2) {
                small.computeIfAbsent(manifest.partitionSpecId(), spec -> new ArrayList<>())
                        .add(manifest);
            }
        }
        Set<String> chosen = new HashSet<>();
        small.values().stream()
                .filter(spec -> spec.size() >= settings.least())
                .max(Comparator.comparingInt(List::size))
                .ifPresent(spec -> spec.stream().limit(settings.most()).forEach(each -> chosen.add(each.path())));
        return chosen;
    }

    /** How many manifests those will need. */
    static int parts(List<ManifestFile> chosen, ManifestSettings settings) {
        long bytes = chosen.stream().mapToLong(ManifestFile::length).sum();
        return (int) Math.max(1, (bytes + settings.targetBytes() - 1) / settings.targetBytes());
    }
}
