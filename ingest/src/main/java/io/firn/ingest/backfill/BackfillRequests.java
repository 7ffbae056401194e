package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.ingest.backfill.BackfillRequest.Position;
import io.firn.ingest.record.SpanSource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;

/** Makes of a request what is to be done, once: later nothing of it depends on when it is looked at. */
public final class BackfillRequests {
    private final Table table;
    private final SpanSource source;

    /** @param table the one that the pipeline ingests to; refreshed */
    public BackfillRequests(Table table, SpanSource source) {
        this.table = table;
        this.source = source;
    }

    /** @throws FirnException of kind user where it cannot be done, of kind external where Kafka does not answer */
    public BackfillTask resolve(BackfillRequest request, Instant now) {
        if (request.chunk() < 1) {
            throw FirnException.user(
                    "backfill-invalid", "a chunk holds at least one offset", "chunk " + request.chunk(), "");
        }
        table.refresh();
        requireSourceColumns();
        Ledger ledger = Line.ledger(table);
        SortedMap<SourcePartition, PartitionEntry> known = partitions(request, ledger);
        String topicId = known.firstKey().topicId();
        requireSameTopic(request.topic(), topicId, source.topicIds(Set.of(request.topic())));
        Map<SourcePartition, OffsetRange> held = source.bounds(known.keySet());
        TreeMap<SourcePartition, Long> from = new TreeMap<>(positions(request.from(), known.keySet(), 0));
        TreeMap<SourcePartition, Long> to = new TreeMap<>(positions(request.to(), known.keySet(), Long.MAX_VALUE));
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>();
        List<String> told = new ArrayList<>();
        known.forEach((partition, entry) -> {
            OffsetRange bounds = answered(held.get(partition), partition);
            OffsetRange span = cut(
                    partition,
                    new OffsetRange(from.getOrDefault(partition, 0L), atLeast(to, from, partition)),
                    entry,
                    bounds,
                    request,
                    told);
            if (!span.isEmpty()) {
                spans.put(partition.partition(), span);
            }
        });
        if (spans.isEmpty()) {
            throw FirnException.user(
                    "backfill-empty",
                    "nothing is to be done: no offset of the span is both below the ledger and in Kafka",
                    "topic " + request.topic() + (told.isEmpty() ? "" : ": " + String.join("; ", told)),
                    "compare the span with 'firn ledger' and with what Kafka holds");
        }
        requireOneIncarnation(request, topicId, spans);
        BackfillTask task = new BackfillTask(
                request.pipeline(),
                request.topic(),
                topicId,
                request.mode(),
                spans,
                request.chunk(),
                told,
                request.by(),
                now);
        return request.branch()
                .map(name -> task.on(Branches.begin(table, name)))
                .orElse(task);
    }

    private static long atLeast(
            Map<SourcePartition, Long> to, Map<SourcePartition, Long> from, SourcePartition partition) {
        return Math.max(from.getOrDefault(partition, 0L), to.getOrDefault(partition, 0L));
    }

    private static OffsetRange cut(
            SourcePartition partition,
            OffsetRange asked,
            PartitionEntry entry,
            OffsetRange held,
            BackfillRequest request,
            List<String> told) {
        long start = Math.max(asked.start(), entry.start());
        long end = Math.min(asked.end(), entry.next());
        if (request.to().isPresent() && asked.end() > entry.next()) {
            told.add("partition " + partition.partition() + ": from offset " + entry.next()
                    + " on it is live ingestion's");
        }
        long first = Math.max(start, held.start());
        if (first > start && start < end) {
            told.add("partition " + partition.partition() + ": Kafka no longer holds offsets "
                    + new OffsetRange(start, Math.min(first, end)) + ", their rows are kept as they are");
        }
        long last = Math.min(end, held.end());
        return new OffsetRange(first, Math.max(first, last));
    }

    private Map<SourcePartition, Long> positions(
            Optional<Position> position, Collection<SourcePartition> partitions, long otherwise) {
        TreeMap<SourcePartition, Long> offsets = new TreeMap<>();
        if (position.isPresent() && position.get().time().isPresent()) {
            Map<SourcePartition, Long> found =
                    source.offsetsAt(partitions, position.get().time().get().toEpochMilli());
            partitions.forEach(partition -> offsets.put(partition, answered(found.get(partition), partition)));
            return offsets;
        }
        long offset = position.isPresent() ? position.get().offset().orElse(otherwise) : otherwise;
        partitions.forEach(partition -> offsets.put(partition, offset));
        return offsets;
    }

