package io.firn.compaction.scan;

import io.firn.catalog.FirnException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.CloseableIterator;
import org.apache.iceberg.util.SnapshotUtil;

/** Names a file that the store does not have, the table and the snapshots that need it, where stores say "404" only. */
final class LostFile {
    private static final int MAX_CAUSES = 10;

    private LostFile() {}

    /** Runs a call that reads the file. */
    static <T> T named(Table table, ContentFile<?> file, Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException failed) {
            throw isGone(failed) ? lost(table, file, failed) : failed;
        }
    }

    /** The same rows; a failure because the file is gone names it, whenever it shows. */
    static <T> CloseableIterable<T> named(Table table, ContentFile<?> file, CloseableIterable<T> rows) {
        return new CloseableIterable<>() {
            @Override
            public CloseableIterator<T> iterator() {
                CloseableIterator<T> all = named(table, file, rows::iterator);
                Iterator<T> checked = new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return named(table, file, all::hasNext);
                    }

                    @Override
                    public T next() {
                        return named(table, file, all::next);
                    }
                };
                return CloseableIterator.withClose(checked);
            }

            @Override
            public void close() throws IOException {
                rows.close();
            }
        };
    }

    /** Stores of which Firn does not know the classes are known by the name of theirs, or by the status they tell. */
    private static boolean isGone(Throwable failure) {
        Throwable each = failure;
        for (int depth = 0; each != null && depth < MAX_CAUSES; depth++) {
            String message = String.valueOf(each.getMessage());
            if (each instanceof NotFoundException
                    || each instanceof FileNotFoundException
                    || each.getClass().getSimpleName().equals("NoSuchKeyException")
                    || message.contains("Status Code: 404")) {
                return true;
            }
            each = each.getCause();
        }
        return false;
    }

    private static FirnException lost(Table table, ContentFile<?> file, RuntimeException cause) {
        Snapshot head = table.currentSnapshot();
        String snapshot = head == null ? "" : ", snapshot " + head.snapshotId();
        String unharmed = unharmed(table, file)
                .map(id -> "snapshot " + id + " is the latest that does not need the file")
                .orElse("every snapshot that is left needs the file");
        return new FirnException(
                "file-lost",
                FirnException.Kind.USER,
                "a file that the table needs is not in the store",
                "table " + table.name() + snapshot + ", file " + file.location(),
                "restore the object, for example from the bucket's versions; " + unharmed
                        + "; other tables do not need it. If it cannot be restored, rebuild the table from Kafka or"
                        + " roll it back",
                cause);
    }

    private static Optional<Long> unharmed(Table table, ContentFile<?> file) {
        Long added = file.fileSequenceNumber();
        Snapshot head = table.currentSnapshot();
        if (added == null || head == null) {
            return Optional.empty();
        }
        for (Snapshot each : SnapshotUtil.ancestorsOf(head.snapshotId(), table::snapshot)) {
            if (each.sequenceNumber() < added) {
                return Optional.of(each.snapshotId());
            }
        }
        return Optional.empty();
    }
}
