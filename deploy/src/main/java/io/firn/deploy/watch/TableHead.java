package io.firn.deploy.watch;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.StreamSupport;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a table says.
 *
 * @param rows rows of the table without those that position deletes and deletion vectors hide; empty while there are
 *     equality deletes, which hide an unknown number
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

    /** Reads it from metadata that is in memory. */
    public static TableHead of(Table table, Instant now) {
        Snapshot head = table.currentSnapshot();
        Map<String, String> summary = head == null ? Map.of() : head.summary();
        OptionalLong records = number(summary, SnapshotSummary.TOTAL_RECORDS_PROP);
        return new TableHead(
                rows(summary, records),
                records,
                number(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP),
                number(summary, SnapshotSummary.TOTAL_FILE_SIZE_PROP),
                number(summary, SnapshotSummary.TOTAL_DELETE_FILES_PROP),
                StreamSupport.stream(table.snapshots().spliterator(), false).count(),
                Optional.ofNullable(summary.get(WATERMARK)),
                now);
    }

    private static OptionalLong rows(Map<String, String> summary, OptionalLong records) {
        OptionalLong byPosition = number(summary, SnapshotSummary.TOTAL_POS_DELETES_PROP);
        OptionalLong byValue = number(summary, SnapshotSummary.TOTAL_EQ_DELETES_PROP);
        return records.isEmpty() || byValue.orElse(0) > 0
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, records.getAsLong() - byPosition.orElse(0)));
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
