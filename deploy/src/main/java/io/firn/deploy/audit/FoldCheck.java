package io.firn.deploy.audit;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.fold.Candidate;
import io.firn.compaction.fold.KeyBuffer;
import io.firn.compaction.fold.Sources;
import io.firn.compaction.fold.Sources.Source;
import io.firn.compaction.fold.WinnerTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Evaluator;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.jspecify.annotations.Nullable;

/**
 * Compares a keyed table with the fold of its records, key by key: each row must be the record that comes last by the
 * order, up to the keyed table's ledger, and a key whose last record deletes must have no row. What Kafka holds is taken
 * from Kafka, and only what it does not show from staging.
 *
 * <p>Reads the tables by Iceberg's own readers, not by the merge's. Memory is bounded: many keys are compared part by
 * part, each a pass over the tables.
 */
public final class FoldCheck {
    /** Of heap for one part's keys, which are a few million. */
    private static final long MEMORY = 256L << 20;

    /** What a key and its position take, generously. */
    private static final long BYTES_A_KEY = 256;

    private final UpsertTables tables;
    private final String pipeline;
    private final Optional<Expression> deleteWhen;
    private final Progress progress;
    private final long memoryBytes;
    private final Optional<KafkaRows> kafka;

    /**
     * @param tables handles of this check alone; it refreshes them
     * @param deleteWhen by names; records for which it is true delete their key
     * @param kafka reads what Kafka holds; empty to judge by what is staged alone
     */
    FoldCheck(
            UpsertTables tables,
            String pipeline,
            Optional<Expression> deleteWhen,
            Progress progress,
            Optional<KafkaRows> kafka) {
        this(tables, pipeline, deleteWhen, progress, MEMORY, kafka);
    }

    /** As the other constructor, judging by what is staged alone. */
    public FoldCheck(UpsertTables tables, String pipeline, Optional<Expression> deleteWhen, Progress progress) {
        this(tables, pipeline, deleteWhen, progress, MEMORY, Optional.empty());
    }

    FoldCheck(
            UpsertTables tables,
            String pipeline,
            Optional<Expression> deleteWhen,
            Progress progress,
            long memoryBytes) {
        this(tables, pipeline, deleteWhen, progress, memoryBytes, Optional.empty());
    }

    private FoldCheck(
            UpsertTables tables,
            String pipeline,
            Optional<Expression> deleteWhen,
            Progress progress,
            long memoryBytes,
            Optional<KafkaRows> kafka) {
        this.kafka = kafka;
        this.tables = tables;
        this.pipeline = pipeline;
        this.deleteWhen = deleteWhen;
        this.progress = progress;
        this.memoryBytes = memoryBytes;
    }

    /** @throws FirnException where a table has no ledger that could be read, or does not answer */
    public FoldReport run() {
        // The keyed table first: what it was merged from is in staging by then.
        tables.keyed().refresh();
        tables.staging().refresh();
        tables.deletes().refresh();
        Snapshot keyed = tables.keyed().currentSnapshot();
        Snapshot staging = tables.staging().currentSnapshot();
        MergedSpans spans = MergedSpans.read(tables.keyed(), pipeline);
        Part whole = new Part(keyed, staging, tables.deletes().currentSnapshot(), spans, open());
        kafka.ifPresent(rows -> rows.read(spans.entries()));
        long rows = records(staging) + records(keyed) + records(whole.deletes()) + records(fromKafka());
        int parts = Math.toIntExact(rows * BYTES_A_KEY / memoryBytes + 1);
        FoldReport.Builder report = new FoldReport.Builder(tables.keyed().name());
        kafka.ifPresent(read -> report.unverifiable(read.undecodable()));
        for (int part = 0; part < parts; part++) {
            compare(whole, part, parts, report);
        }
        return report.build();
    }

    /** Snapshots to read and the offsets that are merged. */
    private record Part(
            @Nullable Snapshot keyed,
            @Nullable Snapshot staging,
            @Nullable Snapshot deletes,
            MergedSpans spans,
            List<BackfillTask> open) {
        Map<Source, OffsetRange> merged() {
            return spans.merged();
        }

        /** Whether a record can be one that a backfill staged and no merge has seen. */
        boolean isOpen(Source source, long offset) {
            return open.stream().anyMatch(task -> {
                OffsetRange span = task.spans().get(source.partition());
                return span != null
                        && source.topic().equals(task.topic())
                        && offset >= span.start()
                        && offset < span.end();
            });
        }
    }

