package io.firn.ingest.write;

import io.firn.catalog.FirnException;
import io.firn.ingest.record.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.encryption.EncryptedOutputFile;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.util.PropertyUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open files of one table, one for each partition that rows came for. When there are too many, the one written to
 * longest ago is closed; when they hold too much, the one that holds most. Not safe for use by several threads.
 *
 * <p>Where the store fails, its exception comes out; then only {@link #discard} helps.
 */
public final class DataFileWriters {
    private static final Logger LOG = LoggerFactory.getLogger(DataFileWriters.class);

    /** Row groups of at most this part of the memory, so that the file being filled leaves room for others. */
    private static final int ROW_GROUPS_IN_MEMORY = 2;

    private final Table table;
    private final WriteSettings settings;
    private final Row row;
    private final OutputFileFactory files;
    private final @Nullable PartitionRouter router;
    private final long rowGroupBytes;
    private final Map<StructLike, OpenFile> open = new HashMap<>();
    private final List<DataFile> closed = new ArrayList<>();
    private final List<String> locations = new ArrayList<>();
    private long uses;
    private long heapBytes;
    private long openFileBytes;
    private long closedFileBytes;
    private boolean broken;

    /** @param row the row that every {@link #write} is about */
    public DataFileWriters(Table table, Row row, WriteSettings settings) {
        this.table = table;
        this.settings = settings;
        this.row = row;
        this.files = OutputFileFactory.builderFor(table, 0, 0)
                .format(FileFormat.PARQUET)
                .operationId(settings.writerId().toString())
                .build();
        this.router = table.spec().isPartitioned() ? new PartitionRouter(table.spec(), row) : null;
        long configured = PropertyUtil.propertyAsLong(
                table.properties(),
                TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES,
                TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES_DEFAULT);
        this.rowGroupBytes = Math.min(configured, settings.memoryBytes() / ROW_GROUPS_IN_MEMORY);
    }

    /**
     * Writes the row as it is now.
     *
     * @param recordBytes size of the record that it came from, which its open file may hold until it is measured
     */
    public void write(int recordBytes) {
        if (broken) {
            throw FirnException.internal("writer-broken", "a write failed before and was not discarded", table.name());
        }
        boolean done = false;
        try {
            append(recordBytes);
            done = true;
        } finally {
            broken = !done;
        }
    }

    /** Bytes of heap that open files hold, as of the last look at each. */
    public long bufferedBytes() {
        return heapBytes;
    }

    /** Bytes of all files since the last seal; an estimate for those that are open. */
    public long fileBytes() {
        return closedFileBytes + openFileBytes;
    }

    /** Closes all files and hands over those written since the last seal. */
    public List<DataFile> seal() {
        if (broken) {
            throw FirnException.internal("writer-broken", "a write failed before and was not discarded", table.name());
        }
        broken = true;
        while (!open.isEmpty()) {
            close(open.entrySet().iterator().next().getKey());
        }
        List<DataFile> sealed = List.copyOf(closed);
        reset();
        return sealed;
    }

    /** Drops all files since the last seal. Never fails: what cannot be removed is an orphan, and is logged. */
    public void discard() {
        for (OpenFile file : open.values()) {
            try {
                file.closeWriter();
            } catch (RuntimeException e) {
                LOG.debug("A file to be dropped could not be closed: {}", file.location(), e);
            }
        }
        for (String location : locations) {
            try {
                table.io().deleteFile(location);
            } catch (RuntimeException e) {
                LOG.warn("A dropped file stays behind until orphan files are removed: {} ({})", location, e.toString());
            }
        }
        reset();
    }

    private void append(int recordBytes) {
        StructLike partition = router == null ? Unpartitioned.KEY : router.partition();
        OpenFile file = open.get(partition);
        if (file == null) {
            file = open(partition);
        }
        file.write(row, ++uses, recordBytes);
        heapBytes += recordBytes;
        if (file.looksDue()) {
            look(file);
            if (file.fileBytes() >= settings.targetFileBytes()) {
                close(partition);
            }
            while (heapBytes > settings.memoryBytes() && !open.isEmpty()) {
                close(largest());
            }
        }
    }

    private OpenFile open(StructLike partition) {
        if (open.size() >= settings.maxOpenFiles()) {
            close(coldest());
        }
        boolean partitioned = router != null;
        EncryptedOutputFile target = partitioned ? files.newOutputFile(partition) : files.newOutputFile();
        locations.add(target.encryptingOutputFile().location());
        OpenFile file = new OpenFile(table, row.layout(), target, partitioned ? partition : null, rowGroupBytes);
        open.put(partition, file);
        return file;
    }

    private void close(StructLike partition) {
        OpenFile file = open.get(partition);
        if (file == null) {
            return;
        }
        DataFile dataFile = file.close();
        open.remove(partition);
        heapBytes -= file.heapBytes();
        openFileBytes -= file.fileBytes();
        closedFileBytes += dataFile.fileSizeInBytes();
        closed.add(dataFile);
    }

    private void look(OpenFile file) {
        heapBytes -= file.heapBytes();
        openFileBytes -= file.fileBytes();
        file.measure();
        heapBytes += file.heapBytes();
        openFileBytes += file.fileBytes();
    }

    private StructLike coldest() {
        return chosen((a, b) -> a.lastUse() < b.lastUse());
    }

    private StructLike largest() {
        return chosen((a, b) -> a.heapBytes() > b.heapBytes());
    }

    private StructLike chosen(Preference preference) {
        Map.Entry<StructLike, OpenFile> best = null;
        for (Map.Entry<StructLike, OpenFile> entry : open.entrySet()) {
            if (best == null || preference.prefers(entry.getValue(), best.getValue())) {
                best = entry;
            }
        }
        if (best == null) {
            throw new IllegalStateException("no file is open");
        }
        return best.getKey();
    }

    private void reset() {
        open.clear();
        closed.clear();
        locations.clear();
        heapBytes = 0;
        openFileBytes = 0;
        closedFileBytes = 0;
        broken = false;
    }

    private interface Preference {
        boolean prefers(OpenFile a, OpenFile b);
    }
}
