package io.firn.compaction.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileIO;

/** Every file that a snapshot of a table needs. Manifests are read once. */
final class ReferencedFiles {
    private final SimStore store;
    private final FileIO io;
    private final Map<Long, Set<String>> bySnapshot = new HashMap<>();
    private final Map<String, Set<String>> byManifest = new HashMap<>();

    ReferencedFiles(SimTables tables) {
        this.store = tables.store();
        this.io = tables.store().open(new Lifeline());
    }

    void requireAll(List<TableMetadata> tables) {
        for (TableMetadata table : tables) {
            for (Snapshot snapshot : table.snapshots()) {
                for (String file : of(snapshot, table)) {
                    if (!store.holds(file)) {
                        throw new Violation("referenced and removed: " + file);
                    }
                }
            }
        }
    }

    Set<String> all(List<TableMetadata> tables) {
        Set<String> all = new HashSet<>();
        tables.forEach(table -> table.snapshots().forEach(snapshot -> all.addAll(of(snapshot, table))));
        return all;
    }

    private Set<String> of(Snapshot snapshot, TableMetadata table) {
        Set<String> known = bySnapshot.get(snapshot.snapshotId());
        if (known != null) {
            return known;
        }
        if (!store.holds(snapshot.manifestListLocation())) {
            throw new Violation("referenced and removed: " + snapshot.manifestListLocation());
        }
        Set<String> files = new HashSet<>();
        files.add(snapshot.manifestListLocation());
        for (ManifestFile manifest : snapshot.allManifests(io)) {
            if (!store.holds(manifest.path())) {
                throw new Violation("referenced and removed: " + manifest.path());
            }
            files.add(manifest.path());
            files.addAll(byManifest.computeIfAbsent(manifest.path(), path -> read(manifest, table)));
        }
        bySnapshot.put(snapshot.snapshotId(), files);
        return files;
    }

    private Set<String> read(ManifestFile manifest, TableMetadata table) {
        Set<String> files = new HashSet<>();
        try (ManifestReader<? extends ContentFile<?>> reader = manifest.content() == ManifestContent.DATA
                ? ManifestFiles.read(manifest, io, table.specsById())
                : ManifestFiles.readDeleteManifest(manifest, io, table.specsById())) {
            reader.forEach(file -> files.add(file.location()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }
}
