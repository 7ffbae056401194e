package io.firn.compaction.merge;

import io.firn.catalog.parquet.ParquetDataFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.parquet.ParquetValueWriter;
import org.apache.iceberg.util.PropertyUtil;
import org.apache.parquet.schema.MessageType;
import org.jspecify.annotations.Nullable;

/**
 * New data files of one table, one open for each partition. Row groups are as small as the memory asks for; beyond the
 * number of files that it allows, the one written to longest ago is closed. Not safe for use by several threads.
 */
final class RowFiles {
    /** Smaller ones cost more than they save. */
    private static final long LEAST_ROW_GROUP = 256 << 10;

    /** How many files are expected to be open at once where nothing says better. */
    private static final int USUAL_FILES = 16;

    /** Fewer would mean a new file every few rows where rows of many partitions take turns. */
    private static final int LEAST_OPEN = 64;

    private static final int ROWS_BETWEEN_LOOKS = 1024;

    private static final class Open {
        private final DataWriter<StructLike> writer;
        private long rows;
        private long lastUse;

        Open(DataWriter<StructLike> writer) {
            this.writer = writer;
        }
    }

    private final Form form;
    private final Table table;
    private final OutputFileFactory files;
    private final @Nullable PartitionKey partition;
    private final @Nullable KeyBuckets buckets;
    private final @Nullable PartitionKey[] ofBucket;
    private final long targetBytes;
    private final long rowGroupBytes;
    private final int mostOpen;
    private final Map<PartitionKey, Open> open = new HashMap<>();
    private final PartitionKey unpartitioned;
    private final List<DataFile> closed = new ArrayList<>();
    private final List<String> locations;
    private long uses;

    /**
     * How a table's files are written.
     *
     * @param withoutDictionary names of columns for which none is built, unless the table's properties speak of it
     */
    record Form(
            Table table,
            Function<MessageType, ParquetValueWriter<? extends StructLike>> writer,
            Set<String> withoutDictionary) {}

    /** @param locations takes the location of every file before it is made */
    RowFiles(Form form, UUID id, long memoryBytes, long targetBytes, List<String> locations) {
        this.form = form;
        this.table = form.table();
        this.files = OutputFileFactory.builderFor(table, 0, 0)
                .format(FileFormat.PARQUET)
                .operationId(id.toString())
                .build();
        this.unpartitioned = new PartitionKey(table.spec(), table.schema());
        this.partition = table.spec().isPartitioned() ? new PartitionKey(table.spec(), table.schema()) : null;
        this.buckets = KeyBuckets.of(table.spec(), table.schema()).orElse(null);
        this.ofBucket = new PartitionKey[buckets == null ? 0 : buckets.count()];
        this.targetBytes = targetBytes;
        long configured = PropertyUtil.propertyAsLong(
                table.properties(),
                TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
                TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES_DEFAULT);
        int expected = partition == null ? 1 : USUAL_FILES;
        this.rowGroupBytes = Math.max(LEAST_ROW_GROUP, Math.min(configured, memoryBytes / 2 / expected));
        this.mostOpen = (int) Math.max(LEAST_OPEN, memoryBytes / 2 / rowGroupBytes);
        this.locations = locations;
    }

    void write(StructLike row) {
        PartitionKey key = partitionOf(row);
        Open file = open.get(key);
        if (file == null) {
            file = open(partition == null ? key : key.copy());
        }
        file.writer.write(row);
        file.lastUse = ++uses;
        if (++file.rows % ROWS_BETWEEN_LOOKS == 0 && file.writer.length() >= targetBytes) {
            close(key);
        }
    }

    private PartitionKey partitionOf(StructLike row) {
        PartitionKey scratch = partition;
        if (scratch == null) {
            return unpartitioned;
        }
        int bucket = buckets != null && row instanceof OutputRow ? ((OutputRow) row).bucket(buckets) : -1;
        PartitionKey known = bucket < 0 ? null : ofBucket[bucket];
        if (known != null) {
            return known;
        }
        scratch.partition(row);
        if (bucket < 0) {
            return scratch;
        }
        PartitionKey kept = scratch.copy();
        ofBucket[bucket] = kept;
        return kept;
    }

    /** Closes what is open and gives all files written. */
    List<DataFile> finish() {
        while (!open.isEmpty()) {
            close(open.keySet().iterator().next());
        }
        return closed;
    }

    /** Lets go of what is open; the files are the caller's to remove. */
    void abandon() {
        for (Open file : open.values()) {
            try {
                file.writer.close();
            } catch (IOException | RuntimeException e) {
                // The file is removed in any case.
                continue;
            }
        }
        open.clear();
    }

    private Open open(PartitionKey key) {
        if (open.size() >= mostOpen) {
            close(coldest());
        }
        EncryptedOutputFile target = partition == null ? files.newOutputFile() : files.newOutputFile(key);
        locations.add(target.encryptingOutputFile().location());
        Open made = new Open(ParquetDataFile.open(
                table, table.schema(), target, partition == null ? null : key, form.writer(), added()));
        open.put(key, made);
        return made;
    }

    private Map<String, String> added() {
        Map<String, String> added = new HashMap<>();
        added.put(TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, Long.toString(rowGroupBytes));
        for (String column : form.withoutDictionary()) {
            String property = TableProperties.PARQUET_DICT_ENCODING_ENABLED_COLUMN_PREFIX + column;
            if (!table.properties().containsKey(property)) {
                added.put(property, "false");
            }
        }
        return added;
    }

    private void close(PartitionKey key) {
        Open file = open.remove(key);
        if (file == null) {
            return;
        }
        try {
            file.writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close a file of " + table.name(), e);
        }
        closed.add(file.writer.toDataFile());
    }

    private PartitionKey coldest() {
        Map.Entry<PartitionKey, Open> best = null;
        for (Map.Entry<PartitionKey, Open> each : open.entrySet()) {
            if (best == null || each.getValue().lastUse < best.getValue().lastUse) {
                best = each;
            }
        }
        if (best == null) {
            throw new IllegalStateException("no file is open");
        }
        return best.getKey();
    }
}
