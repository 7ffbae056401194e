package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.config.NearestKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/**
 * Compares one snapshot of a table with Kafka, up to the table's ledger.
 *
 * <p>Memory is bounded: long histories are compared window by window, each a pass over the table's source columns.
 */
public final class Audit {
    /** Two bits an offset: 64 MB at the most. */
    private static final long WINDOW_OFFSETS = 1L << 28;

    private final Table table;
    private final String pipeline;
    private final Map<String, String> kafka;
    private final Progress progress;
    private final long windowOffsets;
    private final @Nullable Table keyed;

    /** @param kafka client properties */
    public Audit(Table table, String pipeline, Map<String, String> kafka, Progress progress) {
        this(table, pipeline, kafka, progress, WINDOW_OFFSETS);
    }

    Audit(Table table, String pipeline, Map<String, String> kafka, Progress progress, long windowOffsets) {
        this(table, pipeline, kafka, progress, windowOffsets, null);
    }

    private Audit(
            Table table,
            String pipeline,
            Map<String, String> kafka,
            Progress progress,
            long windowOffsets,
            @Nullable Table keyed) {
        this.keyed = keyed;
        this.table = table;
        this.pipeline = pipeline;
        this.kafka = Map.copyOf(kafka);
        this.progress = progress;
        this.windowOffsets = windowOffsets;
    }

    /** For a staging table: what is merged into this keyed table may have been removed; the fold check judges it. */
    public Audit mergedInto(Table into) {
        return new Audit(table, pipeline, kafka, progress, windowOffsets, into);
    }

    /**
     * @throws FirnException where the table has rows and no ledger, or a ledger that does not know the pipeline, or one
     *     side does not answer
     */
    public AuditReport run() {
        table.refresh();
        Snapshot head = table.currentSnapshot();
        LedgerState state = LedgerReader.read(table);
        if (state instanceof LedgerState.Unknown) {
            throw LedgerReader.noLedger(table.name(), (LedgerState.Unknown) state);
        }
        if (head == null || !(state instanceof LedgerState.Present)) {
            return AuditReport.empty(pipeline, table.name());
        }
        Ledger ledger = ((LedgerState.Present) state).ledger();
        SortedMap<SourcePartition, PartitionEntry> entries = ledger.partitions(pipeline);
        if (entries.isEmpty()) {
            throw unknownPipeline(ledger);
        }
        Map<String, PartitionAudit> byName = new LinkedHashMap<>();
        entries.forEach((partition, entry) -> byName.put(
                partition.toString(),
                new PartitionAudit(partition, new OffsetRange(entry.start(), entry.next()), entry.gaps())));
        SkippedCounts.read(table, head, pipeline, byName.values());
        EarlierTopics earlier = EarlierTopics.read(table, head, pipeline, entries);
        earlier.align(byName.values());
        List<PartitionAudit> all = new ArrayList<>(byName.values());
        all.addAll(earlier.partitions());
        TableRows rows = new TableRows(table, head.snapshotId());
        StrayRows strays = new StrayRows(pipeline, ledger);
        Owners owners = new Owners(byName, earlier, strays);
        try (KafkaLog log = new KafkaLog(kafka)) {
            Map<SourcePartition, OffsetRange> held = held(log, all);
            Map<SourcePartition, Long> merged = mergedBelow();
            long step = Math.max(1, windowOffsets / all.size());
            long passes = Math.max(1, (longest(all) + step - 1) / step);
            for (long pass = 0; pass < passes; pass++) {
                String part = passes == 1 ? "" : ", part " + (pass + 1) + " of " + passes;
                compare(new Window(pass, step), part, owners, all, held, merged, rows, log);
            }
        }
        progress.begin("audit: looking for files that are referenced twice", "files", -1);
        return new AuditReport(
                pipeline,
                table.name(),
                head.snapshotId(),
                all,
                rows.filesTwice(),
                strays.partitions(),
                strays.foreign());
    }

