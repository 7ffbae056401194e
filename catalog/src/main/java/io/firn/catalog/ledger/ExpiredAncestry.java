package io.firn.catalog.ledger;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.FileIO;
import org.jspecify.annotations.Nullable;

/**
 * The ancestors of a table's head that its metadata does not hold any more, as earlier versions of the metadata still
 * know them. A snapshot's parent never changes, so one version that has it is enough.
 *
 * <p>Reads at most what the metadata log lists, the latest version first, and no more than is needed. Catalogs keep a
 * hundred versions unless told otherwise.
 */
final class ExpiredAncestry {
    private final Optional<Snapshot> ledgerHolder;
    private final boolean whole;

    private ExpiredAncestry(Optional<Snapshot> ledgerHolder, boolean whole) {
        this.ledgerHolder = ledgerHolder;
        this.whole = whole;
    }

    /** The nearest expired ancestor with a ledger in its summary. */
    Optional<Snapshot> ledgerHolder() {
        return ledgerHolder;
    }

    /** Whether the ancestry could be followed to a ledger or to its beginning. */
    boolean isWhole() {
        return whole;
    }

    /** @param youngest id of the first ancestor that is missing */
    static ExpiredAncestry of(TableMetadata metadata, long youngest, FileIO files) {
        Map<Long, Snapshot> known = new HashMap<>();
        metadata.snapshots().forEach(snapshot -> known.put(snapshot.snapshotId(), snapshot));
        List<TableMetadata.MetadataLogEntry> versions = metadata.previousFiles();
        int unread = versions.size();
        Long wanted = youngest;
        while (wanted != null) {
            Snapshot snapshot = known.get(wanted);
            if (snapshot != null) {
                if (snapshot.summary().containsKey(LedgerKeys.OFFSETS)) {
                    return new ExpiredAncestry(Optional.of(snapshot), true);
                }
                wanted = snapshot.parentId();
            } else if (unread == 0) {
                return new ExpiredAncestry(Optional.empty(), false);
            } else {
                unread--;
                TableMetadata earlier = read(files, versions.get(unread).file());
                if (earlier != null) {
                    earlier.snapshots().forEach(each -> known.putIfAbsent(each.snapshotId(), each));
                }
            }
        }
        return new ExpiredAncestry(Optional.empty(), true);
    }

    /** Nothing where the version was cleaned up; any other failure may pass and is the caller's. */
    private static @Nullable TableMetadata read(FileIO files, String location) {
        try {
            return TableMetadataParser.read(files, location);
        } catch (NotFoundException cleanedUp) {
            return null;
        }
    }
}
