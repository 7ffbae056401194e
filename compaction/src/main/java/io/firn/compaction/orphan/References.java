package io.firn.compaction.orphan;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.PartitionStatisticsFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StatisticsFile;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileIO;

/** Everything that one version of a table's metadata references, on whatever branch. */
final class References {
    private References() {}

    /** Tells of every file once or more, in no order. */
    static void visit(TableMetadata table, FileIO io, Consumer<String> visitor) throws IOException {
        visitMetadata(table, visitor);
        Set<String> seen = new HashSet<>();
        for (Snapshot snapshot : table.snapshots()) {
            for (ManifestFile manifest : snapshot.allManifests(io)) {
                if (seen.add(manifest.path())) {
                    visitor.accept(manifest.path());
                    visitFiles(table, manifest, io, visitor);
                }
            }
        }
    }

    /** Metadata files, manifest lists, statistics. */
    static void visitMetadata(TableMetadata table, Consumer<String> visitor) {
        if (table.metadataFileLocation() != null) {
            visitor.accept(table.metadataFileLocation());
        }
        table.previousFiles().forEach(each -> visitor.accept(each.file()));
        for (Snapshot snapshot : table.snapshots()) {
            if (snapshot.manifestListLocation() != null) {
                visitor.accept(snapshot.manifestListLocation());
            }
        }
        table.statisticsFiles().stream().map(StatisticsFile::path).forEach(visitor);
        table.partitionStatisticsFiles().stream()
                .map(PartitionStatisticsFile::path)
                .forEach(visitor);
    }

    private static void visitFiles(TableMetadata table, ManifestFile manifest, FileIO io, Consumer<String> visitor)
            throws IOException {
        try (ManifestReader<? extends ContentFile<?>> reader = manifest.content() == ManifestContent.DATA
                ? ManifestFiles.read(manifest, io, table.specsById()).select(java.util.List.of("file_path"))
                : ManifestFiles.readDeleteManifest(manifest, io, table.specsById())
                        .select(java.util.List.of("file_path"))) {
            for (ContentFile<?> file : reader) {
                visitor.accept(file.location());
            }
        }
    }
}
