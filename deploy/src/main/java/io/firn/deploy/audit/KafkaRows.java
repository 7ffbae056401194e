package io.firn.deploy.audit;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.catalog.schema.SourceColumns;
import io.firn.catalog.upsert.UpsertColumns;
import io.firn.catalog.upsert.UpsertLayout;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.SpanSource;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.encryption.EncryptedFiles;
import org.apache.iceberg.expressions.Binder;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;

/**
 * What decides a fold of the records that Kafka holds, decoded as ingestion decodes them, in a table on local disk: key,
 * order and delete mark, no other columns. With it the fold check judges the keyed table by Kafka, not by what staging
 * says of these records.
 *
 * <p>Memory is bounded: offsets are read window by window. A bit is kept for offsets that Kafka does not deliver, in
 * blocks that take no memory where every offset is delivered.
 */
final class KafkaRows implements AutoCloseable {
    private static final long WINDOW = 1L << 24;
    private static final long MAX_FILE_BYTES = 64L << 20;
    private static final Duration POLL = Duration.ofMillis(500);

    /** A minute without progress: the broker is away. */
    private static final int IDLE_POLLS = 120;

    private final Table staging;
    private final Table decoded;
    private final Table rows;
    private final Catalog scratch;
    private final SpanSource source;
    private final Predicate<String> isCompacted;
    private final BatchWriter writer;
    private final Progress progress;
    private final SortedMap<SourcePartition, Long> from = new TreeMap<>();
    private final Map<SourcePartition, OffsetRange> spans = new HashMap<>();
    private final Map<SourcePartition, List<OffsetSet>> absent = new HashMap<>();
    private final Map<String, Boolean> compacted = new HashMap<>();
    private long undecodable;

    /**
     * @param deleteWhen by names
     * @param isCompacted tells of a topic's name whether Kafka compacts it
     * @param source of the pipeline's topics; the caller closes it
     * @param writers makes a writer for a table that looks like staging
     * @param directory for the decoded rows; the caller removes it
     */
    KafkaRows(
            UpsertTables tables,
            Optional<Expression> deleteWhen,
            SpanSource source,
            Predicate<String> isCompacted,
            Function<Table, BatchWriter> writers,
            Path directory,
            Progress progress) {
        this.staging = tables.staging();
        this.isCompacted = isCompacted;
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
        this.decoded = scratch.createTable(TableIdentifier.of("audit", "decoded"), staging.schema());
        this.rows = scratch.createTable(
                TableIdentifier.of("audit", "records"),
                staging.schema().select(deciding(tables.staging().schema(), tables.layout(), deleteWhen)));
        this.writer = writers.apply(decoded);
    }

