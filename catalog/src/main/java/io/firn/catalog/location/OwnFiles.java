package io.firn.catalog.location;

import io.firn.catalog.FirnException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.BulkDeletionFailureException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.SupportsBulkOperations;

/**
 * The files that provably belong to one table, as {@link DeletionGuard} found. The only way by which a job deletes files
 * that it did not write itself.
 */
public final class OwnFiles {
    private final String where;
    private final TableRoots roots;
    private final List<StorePath> paths;
    private final Optional<StorePath> warehouse;
    private final Set<StorePath> metadataDirectories;
    private final Set<StorePath> metadataFiles;

    /**
     * @param metadataDirectories those that were looked through for versions of metadata
     * @param metadataFiles versions of this table's metadata in them, and files of that name that nobody can read
     */
    OwnFiles(
            String where,
            TableRoots roots,
            Optional<StorePath> warehouse,
            Set<StorePath> metadataDirectories,
            Set<StorePath> metadataFiles) {
        this.where = where;
        this.roots = roots;
        this.paths = roots.paths();
        this.warehouse = warehouse;
        this.metadataDirectories = Set.copyOf(metadataDirectories);
        this.metadataFiles = Set.copyOf(metadataFiles);
    }

    /**
     * What became of files that were to be deleted.
     *
     * @param deleted those that the store was asked to delete
     * @param left those that do not provably belong to the table
     * @param failed of the deleted, how many the store did not delete
     */
    public record Deletion(List<String> deleted, long left, long failed) {
        public Deletion {
            deleted = List.copyOf(deleted);
        }
    }

    /** Returns whether a file belongs to the table. */
    public boolean covers(String location) {
        StorePath file = StorePath.parse(location);
        return paths.stream().anyMatch(root -> file.isBelow(root) && !followsLink(root, file))
                && (!MetadataFiles.isOne(location) || metadataFiles.contains(file));
    }

    /**
     * Refuses to go on if a file that a job came across shows that another table, or a copy of this one, lies in the
     * table's directories.
     *
     * @throws FirnException {@code deletion-refused}
     */
    public void requireNoneOfAnotherTable(String location) {
        StorePath file = StorePath.parse(location);
        boolean otherFormat =
                file.segments().contains("_delta_log") || file.segments().contains(".hoodie");
        boolean elsewhere = MetadataFiles.isOne(location)
                && metadataDirectories.stream().noneMatch(directory -> isChild(file, directory));
        if (otherFormat || elsewhere) {
            throw DeletionGuard.refused(
                    "another table, or a copy of one, lies in this table's directories: " + location,
                    where,
                    "move it out of there; nothing was deleted");
        }
    }

    /**
     * Refuses to go on if the table has been moved since it was examined.
     *
     * @throws FirnException {@code deletion-refused}
     */
    public void requireSame(TableMetadata table) {
        if (!TableRoots.of(table).equals(roots)) {
            throw DeletionGuard.refused(
                    "the table's locations have changed during the job",
                    where,
                    "nothing more was deleted; run it again");
        }
    }

    /** Deletes those of the files that belong to the table. */
    public Deletion delete(FileIO io, Collection<String> locations) {
        List<String> own = new ArrayList<>();
        for (String location : locations) {
            if (covers(location)) {
                own.add(location);
            }
        }
        long left = (long) locations.size() - own.size();
        if (own.isEmpty()) {
            return new Deletion(own, left, 0);
        }
        return new Deletion(
                own, left, io instanceof SupportsBulkOperations bulk ? inBulk(bulk, own) : oneByOne(io, own));
    }

    private static long inBulk(SupportsBulkOperations io, List<String> locations) {
        try {
            io.deleteFiles(locations);
            return 0;
        } catch (BulkDeletionFailureException e) {
            return e.numberFailedObjects();
        }
    }

    private static long oneByOne(FileIO io, List<String> locations) {
        for (String location : locations) {
            try {
                io.deleteFile(location);
            } catch (NotFoundException gone) {
                // Somebody else deleted it: as it should be.
                continue;
            }
        }
        return 0;
    }

    TableRoots roots() {
        return roots;
    }

    static boolean isChild(StorePath file, StorePath directory) {
        return file.isBelow(directory)
                && file.segments().size() == directory.segments().size() + 1;
    }

    /** Of local files: a link below the table's location, or between the warehouse and it, leads out of the table. */
    private boolean followsLink(StorePath root, StorePath file) {
        if (!file.isLocalFile()) {
            return false;
        }
        StorePath from = warehouse.filter(root::isBelow).orElse(root);
        Path at = Path.of("/" + String.join("/", from.segments()));
        for (String segment :
                file.segments().subList(from.segments().size(), file.segments().size())) {
            at = at.resolve(segment);
            if (Files.isSymbolicLink(at)) {
                return true;
            }
        }
        return false;
    }
}
