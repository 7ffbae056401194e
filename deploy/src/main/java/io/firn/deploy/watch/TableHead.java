package io.firn.deploy.watch;

import io.firn.catalog.ledger.LedgerKeys;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.StreamSupport;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.util.SnapshotUtil;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a table says.
 *
 * @param rows rows of the table without those that position deletes and deletion vectors hide; empty if that cannot be
 *     counted exactly: equality deletes hide an unknown number, and position deletes of another engine can name a row
 *     twice, or rows of files that are gone
 * @param rowsAtMost rows of all data files, hidden ones included
 * @param files data files
 * @param bytes of all files
 * @param deleteFiles delete files
 * @param snapshots all there are
 * @param watermark time up to which the table is complete
 * @param readAt when all this was read
 */
public record TableHead(
        OptionalLong rows,
        OptionalLong rowsAtMost,
        OptionalLong files,
        OptionalLong bytes,
        OptionalLong deleteFiles,
        long snapshots,
        Optional<String> watermark,
        Instant readAt) {
    private static final String WATERMARK = "firn.watermark";

    /** The format in which position deletes are deletion vectors. */
    private static final int VECTORS_SINCE = 3;

    /** Reads it from metadata that is in memory. */
    public static TableHead of(Table table, Instant now) {
        Snapshot head = table.currentSnapshot();
        Map<String, String> summary = head == null ? Map.of() : head.summary();
        OptionalLong records = number(summary, SnapshotSummary.TOTAL_RECORDS_PROP);
        return new TableHead(
                head == null ? OptionalLong.empty() : rows(table, head, records),
                records,
                number(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP),
                number(summary, SnapshotSummary.TOTAL_FILE_SIZE_PROP),
                number(summary, SnapshotSummary.TOTAL_DELETE_FILES_PROP),
                StreamSupport.stream(table.snapshots().spliterator(), false).count(),
                Optional.ofNullable(summary.get(WATERMARK)),
                now);
    }

    private static OptionalLong rows(Table table, Snapshot head, OptionalLong records) {
        if (records.isEmpty() || isWithoutDeletes(head)) {
            return records;
        }
        long byPosition =
                number(head.summary(), SnapshotSummary.TOTAL_POS_DELETES_PROP).orElse(Long.MAX_VALUE);
        boolean isByPositionAlone =
                number(head.summary(), SnapshotSummary.TOTAL_EQ_DELETES_PROP).orElse(1) == 0;
        return isByPositionAlone && byPosition <= records.getAsLong() && eachHiddenRowIsCountedOnce(table, head)
                ? OptionalLong.of(records.getAsLong() - byPosition)
                : OptionalLong.empty();
    }

    private static boolean isWithoutDeletes(Snapshot snapshot) {
        return number(snapshot.summary(), SnapshotSummary.TOTAL_DELETE_FILES_PROP)
                        .orElse(1)
                == 0;
    }

    /**
     * Firn deletes no row twice, and removes position deletes together with the file that they are for. So do deletion
     * vectors of any engine. Other position deletes count until the table has had no delete file.
     */
    private static boolean eachHiddenRowIsCountedOnce(Table table, Snapshot head) {
        for (Snapshot each : SnapshotUtil.ancestorsOf(head.snapshotId(), table::snapshot)) {
            if (isWithoutDeletes(each)) {
                return true;
            }
            boolean isFirns = each.summary().containsKey(LedgerKeys.OPERATION);
            if (!isFirns && changesWhatIsHidden(table, each.summary())) {
                return false;
            }
        }
        return true;
    }

    private static boolean changesWhatIsHidden(Table table, Map<String, String> summary) {
        long added = number(summary, SnapshotSummary.ADDED_DELETE_FILES_PROP).orElse(0);
        long vectors = number(summary, SnapshotSummary.ADDED_DVS_PROP).orElse(0);
        long gone = number(summary, SnapshotSummary.DELETED_FILES_PROP).orElse(0);
        return added > vectors || gone > 0 && TableUtil.formatVersion(table) < VECTORS_SINCE;
    }

    /** A foreign engine may have left it out or got it wrong: then nothing is known. */
    private static OptionalLong number(Map<String, String> summary, String key) {
        @Nullable String text = summary.get(key);
        try {
            return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException strange) {
            return OptionalLong.empty();
        }
    }
}