    /** Backfills that go on, or that have ended and are not merged. */
    private List<BackfillTask> open() {
        List<BackfillState> all = Backfills.read(tables.staging());
        Set<String> open = MergedBackfills.read(tables.keyed()).open(all);
        return all.stream()
                .filter(each -> open.contains(each.id()))
                .map(BackfillState::task)
                .toList();
    }

    private @Nullable Snapshot fromKafka() {
        return kafka.map(read -> read.rows().currentSnapshot()).orElse(null);
    }

    private void compare(Part whole, int part, int parts, FoldReport.Builder report) {
        String label = parts == 1 ? "" : ", part " + (part + 1) + " of " + parts;
        boolean versioned = tables.layout().orderBy().isPresent();
        Sources sources = new Sources();
        WinnerTable winners = new WinnerTable(sources, versioned);
        RowReader reader = new RowReader(
                sources,
                whole.spans().identified(),
                tables.layout().key(),
                tables.layout().orderBy());
        Map<Source, Long> lowest = new HashMap<>();
        progress.begin("fold check: reading staging" + label, "rows", records(whole.staging()));
        Pass pass = new Pass(part, parts, reader, winners, lowest, report);
        fold(tables.staging(), whole.staging(), whole.merged(), pass, this::byStaging);
        kafka.ifPresent(read -> {
            progress.begin("fold check: folding Kafka's records" + label, "rows", records(fromKafka()));
            fold(read.rows(), fromKafka(), whole.merged(), pass, (source, offset) -> Origin.KAFKA);
            read.from().forEach((partition, offset) -> lowest.merge(MergedSpans.source(partition), offset, Math::min));
        });
        progress.begin("fold check: reading known deletes" + label, "rows", records(whole.deletes()));
        each(tables.deletes(), whole.deletes(), UpsertColumns.ORDER_TIMESTAMP, false, row -> {
            if (reader.isIn(row, part, parts)) {
                reader.read(row, UpsertColumns.ORDER_TIMESTAMP);
                if (reader.isMerged(whole.merged())) {
                    reader.candidate().deletes = true;
                    winners.offer(reader.key(), reader.hash(), reader.candidate());
                }
            }
        });
        progress.begin("fold check: reading the keyed table" + label, "rows", records(whole.keyed()));
        each(tables.keyed(), whole.keyed(), UpsertColumns.ORDER_TIMESTAMP, false, row -> {
            if (reader.isIn(row, part, parts)) {
                reader.read(row, UpsertColumns.ORDER_TIMESTAMP);
                keyedRow(whole, reader, winners, sources, lowest, report);
            }
        });
        missing(whole, winners, sources, report);
    }

    /** What one pass over the tables collects. */
    private record Pass(
            int part,
            int parts,
            RowReader reader,
            WinnerTable winners,
            Map<Source, Long> lowest,
            FoldReport.Builder report) {}

    /** Whose word is taken about a record. */
    private enum Origin {
        KAFKA,
        STAGING,
        STAGING_ALONE
    }

    private interface Judge {
        Origin of(Source source, long offset);
    }

    /** Of a staged row: what Kafka shows of the same record counts instead. */
    private Origin byStaging(Source source, long offset) {
        if (kafka.isEmpty()) {
            return Origin.STAGING;
        }
        return source.partition() >= 0 && kafka.get().holds(MergedSpans.partition(source), offset)
                ? Origin.KAFKA
                : Origin.STAGING_ALONE;
    }

    /** @param table staging, or the one of Kafka's records */
    private void fold(
            Table table, @Nullable Snapshot snapshot, Map<Source, OffsetRange> merged, Pass pass, Judge judge) {
        boolean isStaging = table == tables.staging();
        Optional<Evaluator> mark =
                deleteWhen.map(condition -> new Evaluator(table.schema().asStruct(), condition));
        InternalRecordWrapper wrapper = new InternalRecordWrapper(table.schema().asStruct());
        RowReader reader = pass.reader();
        each(table, snapshot, SourceColumns.TIMESTAMP, true, row -> {
            reader.position(row, SourceColumns.TIMESTAMP);
            pass.lowest().merge(reader.source(), reader.candidate().offset, Math::min);
            if (!reader.isMerged(merged)) {
                pass.report().unmerged(pass.part() == 0);
                return;
            }
            Origin origin = judge.of(reader.source(), reader.candidate().offset);
            if (isStaging && origin == Origin.KAFKA) {
                return;
            }
            if (reader.isIn(row, pass.part(), pass.parts())) {
                reader.readKey(row);
                reader.candidate().deletes = Boolean.TRUE.equals(row.getField(UpsertColumns.TOMBSTONE))
                        || mark.isPresent() && mark.get().eval(wrapper.wrap(row));
                pass.winners().offer(reader.key(), reader.hash(), reader.candidate());
                pass.report().staged();
                if (origin == Origin.STAGING_ALONE) {
                    pass.report().byStagingOnly();
                }
            }
        });
    }

