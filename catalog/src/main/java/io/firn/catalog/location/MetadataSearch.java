package io.firn.catalog.location;

import io.firn.catalog.StoreRefusal;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.util.LocationUtil;

/**
 * Looks for versions of tables' metadata where one table keeps its files, and refuses to go on where one is another
 * table's, or a copy in a directory of its own.
 */
final class MetadataSearch {
    private static final String METADATA = "/metadata";

    /** Directories above a location that are looked at. */
    private static final int MAX_ANCESTORS = 8;

    /** Files of such a directory that are looked at. */
    private static final int MAX_FILES_ABOVE = 2_000;

    private final String where;
    private final String uuid;
    private final String metadataLocation;
    private final Set<StorePath> directories = new HashSet<>();
    private final Set<StorePath> own = new HashSet<>();

    MetadataSearch(String where, TableMetadata table) {
        this.where = where;
        this.uuid = table.uuid() == null ? "" : table.uuid();
        this.metadataLocation = LocationUtil.stripTrailingSlash(
                table.properties().getOrDefault(TableProperties.WRITE_METADATA_LOCATION, table.location() + METADATA));
        table.previousFiles().forEach(version -> own.add(StorePath.parse(version.file())));
        if (table.metadataFileLocation() != null) {
            own.add(StorePath.parse(table.metadataFileLocation()));
        }
    }

    /** Directories that were looked through. */
    Set<StorePath> directories() {
        return directories;
    }

    /** Versions of this table's metadata, and files of such a name from which no table can be read. */
    Set<StorePath> own() {
        return own;
    }

    /** Looks through the metadata directory of a location, and through the table's own one. */
    void below(SupportsPrefixOperations io, String location) {
        for (String directory : List.of(location + METADATA, metadataLocation)) {
            StorePath path = StorePath.parse(directory);
            if (!directories.add(path)) {
                continue;
            }
            Iterator<FileInfo> files = MetadataFiles.list(io, directory);
            while (files.hasNext()) {
                String file = files.next().location();
                if (MetadataFiles.isOne(file)) {
                    requireOwn(io, file, path);
                }
            }
        }
    }

    private void requireOwn(SupportsPrefixOperations io, String file, StorePath directory) {
        StorePath path = StorePath.parse(file);
        if (!OwnFiles.isChild(path, directory)) {
            throw found("a copy of a table's metadata, or another table, lies in " + directory, file);
        }
        if (own.contains(path)) {
            return;
        }
        Optional<String> found = MetadataFiles.uuid(io, file);
        if (found.isPresent() && !found.get().equals(uuid)) {
            throw found("metadata of another table lies in " + directory, file);
        }
        own.add(path);
    }

    /** Looks for a table whose directory contains the location. */
    void above(SupportsPrefixOperations io, String location, Optional<StorePath> warehouse) {
        String parent = parent(location);
        for (int height = 0; height < MAX_ANCESTORS && !parent.isEmpty(); height++) {
            StorePath path = StorePath.parse(parent);
            if (path.isRoot() || warehouse.filter(top -> top.isBelow(path)).isPresent()) {
                return;
            }
            StorePath directory = StorePath.parse(parent + METADATA);
            if (!directories.contains(directory)) {
                lookAbove(io, parent + METADATA, directory);
            }
            parent = parent(parent);
        }
    }

    @SuppressWarnings("IllegalCatch") // stores throw what they like
    private void lookAbove(SupportsPrefixOperations io, String directory, StorePath path) {
        try {
            Iterator<FileInfo> files = MetadataFiles.list(io, directory);
            for (int looked = 0; looked < MAX_FILES_ABOVE && files.hasNext(); looked++) {
                String file = files.next().location();
                if (MetadataFiles.isOne(file)
                        && OwnFiles.isChild(StorePath.parse(file), path)
                        && !own.contains(StorePath.parse(file))
                        && MetadataFiles.uuid(io, file)
                                .filter(each -> !each.equals(uuid))
                                .isPresent()) {
                    throw found("the table lies in the directory of another one", file);
                }
            }
        } catch (RuntimeException failed) {
            // Credentials are often limited to the warehouse or the table.
            if (StoreRefusal.in(failed, directory).isEmpty()) {
                throw failed;
            }
        }
    }

    private RuntimeException found(String what, String file) {
        return DeletionGuard.refused(
                what + " (" + file + ")",
                where,
                "find out whose it is; move it, or move this table to a location of its own");
    }

    /** Empty above the first segment. */
    private static String parent(String location) {
        int slash = location.lastIndexOf('/');
        return slash <= 0 || location.charAt(slash - 1) == '/' || location.charAt(slash - 1) == ':'
                ? ""
                : location.substring(0, slash);
    }
}