    private static <T> T answered(@org.jspecify.annotations.Nullable T answer, SourcePartition partition) {
        if (answer == null) {
            throw new FirnException(
                    "kafka-unreachable",
                    FirnException.Kind.EXTERNAL,
                    "Kafka does not tell the partition's offsets",
                    partition.toString(),
                    "try again",
                    null);
        }
        return answer;
    }

    private SortedMap<SourcePartition, PartitionEntry> partitions(BackfillRequest request, Ledger ledger) {
        TreeMap<SourcePartition, PartitionEntry> known = new TreeMap<>(ledger.partitions(request.pipeline()));
        known.keySet().removeIf(partition -> !partition.topic().equals(request.topic()));
        if (known.isEmpty()) {
            throw FirnException.user(
                    "topic-unknown",
                    "the table's ledger does not know the topic " + request.topic() + " of pipeline "
                            + request.pipeline(),
                    "table " + table.name(),
                    "see 'firn ledger " + table.name() + "' for what it knows");
        }
        for (int wanted : request.partitions()) {
            if (known.keySet().stream().noneMatch(partition -> partition.partition() == wanted)) {
                throw FirnException.user(
                        "partition-unknown",
                        "the table's ledger does not know partition " + wanted + " of topic " + request.topic(),
                        "table " + table.name(),
                        "it has the partitions "
                                + known.keySet().stream()
                                        .map(SourcePartition::partition)
                                        .toList());
            }
        }
        if (!request.partitions().isEmpty()) {
            known.keySet().removeIf(partition -> !request.partitions().contains(partition.partition()));
        }
        return known;
    }

    private void requireSourceColumns() {
        List<String> missing = new ArrayList<>(SourceColumns.missing(table.schema()));
        missing.remove(SourceColumns.TIMESTAMP);
        if (!missing.isEmpty()) {
            throw FirnException.user(
                    "source-columns-missing",
                    "without the columns " + missing + " nothing tells which rows are of which records",
                    "table " + table.name(),
                    "a backfill needs a table with source columns");
        }
    }

    /** @throws FirnException {@code topic-recreated}, {@code topic-missing} */
    static void requireSameTopic(String topic, String expected, Map<String, String> ids) {
        String now = ids.get(topic);
        if (now == null) {
            throw FirnException.user(
                    "topic-missing", "the topic does not exist any more", "topic " + topic, "there is nothing to read");
        }
        if (!now.equals(expected)) {
            throw FirnException.user(
                    "topic-recreated",
                    "the topic was deleted and created again: its offsets are not those of the table's rows",
                    "topic " + topic + ", id " + now + " in Kafka, " + expected + " in the ledger",
                    "what the earlier topic held cannot be read again");
        }
    }

    /** A row does not tell of which incarnation of a topic it is. */
    private void requireOneIncarnation(BackfillRequest request, String topicId, SortedMap<Integer, OffsetRange> spans) {
        for (Snapshot each = table.currentSnapshot(); each != null; each = parent(each)) {
            String text = each.summary().getOrDefault(LedgerKeys.OFFSETS, "");
            if (text.isEmpty() || text.contains(topicId)) {
                continue;
            }
            Ledger ledger = LedgerCodec.read(text, "snapshot " + each.snapshotId());
            ledger.partitions(request.pipeline()).forEach((partition, entry) -> {
                OffsetRange span = spans.get(partition.partition());
                if (partition.topic().equals(request.topic())
                        && span != null
                        && entry.start() < span.end()
                        && span.start() < entry.next()) {
                    throw FirnException.user(
                            "topic-recreated",
                            "the table has rows of an earlier topic of this name with the same offsets, and no "
                                    + "row tells which of the two it is of",
                            partition + ", offsets " + new OffsetRange(entry.start(), entry.next()),
                            "choose a span above them");
                }
            });
        }
    }

    private @org.jspecify.annotations.Nullable Snapshot parent(Snapshot snapshot) {
        Long parent = snapshot.parentId();
        return parent == null ? null : table.snapshot(parent);
    }
}