    private void keyedRow(
            Part whole,
            RowReader reader,
            WinnerTable winners,
            Sources sources,
            Map<Source, Long> lowest,
            FoldReport.Builder report) {
        Candidate row = reader.candidate();
        int head = winners.find(reader.key(), reader.hash());
        boolean gone = row.offset < lowest.getOrDefault(reader.source(), Long.MAX_VALUE);
        boolean compacted = reader.source().partition() >= 0
                && kafka.isPresent()
                && kafka.get().mayBeCompactedAway(MergedSpans.partition(reader.source()), row.offset);
        report.keyed();
        if (head < 0) {
            if (gone || compacted) {
                report.unverifiable();
            } else {
                report.difference(reader.text(), "has a row of " + reader.place() + " that no record is");
            }
            return;
        }
        if (winners.isMatched(head)) {
            report.difference(reader.text(), "has more than one row, one of them of " + reader.place());
            return;
        }
        winners.markMatched(head);
        Candidate last = new Candidate();
        winners.candidate(winners.winner(head), last);
        if (last.source == row.source && last.offset == row.offset && !last.deletes) {
            report.same();
        } else if (gone
                || compacted && (tables.layout().orderBy().isPresent() || last.source != row.source)
                || whole.isOpen(sources.source(last.source), last.offset)) {
            report.unverifiable();
        } else {
            report.difference(
                    reader.text(),
                    "has the row of " + reader.place() + ", its last record "
                            + (last.deletes ? "deletes it at " : "is ") + RowReader.place(sources, last));
        }
    }

    private static void missing(Part whole, WinnerTable winners, Sources sources, FoldReport.Builder report) {
        KeyBuffer key = new KeyBuffer();
        Candidate last = new Candidate();
        for (int number = 0; number < winners.size(); number++) {
            int head = winners.head(number);
            winners.candidate(winners.winner(head), last);
            if (winners.isMatched(head)) {
                continue;
            }
            if (last.deletes) {
                report.deleted();
            } else if (whole.isOpen(sources.source(last.source), last.offset)) {
                report.unverifiable();
            } else {
                winners.key(head, key);
                report.difference(
                        RowReader.text(key), "has no row, its last record is " + RowReader.place(sources, last));
            }
        }
    }

    private interface Seen {
        void row(Record row);
    }

    private void each(Table table, @Nullable Snapshot snapshot, String timestamp, boolean all, Seen seen) {
        if (snapshot == null) {
            return;
        }
        List<String> columns = new ArrayList<>(tables.layout().key());
        tables.layout().orderBy().ifPresent(columns::add);
        columns.addAll(List.of(SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET, timestamp));
        if (table.schema().findField(UpsertColumns.TOPIC_ID) != null) {
            columns.add(UpsertColumns.TOPIC_ID);
        }
        IcebergGenerics.ScanBuilder scan =
                IcebergGenerics.read(table).useSnapshot(snapshot.snapshotId()).reuseContainers();
        if (!all) {
            scan = scan.select(columns);
        } else if (deleteWhen.isEmpty()) {
            columns.add(UpsertColumns.TOMBSTONE);
            scan = scan.select(columns);
        }
        try (CloseableIterable<Record> rows =
                scan.where(Expressions.alwaysTrue()).build()) {
            for (Record row : rows) {
                progress.step();
                seen.row(row);
            }
        } catch (IOException failed) {
            throw FirnException.external(
                    "table-unreadable", "the table cannot be read: " + failed.getMessage(), table.name(), "", failed);
        }
    }

    private static long records(@Nullable Snapshot snapshot) {
        return snapshot == null
                ? 0
                : Long.parseLong(snapshot.summary().getOrDefault(SnapshotSummary.TOTAL_RECORDS_PROP, "0"));
    }
}