    /** By partition the offset below which everything is merged into the keyed table; empty for any other table. */
    private Map<SourcePartition, Long> mergedBelow() {
        Map<SourcePartition, Long> below = new HashMap<>();
        if (keyed != null) {
            keyed.refresh();
            LedgerState state = LedgerReader.read(keyed);
            state.fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty())
                    .partitions(pipeline)
                    .forEach((partition, entry) -> below.put(partition, entry.next()));
        }
        return below;
    }

    private FirnException unknownPipeline(Ledger ledger) {
        Set<String> known = ledger.pipelines().keySet();
        return FirnException.user(
                "pipeline-unknown",
                "the table's ledger does not know the pipeline " + pipeline,
                "table " + table.name(),
                NearestKey.hint(pipeline, known) + "its pipelines are " + known);
    }

    private static long longest(Collection<PartitionAudit> partitions) {
        return partitions.stream()
                .mapToLong(found -> found.delivered().end() - found.windowsFrom())
                .max()
                .orElse(0);
    }

    /** The {@code pass}th stretch of every partition's history. */
    private record Window(long pass, long step) {
        OffsetRange of(PartitionAudit found) {
            long start = found.windowsFrom() + pass * step;
            return cut(new OffsetRange(start, start + step), found.delivered());
        }
    }

    /** What Kafka can still show of each partition; what it cannot is said. */
    private static Map<SourcePartition, OffsetRange> held(KafkaLog log, Collection<PartitionAudit> audits) {
        Map<String, String> ids = log.topicIds(
                audits.stream().map(found -> found.partition().topic()).collect(Collectors.toSet()));
        Map<SourcePartition, OffsetRange> held = new HashMap<>();
        Map<SourcePartition, OffsetRange> bounds = log.bounds(audits.stream()
                .map(PartitionAudit::partition)
                .filter(partition -> partition.topicId().equals(ids.get(partition.topic())))
                .toList());
        Map<String, Compaction> compaction = new HashMap<>();
        for (PartitionAudit found : audits) {
            OffsetRange bound = bounds.get(found.partition());
            OffsetRange delivered = found.delivered();
            if (bound == null) {
                found.unverifiable().add(delivered, PartitionAudit.RECREATED);
                continue;
            }
            found.compaction(compaction.computeIfAbsent(found.partition().topic(), log::compaction));
            long start = Math.min(delivered.end(), Math.max(delivered.start(), bound.start()));
            long end = Math.max(start, Math.min(delivered.end(), bound.end()));
            found.unverifiable().add(new OffsetRange(delivered.start(), start), PartitionAudit.RETENTION);
            found.unverifiable().add(new OffsetRange(end, delivered.end()), "past the end of Kafka's log");
            held.put(found.partition(), new OffsetRange(start, end));
        }
        return held;
    }

    private void compare(
            Window window,
            String part,
            Owners owners,
            List<PartitionAudit> all,
            Map<SourcePartition, OffsetRange> held,
            Map<SourcePartition, Long> merged,
            TableRows rows,
            KafkaLog log) {
        Map<PartitionAudit, OffsetSet> inTable = new IdentityHashMap<>();
        all.forEach(found -> inTable.put(found, new OffsetSet(window.of(found))));
        owners.read(rows, "audit: reading the table" + part, progress, inTable, (found, offset) -> {
            OffsetSet set = inTable.get(found);
            if (set != null) {
                row(found, set, offset, window);
            }
        });
        long expected = all.stream()
                .map(window::of)
                .mapToLong(span -> span.end() - span.start())
                .sum();
        progress.begin("audit: reading Kafka" + part, "records", expected);
        all.forEach(found -> {
            OffsetRange kafka = held.get(found.partition());
            OffsetSet set = inTable.get(found);
            if (set != null && kafka != null) {
                OffsetRange span = cut(window.of(found), kafka);
                Matching matching = new Matching(
                        found, set, found.gaps(), span.start(), merged.getOrDefault(found.partition(), 0L));
                log.read(found.partition(), span, matching, progress);
                matching.upTo(span.end());
            }
        });
    }

    private static void row(PartitionAudit found, OffsetSet set, long offset, Window window) {
        OffsetRange delivered = found.delivered();
        if (window.pass() == 0
                && (offset < delivered.start() || offset >= delivered.end() || Matching.isIn(found.gaps(), offset))) {
            found.outside().add(offset);
        }
        if (set.covers(offset)) {
            found.countRow();
            if (!set.add(offset)) {
                found.doubled().add(offset);
            }
        }
    }

    private static OffsetRange cut(OffsetRange left, OffsetRange right) {
        long start = Math.min(left.end(), Math.max(left.start(), right.start()));
        return new OffsetRange(start, Math.max(start, Math.min(left.end(), right.end())));
    }
}
