package io.firn.deploy.audit;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.SpanSource;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/**
 * Rows of records that Kafka holds and the staging table does not, decoded as ingestion decodes them, in a table on
 * local disk. With them the fold check judges the keyed table by Kafka, not by what is left in staging. Memory is
 * bounded: offsets are compared window by window.
 */
final class KafkaRows implements AutoCloseable {
    private static final long WINDOW = 1L << 24;
    private static final long MAX_FILE_BYTES = 64L << 20;
    private static final Duration POLL = Duration.ofMillis(500);

    /** A minute without progress: the broker is away. */
    private static final int IDLE_POLLS = 120;

    private final Table staging;
    private final Table rows;
    private final Catalog scratch;
    private final SpanSource source;
    private final BatchWriter writer;
    private final Progress progress;
    private final SortedMap<SourcePartition, Long> from = new TreeMap<>();
    private long undecodable;

    /**
     * @param staging refreshed
     * @param source of the pipeline's topics; the caller closes it
     * @param writers makes a writer for a table that looks like staging
     * @param directory for the decoded rows; the caller removes it
     */
    KafkaRows(
            Table staging, SpanSource source, Function<Table, BatchWriter> writers, Path directory, Progress progress) {
        this.staging = staging;
        this.source = source;
        this.progress = progress;
        this.scratch = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "uri",
                "jdbc:sqlite:" + directory.resolve("audit.db"),
                "warehouse",
                directory.resolve("rows").toUri().toString()));
        ((SupportsNamespaces) scratch).createNamespace(Namespace.of("audit"));
        this.rows = scratch.createTable(TableIdentifier.of("audit", "records"), staging.schema());
        this.writer = writers.apply(rows);
    }

    /**
     * Reads what Kafka holds of the partitions.
     *
     * @param merged the keyed table's entries
     */
    void read(Map<SourcePartition, PartitionEntry> merged) {
        Map<String, String> ids = source.topicIds(
                merged.keySet().stream().map(SourcePartition::topic).collect(Collectors.toSet()));
        List<SourcePartition> known = merged.keySet().stream()
                .filter(partition -> partition.topicId().equals(ids.get(partition.topic())))
                .toList();
        Map<SourcePartition, OffsetRange> held = source.bounds(known);
        for (SourcePartition partition : known) {
            PartitionEntry entry = merged.get(partition);
            OffsetRange bounds = held.get(partition);
            if (entry == null || bounds == null) {
                continue;
            }
            long start = Math.max(entry.start(), bounds.start());
            long end = Math.min(entry.next(), bounds.end());
            from.put(partition, start);
            for (long at = start; at < end; at += WINDOW) {
                read(partition, new OffsetRange(at, Math.min(end, at + WINDOW)));
            }
        }
        seal();
    }

    private void read(SourcePartition partition, OffsetRange window) {
        OffsetSet present = staged(partition, window);
        if (present.size() == window.end() - window.start()) {
            return;
        }
        progress.begin("fold check: reading Kafka, " + partition, "records", window.end() - window.start());
        OffsetRange left = window;
        while (!left.isEmpty()) {
            try {
                poll(partition, left, present);
                return;
            } catch (OffsetGapException gone) {
                // Retention went on meanwhile: what it took cannot be verified.
                long first = Math.min(
                        left.end(), Math.max(left.start() + 1, gone.held().start()));
                from.merge(partition, first, Math::max);
                left = new OffsetRange(first, left.end());
            }
        }
    }

    private void poll(SourcePartition partition, OffsetRange span, OffsetSet present) {
        source.begin(Map.of(partition, span));
        int idle = 0;
        long position = span.start();
        while (position < span.end()) {
            int polled = source.poll(POLL, (record, offset, time, bytes, start, length, key) -> {
                progress.step();
                if (present.covers(offset) && !present.contains(offset)) {
                    try {
                        BatchWriter.Written unused = writer.write(record, offset, time, bytes, start, length, key);
                    } catch (BadRecordException bad) {
                        undecodable++;
                    }
                }
            });
            if (writer.fileBytes() > MAX_FILE_BYTES) {
                seal();
            }
            if (polled > 0) {
                idle = 0;
            }
            long now = source.positions().getOrDefault(partition, position);
            idle = now == position ? idle + 1 : 0;
            position = now;
            if (idle > IDLE_POLLS) {
                throw new FirnException(
                        "kafka-unavailable",
                        FirnException.Kind.EXTERNAL,
                        "Kafka delivers nothing more",
                        partition + ", offset " + position,
                        "check the broker and run the audit again",
                        null);
            }
        }
    }

    private OffsetSet staged(SourcePartition partition, OffsetRange window) {
        OffsetSet present = new OffsetSet(window);
        Snapshot head = staging.currentSnapshot();
        if (head == null) {
            return present;
        }
        // Rows of a topic that was created again have the same offsets; those without an ID are of the oldest one.
        boolean hasIds = staging.schema().findField(UpsertColumns.TOPIC_ID) != null;
        Expression ofTopic = hasIds
                ? Expressions.or(
                        Expressions.equal(UpsertColumns.TOPIC_ID, partition.topicId()),
                        Expressions.isNull(UpsertColumns.TOPIC_ID))
                : Expressions.alwaysTrue();
        try (CloseableIterable<Record> staged = IcebergGenerics.read(staging)
                .useSnapshot(head.snapshotId())
                .select(List.of(SourceColumns.TOPIC, SourceColumns.PARTITION, SourceColumns.OFFSET))
                .where(Expressions.and(
                        ofTopic,
                        Expressions.equal(SourceColumns.TOPIC, partition.topic()),
                        Expressions.equal(SourceColumns.PARTITION, partition.partition()),
                        Expressions.greaterThanOrEqual(SourceColumns.OFFSET, window.start()),
                        Expressions.lessThan(SourceColumns.OFFSET, window.end())))
                .build()) {
            for (Record row : staged) {
                long offset = (Long) row.getField(SourceColumns.OFFSET);
                if (present.covers(offset)) {
                    boolean unused = present.add(offset);
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot read " + staging.name(), failed);
        }
        return present;
    }

    private void seal() {
        List<DataFile> files = writer.seal().files();
        if (!files.isEmpty()) {
            AppendFiles append = rows.newAppend();
            files.forEach(append::appendFile);
            append.commit();
        }
    }

    /** The decoded rows, with the columns of staging. */
    Table rows() {
        return rows;
    }

    /** By partition the offset from which on every record that Kafka holds is staged or here. */
    SortedMap<SourcePartition, Long> from() {
        return from;
    }

    /** Records that cannot become rows by today's configuration. */
    long undecodable() {
        return undecodable;
    }

    @Override
    public void close() {
        writer.discard();
        try {
            ((Closeable) scratch).close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
