package io.firn.compaction.plan;

import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.compaction.Foreign;
import io.firn.compaction.Incarnation;
import io.firn.compaction.Work;
import io.firn.compaction.expire.ExpireJob;
import io.firn.compaction.expire.ExpireSettings;
import io.firn.compaction.manifest.ManifestSettings;
import io.firn.compaction.plan.TableDebt.StagingLag;
import io.firn.compaction.rewrite.RewriteJob;
import io.firn.compaction.rewrite.RewriteSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;

/** Reads a table's debt from its head: summary, manifest list, and the manifests themselves for the small files. */
public final class DebtReader {
    private final RewriteSettings rewrite;
    private final ManifestSettings manifests;
    private final ExpireSettings expire;

    public DebtReader(RewriteSettings rewrite, ManifestSettings manifests, ExpireSettings expire) {
        this.rewrite = rewrite;
        this.manifests = manifests;
        this.expire = expire;
    }

    /** Refreshes the table. */
    public TableDebt of(Table table, Instant now) {
        return Foreign.call("the table can not be read", "table " + table.name(), () -> {
            table.refresh();
            Snapshot head = table.currentSnapshot();
            Map<String, String> summary = head == null ? Map.of() : head.summary();
            List<ManifestFile> data = head == null
                    ? List.of()
                    : head.allManifests(table.io()).stream()
                            .filter(each -> each.content() == ManifestContent.DATA)
                            .toList();
            long small = data.stream()
                    .filter(each -> each.length() < manifests.targetBytes() / 2)
                    .count();
            long snapshots = java.util.stream.StreamSupport.stream(
                            table.snapshots().spliterator(), false)
                    .count();
            return new TableDebt(
                    total(summary),
                    RewriteJob.workOf(table, rewrite),
                    number(summary, SnapshotSummary.TOTAL_POS_DELETES_PROP),
                    number(summary, SnapshotSummary.TOTAL_EQ_DELETES_PROP),
                    number(summary, SnapshotSummary.TOTAL_DELETE_FILES_PROP),
                    data.size(),
                    small,
                    snapshots,
                    ExpireJob.expirable(table, expire, now),
                    StagingLag.NONE);
        });
    }

    /** How far a keyed table is behind. Both have been refreshed. */
    public static StagingLag lag(Table staging, Table keyed) {
        LedgerState ahead = LedgerReader.read(staging);
        LedgerState behind = LedgerReader.read(keyed);
        Ledger merged = ledger(behind);
        Ledger staged = ledger(ahead);
        long rows = 0;
        for (String pipeline : staged.pipelines().keySet()) {
            for (String topic : Incarnation.topics(staged, pipeline)) {
                for (Incarnation each : Incarnation.of(staged, merged, pipeline, topic)) {
                    rows += each.waiting(merged, pipeline);
                }
            }
        }
        long again = 0;
        for (MergedBackfills.Left each : MergedBackfills.read(keyed).left(Backfills.read(staging), merged)) {
            again += each.ranges().values().stream()
                    .mapToLong(range -> range.end() - range.start())
                    .sum();
        }
        rows += again;
        Snapshot head = staging.currentSnapshot();
        Work all = total(head == null ? Map.of() : head.summary());
        long bytes = all.rows() == 0 ? 0 : (long) ((double) all.bytes() / all.rows() * rows);
        Duration time = rows == 0 ? Duration.ZERO : between(watermark(behind), watermark(ahead));
        return new StagingLag(rows, again, bytes, time);
    }

    private static Duration between(Optional<Instant> behind, Optional<Instant> ahead) {
        if (behind.isEmpty() || ahead.isEmpty() || behind.get().isAfter(ahead.get())) {
            return Duration.ZERO;
        }
        return Duration.between(behind.get(), ahead.get());
    }

    private static Ledger ledger(LedgerState state) {
        return state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }

    private static Optional<Instant> watermark(LedgerState state) {
        return state.fold(LedgerState.Present::watermark, fresh -> Optional.empty(), unknown -> Optional.empty());
    }

    private static Work total(Map<String, String> summary) {
        return new Work(
                number(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP),
                number(summary, SnapshotSummary.TOTAL_FILE_SIZE_PROP),
                number(summary, SnapshotSummary.TOTAL_RECORDS_PROP));
    }

    /** A foreign engine may have left it out or got it wrong: then nothing is known. */
    private static long number(Map<String, String> summary, String key) {
        try {
            return Math.max(0, Long.parseLong(summary.getOrDefault(key, "0")));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