    private static Set<String> deciding(Schema staging, UpsertLayout layout, Optional<Expression> deleteWhen) {
        Set<String> names = new HashSet<>(layout.key());
        layout.orderBy().ifPresent(names::add);
        names.addAll(List.of(
                SourceColumns.TOPIC,
                SourceColumns.PARTITION,
                SourceColumns.OFFSET,
                SourceColumns.TIMESTAMP,
                UpsertColumns.TOPIC_ID,
                UpsertColumns.TOMBSTONE));
        deleteWhen.ifPresent(condition -> {
            Set<Integer> tested = Binder.boundReferences(staging.asStruct(), List.of(condition), true);
            for (Types.NestedField column : staging.columns()) {
                Set<Integer> ids =
                        TypeUtil.indexById(Types.StructType.of(column)).keySet();
                if (!Collections.disjoint(ids, tested)) {
                    names.add(column.name());
                }
            }
        });
        return names;
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
            compacted.computeIfAbsent(partition.topic(), isCompacted::test);
            spans.put(partition, new OffsetRange(start, Math.max(start, end)));
            for (long at = start; at < end; at += WINDOW) {
                read(partition, new OffsetRange(at, Math.min(end, at + WINDOW)));
            }
        }
        seal();
    }

    private void read(SourcePartition partition, OffsetRange window) {
        OffsetSet present = staged(partition, window);
        OffsetSet delivered = new OffsetSet(window);
        progress.begin("fold check: reading Kafka, " + partition, "records", window.end() - window.start());
        OffsetRange left = window;
        while (!left.isEmpty()) {
            try {
                poll(partition, left, present, delivered);
                left = new OffsetRange(left.end(), left.end());
            } catch (OffsetGapException gone) {
                // Retention went on meanwhile: what it took cannot be verified.
                long first = Math.min(
                        left.end(), Math.max(left.start() + 1, gone.held().start()));
                from.merge(partition, first, Math::max);
                left = new OffsetRange(first, left.end());
            }
        }
        absent.computeIfAbsent(partition, none -> new ArrayList<>()).add(delivered.rest());
    }

    private void poll(SourcePartition partition, OffsetRange span, OffsetSet present, OffsetSet delivered) {
        source.begin(Map.of(partition, span));
        int idle = 0;
        long position = span.start();
        while (position < span.end()) {
            int polled = source.poll(POLL, (record, offset, time, bytes, start, length, key) -> {
                progress.step();
                if (delivered.covers(offset) && !delivered.contains(offset)) {
                    try {
                        BatchWriter.Written unused = writer.write(record, offset, time, bytes, start, length, key);
                        boolean unusedAnswer = delivered.add(offset);
                    } catch (BadRecordException bad) {
                        undecodable += present.contains(offset) ? 0 : 1;
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

    /** Keeps of the decoded records what decides, and removes their files. */
    private void seal() {
        List<DataFile> files = writer.seal().files();
        if (files.isEmpty()) {
            return;
        }
        AppendFiles append = decoded.newAppend();
        files.forEach(append::appendFile);
        append.commit();
        append(kept());
        decoded.newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();
        // Nobody else knows this table, which lies in this audit's own folder and is not read at an older snapshot.
        files.forEach(file -> UncommittedFiles.deleteOrThrow(decoded.io(), file.location()));
    }

    private DataFile kept() {
        String path = rows.locationProvider().newDataLocation(UUID.randomUUID() + ".avro");
        List<String> names =
                rows.schema().columns().stream().map(Types.NestedField::name).toList();
        GenericRecord copy = GenericRecord.create(rows.schema());
        DataWriter<Record> out = new GenericFileWriterFactory.Builder(rows)
                .dataFileFormat(FileFormat.AVRO)
                .dataSchema(rows.schema())
                .build()
                .newDataWriter(EncryptedFiles.plainAsEncryptedOutput(rows.io().newOutputFile(path)), rows.spec(), null);
        try (out;
                CloseableIterable<Record> all =
                        IcebergGenerics.read(decoded).select(names).build()) {
            for (Record row : all) {
                names.forEach(name -> copy.setField(name, row.getField(name)));
                out.write(copy);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot write to local disk: " + path, failed);
        }
        return out.toDataFile();
    }

    private void append(DataFile file) {
        rows.newAppend().appendFile(file).commit();
    }

    /** Whether Kafka delivered the record, so that it judges it. */
    boolean holds(SourcePartition partition, long offset) {
        return isInSpan(partition, offset) && !isAbsent(partition, offset);
    }

    /** Whether Kafka reaches back to the offset, and its compaction may have removed the record. */
    boolean mayBeCompactedAway(SourcePartition partition, long offset) {
        return isInSpan(partition, offset)
                && isAbsent(partition, offset)
                && compacted.getOrDefault(partition.topic(), false);
    }

    private boolean isInSpan(SourcePartition partition, long offset) {
        OffsetRange span = spans.get(partition);
        return span != null && offset >= span.start() && offset < span.end();
    }

    private boolean isAbsent(SourcePartition partition, long offset) {
        long start = spans.getOrDefault(partition, new OffsetRange(0, 0)).start();
        return absent.getOrDefault(partition, List.of())
                .get(Math.toIntExact((offset - start) / WINDOW))
                .contains(offset);
    }

    /** The decoded records: of staging's columns those that decide. */
    Table rows() {
        return rows;
    }

    /** By partition the offset from which on every record that Kafka holds is here. */
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
