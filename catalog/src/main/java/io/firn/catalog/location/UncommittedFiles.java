package io.firn.catalog.location;

import java.util.Collection;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.io.FileIO;

/**
 * Deletes files that the caller wrote itself, under names that it made unique, and that no commit can reference. Needs
 * no {@link DeletionGuard}: nobody else can know the names.
 */
public final class UncommittedFiles {
    private UncommittedFiles() {}

    /** Deletes a file; throws what the store throws. */
    public static void deleteOrThrow(FileIO io, String location) {
        io.deleteFile(location);
    }

    /**
     * Deletes files. Never fails: a file that stays is an orphan, and is logged.
     *
     * @param locations exactly as the files were created
     * @param what they are, for the log
     */
    public static void delete(FileIO io, Collection<String> locations, String what) {
        if (!locations.isEmpty()) {
            CatalogUtil.deleteFiles(io, locations, what, true);
        }
    }
}
