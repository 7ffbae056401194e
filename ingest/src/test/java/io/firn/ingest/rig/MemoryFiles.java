package io.firn.ingest.rig;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.schema.FileSchema;
import io.firn.ingest.commit.UnusedFiles;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.SealedFiles;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.jspecify.annotations.Nullable;

/**
 * A store of files in memory: each holds the rows of one seal, as positions. A value that says {@code bad} is refused.
 */
public final class MemoryFiles implements UnusedFiles {
    /** A row, by where it came from. */
    public record Row(SourcePartition partition, long offset, String value) {}

    /** What all files are written for. */
    public static final FileSchema SCHEMA =
            new FileSchema(new Schema(), List.of(PartitionSpec.unpartitioned()), FileSchema.Values.BY_NAME);

    private final Map<String, List<Row>> files = new ConcurrentHashMap<>();
    private final AtomicLong names = new AtomicLong();
    private volatile boolean away;
    private volatile String refused = "bad";
    private volatile boolean isChanged;
    private volatile boolean isOutOfMemory;

    /** Refuses records of this value. */
    public void refuse(String value) {
        refused = value;
    }

    /** The table takes every record now, which writers know after their next {@link BatchWriter#discard}. */
    public void change() {
        isChanged = true;
    }

    /** No record can be written any more. */
    public void runOutOfMemory() {
        isOutOfMemory = true;
    }

    public BatchWriter writer() {
        return new Writer();
    }

    /** The rows of these files; fails where one does not exist. */
    public List<Row> rows(List<DataFile> of) {
        List<Row> rows = new ArrayList<>();
        for (DataFile file : of) {
            List<Row> held = files.get(file.location());
            if (held == null) {
                throw new AssertionError(file.location() + " is referenced and does not exist");
            }
            rows.addAll(held);
        }
        return rows;
    }

    /** No file can be written until {@link #comeBack}. */
    public void goAway() {
        away = true;
    }

    public void comeBack() {
        away = false;
    }

    /** Of all files there are. */
    public List<String> locations() {
        return List.copyOf(files.keySet());
    }

    public boolean exists(String location) {
        return files.containsKey(location);
    }

    public void delete(String location) {
        files.remove(location);
    }

    @Override
    public void remove(List<DataFile> unused) {
        unused.forEach(file -> delete(file.location()));
    }

    private final class Writer implements BatchWriter {
        private final List<Row> open = new ArrayList<>();
        private boolean broken;

        @Override
        public Written write(
                SourcePartition partition,
                long offset,
                long timestampMillis,
                byte[] bytes,
                int start,
                int length,
                @Nullable ByteBuffer key) {
            checkWhole();
            if (length < 0) {
                return Written.NULL_VALUE_COUNTED;
            }
            String value = new String(bytes, start, length, StandardCharsets.UTF_8);
            if (value.equals(refused)) {
                throw new BadRecordException("not good", 0);
            }
            open.add(new Row(partition, offset, value));
            if (isOutOfMemory) {
                throw new OutOfMemoryError("Java heap space");
            }
            return Written.ROW;
        }

        @Override
        public long bufferedBytes() {
            return open.size() * 10L;
        }

        @Override
        public long fileBytes() {
            return open.size() * 10L;
        }

        @Override
        public SealedFiles seal() {
            checkWhole();
            if (open.isEmpty()) {
                return new SealedFiles(List.of(), SCHEMA);
            }
            if (away) {
                broken = true;
                throw new RuntimeIOException("the store is away");
            }
            String location = "mem://file-" + names.incrementAndGet() + ".parquet";
            files.put(location, List.copyOf(open));
            DataFile file = DataFiles.builder(PartitionSpec.unpartitioned())
                    .withPath(location)
                    .withFileSizeInBytes(10L * open.size())
                    .withRecordCount(open.size())
                    .build();
            open.clear();
            return new SealedFiles(List.of(file), SCHEMA);
        }

        @Override
        public void discard() {
            open.clear();
            broken = false;
            if (isChanged) {
                isChanged = false;
                refused = "bad";
            }
        }

        @Override
        public boolean isOutdated() {
            return isChanged;
        }

        private void checkWhole() {
            if (broken) {
                throw new IllegalStateException("a write failed before and was not discarded");
            }
        }
    }
}
