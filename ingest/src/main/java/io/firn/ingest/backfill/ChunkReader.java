package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.LargeRecords;
import io.firn.ingest.record.SealedFiles;
import io.firn.ingest.record.SpanSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.jspecify.annotations.Nullable;

/** Makes files of a chunk's records, poll by poll. */
final class ChunkReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Table table;
    private final SpanSource source;
    private final Supplier<BatchWriter> writers;
    private final BackfillSettings settings;
    private @Nullable BatchWriter writer;

    ChunkReader(Table table, SpanSource source, Supplier<BatchWriter> writers, BackfillSettings settings) {
        this.table = table;
        this.source = source;
        this.writers = writers;
        this.settings = settings;
    }

    /** Looks at what the table has, where that stays, and makes the source ready. */
    Chunk begin(BackfillState now, SortedMap<Integer, OffsetRange> spans, UUID id, Instant at) throws IOException {
        Snapshot head = Line.head(table, now);
        Chunk next = new Chunk(id, spans, head, at);
        if (now.task().mode() == BackfillMode.MISSING && head != null) {
            new LiveRows(table, now.task().topic()).read(head, spans, new LiveRows.Seen() {
                @Override
                public void row(int partition, long offset, long position) {
                    next.present.add(partition, offset);
                }

                @Override
                public void end(FileScanTask file, long live) {}
            });
        }
        TreeMap<SourcePartition, OffsetRange> wanted = new TreeMap<>();
        spans.forEach((partition, span) -> wanted.put(now.task().partition(partition), span));
        source.begin(wanted);
        writer = writers.get();
        return next;
    }

    /** A poll of the source, its records written. */
    void read(Chunk current) {
        BatchWriter target = writer();
        source.poll(POLL, (partition, offset, timestamp, bytes, start, length, key) -> {
            if (current.written.covers(partition.partition(), offset)) {
                write(current, target, partition, offset, timestamp, bytes, start, length, key);
            }
        });
        TreeMap<Integer, Long> positions = new TreeMap<>();
        source.positions().forEach((partition, next) -> positions.put(partition.partition(), next));
        current.reached = positions;
        boolean all = current.spans.entrySet().stream()
                .allMatch(span -> positions.getOrDefault(span.getKey(), -1L)
                        >= span.getValue().end());
        current.isRead = all || target.fileBytes() >= settings.chunkBytes();
    }

    private static void write(
            Chunk current,
            BatchWriter target,
            SourcePartition partition,
            long offset,
            long timestamp,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        current.records++;
        if (current.present.contains(partition.partition(), offset)) {
            current.kept++;
            return;
        }
        try {
            if (target.write(partition, offset, timestamp, bytes, start, length, key) == BatchWriter.Written.ROW) {
                current.written.add(partition.partition(), offset);
                current.added++;
            } else {
                current.nulls++;
            }
        } catch (BadRecordException bad) {
            throw FirnException.data(
                    "bad-record",
                    "record cannot become a row: " + bad.getMessage(),
                    partition + "-" + offset + (bad.byteOffset() < 0 ? "" : ", byte " + bad.byteOffset()),
                    "correct the schema, or begin a backfill after this record; chunks before it took effect");
        } catch (OutOfMemoryError none) {
            if (LargeRecords.isLarge(length)) {
                throw LargeRecords.failure(partition, offset, none);
            }
            throw none;
        }
    }

    /** Closes the files. */
    SealedFiles seal() {
        return writer().seal();
    }

    /** Removes the files of the chunk that was begun last. */
    void discard() {
        writer().discard();
    }

    private BatchWriter writer() {
        return Objects.requireNonNull(writer, "no chunk was begun");
    }
}
