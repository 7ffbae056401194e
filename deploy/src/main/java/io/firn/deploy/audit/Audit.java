package io.firn.deploy.audit;

import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;

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
    private final long windowOffsets;

    /** @param kafka client properties */
    public Audit(Table table, String pipeline, Map<String, String> kafka) {
        this(table, pipeline, kafka, WINDOW_OFFSETS);
    }

    Audit(Table table, String pipeline, Map<String, String> kafka, long windowOffsets) {
        this.table = table;
        this.pipeline = pipeline;
        this.kafka = Map.copyOf(kafka);
        this.windowOffsets = windowOffsets;
    }

    /** @throws io.firn.catalog.FirnException where the table has rows and no ledger, or one side does not answer */
    public AuditReport run() {
        table.refresh();
        Snapshot head = table.currentSnapshot();
        LedgerState state = LedgerReader.read(table);
        if (state instanceof LedgerState.Unknown) {
            throw LedgerReader.noLedger(table.name());
        }
        if (head == null || !(state instanceof LedgerState.Present)) {
            return new AuditReport(pipeline, table.name(), -1, List.of(), List.of(), List.of(), 0);
        }
        LedgerState.Present present = (LedgerState.Present) state;
        SortedMap<SourcePartition, PartitionEntry> entries = present.ledger().partitions(pipeline);
        Map<String, PartitionAudit> byName = new HashMap<>();
        entries.forEach((partition, entry) -> byName.put(
                partition.toString(), new PartitionAudit(partition, new OffsetRange(entry.start(), entry.next()))));
        TableRows rows = new TableRows(table, head.snapshotId());
        Unknowns unknowns = new Unknowns(others(present));
        try (KafkaLog log = new KafkaLog(kafka)) {
            Map<SourcePartition, OffsetRange> held = held(log, byName.values());
            long step = Math.max(1, windowOffsets / Math.max(1, entries.size()));
            long longest = byName.values().stream()
                    .mapToLong(
                            found -> found.delivered().end() - found.delivered().start())
                    .max()
                    .orElse(0);
            long passes = Math.max(1, (longest + step - 1) / step);
            for (long pass = 0; pass < passes; pass++) {
                compare(new Window(pass, step), byName, entries, held, rows, log, unknowns);
            }
        }
        List<PartitionAudit> found = entries.keySet().stream()
                .map(partition -> byName.get(partition.toString()))
                .toList();
        return new AuditReport(
                pipeline,
                table.name(),
                head.snapshotId(),
                found,
                rows.filesTwice(),
                List.copyOf(unknowns.partitions),
                unknowns.foreign);
    }

    /** Partitions of other pipelines on the same table: theirs to audit. */
    private TreeSet<String> others(LedgerState.Present present) {
        return present.ledger().pipelines().entrySet().stream()
                .filter(entry -> !entry.getKey().equals(pipeline))
                .flatMap(entry -> entry.getValue().keySet().stream())
                .map(SourcePartition::toString)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Rows that belong to no partition of the pipeline. */
    private static final class Unknowns {
        private final TreeSet<String> others;
        private final TreeSet<String> partitions = new TreeSet<>();
        private long foreign;

        Unknowns(TreeSet<String> others) {
            this.others = others;
        }

        void add(String partition) {
            if (!others.contains(partition)) {
                partitions.add(partition);
            }
        }
    }

    /** The {@code pass}th stretch of every partition's history. */
    private record Window(long pass, long step) {
        OffsetRange of(OffsetRange delivered) {
            long start = Math.min(delivered.end(), delivered.start() + pass * step);
            return new OffsetRange(start, Math.min(delivered.end(), start + step));
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
        Map<String, Boolean> compacted = new HashMap<>();
        for (PartitionAudit found : audits) {
            OffsetRange bound = bounds.get(found.partition());
            OffsetRange delivered = found.delivered();
            if (bound == null) {
                found.unverifiable(delivered, "the topic was deleted or created again");
                found.compacted(true);
                continue;
            }
            found.compacted(compacted.computeIfAbsent(found.partition().topic(), log::mayCompact));
            long start = Math.min(delivered.end(), Math.max(delivered.start(), bound.start()));
            long end = Math.max(start, Math.min(delivered.end(), bound.end()));
            if (start > delivered.start()) {
                found.unverifiable(new OffsetRange(delivered.start(), start), "below Kafka's retention");
            } else if (end < delivered.end()) {
                found.unverifiable(new OffsetRange(end, delivered.end()), "past the end of Kafka's log");
            }
            held.put(found.partition(), new OffsetRange(start, end));
        }
        return held;
    }

    private static void compare(
            Window window,
            Map<String, PartitionAudit> byName,
            SortedMap<SourcePartition, PartitionEntry> entries,
            Map<SourcePartition, OffsetRange> held,
            TableRows rows,
            KafkaLog log,
            Unknowns unknowns) {
        Map<String, OffsetSet> inTable = new HashMap<>();
        byName.forEach((name, found) -> inTable.put(name, new OffsetSet(window.of(found.delivered()))));
        unknowns.foreign = rows.read((topic, partition, offset) -> {
            String name = topic + "-" + partition;
            PartitionAudit found = byName.get(name);
            if (found == null || offset < 0) {
                unknowns.add(name);
                return;
            }
            PartitionEntry entry = entries.get(found.partition());
            if (window.pass() == 0 && entry != null && isIn(entry.gaps(), offset)) {
                found.outside().add(offset);
            }
            OffsetSet set = inTable.get(name);
            if (set != null && set.covers(offset)) {
                found.countRow();
                if (!set.add(offset)) {
                    found.doubled().add(offset);
                }
            } else if (window.pass() == 0
                    && (offset < found.delivered().start()
                            || offset >= found.delivered().end())) {
                found.outside().add(offset);
            }
        });
        entries.forEach((partition, entry) -> {
            PartitionAudit found = byName.get(partition.toString());
            OffsetRange kafka = held.get(partition);
            OffsetSet set = inTable.get(partition.toString());
            if (found != null && set != null && kafka != null) {
                OffsetRange span = cut(window.of(found.delivered()), kafka);
                Matching matching = new Matching(found, set, entry.gaps(), span.start());
                log.read(partition, span, matching);
                matching.upTo(span.end());
            }
        });
    }

    private static OffsetRange cut(OffsetRange left, OffsetRange right) {
        long start = Math.min(left.end(), Math.max(left.start(), right.start()));
        return new OffsetRange(start, Math.max(start, Math.min(left.end(), right.end())));
    }

    /** Walks up the offsets of one partition as Kafka delivers them. */
    private static final class Matching implements KafkaLog.Seen {
        private final PartitionAudit found;
        private final OffsetSet inTable;
        private final List<OffsetRange> gaps;
        private long next;

        Matching(PartitionAudit found, OffsetSet inTable, List<OffsetRange> gaps, long start) {
            this.found = found;
            this.inTable = inTable;
            this.gaps = gaps;
            this.next = start;
        }

        @Override
        public void deletedBefore(long offset) {
            if (offset > next) {
                next = offset;
                found.unverifiable(new OffsetRange(found.delivered().start(), offset), "below Kafka's retention");
            }
        }

        @Override
        public void record(long offset, boolean nullValue) {
            upTo(offset);
            next = offset + 1;
            if (inTable.contains(offset)) {
                return;
            }
            if (isGap(offset)) {
                found.countGap();
            } else if (nullValue) {
                found.countNullValue();
            } else {
                found.missing().add(offset);
            }
        }

        /** Offsets that Kafka did not deliver. */
        void upTo(long end) {
            for (; next < end; next++) {
                if (inTable.contains(next)) {
                    found.notInKafka().add(next);
                } else if (isGap(next)) {
                    found.countGap();
                } else {
                    found.countSkippedByKafka();
                }
            }
        }

        private boolean isGap(long offset) {
            return isIn(gaps, offset);
        }
    }

    private static boolean isIn(List<OffsetRange> spans, long offset) {
        for (OffsetRange span : spans) {
            if (offset >= span.start() && offset < span.end()) {
                return true;
            }
        }
        return false;
    }
}
