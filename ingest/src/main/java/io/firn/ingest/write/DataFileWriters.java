package io.firn.ingest.write;

import io.firn.catalog.FirnException;
import io.firn.catalog.StoreRefusal;
import io.firn.catalog.location.UncommittedFiles;
import io.firn.ingest.record.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.SerializableTable;
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
 * The files of one table that are being written. A partition's rows are packed into bytes until they are worth a
 * Parquet writer, so that thousands of partitions in turn take the memory of their rows and make one file each. When
 * too many files are open, the one written to longest ago is closed; when all holds too much, the partition that holds
 * most. Not safe for use by several threads.
 *
 * <p>Where the store fails, its exception comes out; then only {@link #discard} helps.
 */
public final class DataFileWriters {
    private static final Logger LOG = LoggerFactory.getLogger(DataFileWriters.class);

    /** Where the table does not say: most of a million rows, which need not wait in memory for a hundred megabytes. */
    private static final long ROW_GROUP_BYTES = 32L << 20;

    /** Row groups of at most this part of the memory, so that the file being filled leaves room for others. */
    private static final int ROW_GROUPS_IN_MEMORY = 2;

    /** Packed rows become a file of about half their size or less. */
    private static final int PACKED_BYTES_PER_FILE_BYTE = 2;

    private final Table table;
    private final WriteSettings settings;
    private final Row row;
    private final OutputFileFactory files;
    private final @Nullable PartitionRouter router;
    private final Row unpacked;
    private final DictionaryChoice dictionaries;
    private final long rowGroupBytes;
    private final int pageBytes;
    private final long packedBytesLimit;
    private final Map<StructLike, PartitionFile> partitions = new HashMap<>();
    private final List<DataFile> closed = new ArrayList<>();
    private final List<String> locations = new ArrayList<>();
    private @Nullable PartitionFile last;
    private int openFiles;
    private long uses;
    private long packedBytes;
    private long heapBytes;
    private long openFileBytes;
    private long closedFileBytes;
    private boolean broken;

    /**
     * @param given as it is now: the files are of that schema, and the catalog is asked for nothing more. A table of a
     *     catalog refreshes itself after a commit, whoever asks it for something next; the catalog may be away then
     * @param row the row that every {@link #write} is about
     */
    public DataFileWriters(Table given, Row row, WriteSettings settings) {
        this.table = SerializableTable.copyOf(given);
        this.settings = settings;
        this.row = row;
        this.files = OutputFileFactory.builderFor(table, 0, 0)
                .format(FileFormat.PARQUET)
                .operationId(settings.writerId().toString())
                .build();
        this.router = table.spec().isPartitioned() ? new PartitionRouter(table.spec(), row) : null;
        long configured = PropertyUtil.propertyAsLong(
                table.properties(), TableProperties.PARQUET_ROW_GROUP_SIZE_BYTES, ROW_GROUP_BYTES);
        this.rowGroupBytes = Math.min(configured, settings.memoryBytes() / ROW_GROUPS_IN_MEMORY);
        this.pageBytes = PropertyUtil.propertyAsInt(
                table.properties(),
                TableProperties.PARQUET_PAGE_SIZE_BYTES,
                TableProperties.PARQUET_PAGE_SIZE_BYTES_DEFAULT);
        // A writer holds a page's bytes for its compressor before its first row: less than that is better packed. It is
        // also enough to see which columns are worth a dictionary, so that tables without partitions pack as well.
        this.packedBytesLimit = Math.min(pageBytes, settings.targetFileBytes());
        this.unpacked = new Row(row.layout());
        this.dictionaries = new DictionaryChoice(row.layout(), table.properties());
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
        } catch (RuntimeException failure) {
            throw translated(failure);
        } finally {
            broken = !done;
        }
    }

    /** Bytes of heap that rows and open files hold, as of the last look at each file. */
    public long bufferedBytes() {
        // The first file's page is not counted: without one nothing could be written.
        return heapBytes + (long) Math.max(0, openFiles - 1) * pageBytes;
    }

    /** Files being written now. */
    public int openFiles() {
        return openFiles;
    }

    /** Bytes of all files since the last seal; an estimate for those that are not closed. */
    public long fileBytes() {
        return closedFileBytes + openFileBytes + packedBytes / PACKED_BYTES_PER_FILE_BYTE;
    }

    /** Closes all files and hands over those written since the last seal. */
    public List<DataFile> seal() {
        if (broken) {
            throw FirnException.internal("writer-broken", "a write failed before and was not discarded", table.name());
        }
        broken = true;
        try {
            while (!partitions.isEmpty()) {
                close(partitions.values().iterator().next());
            }
        } catch (RuntimeException failure) {
            throw translated(failure);
        }
        List<DataFile> sealed = List.copyOf(closed);
        reset();
        return sealed;
    }

    /** Drops all files since the last seal. Never fails: what cannot be removed is an orphan, and is logged. */
    public void discard() {
        for (PartitionFile partition : partitions.values()) {
            OpenFile file = partition.file();
            try {
                if (file != null) {
                    file.closeWriter();
                }
            } catch (RuntimeException e) {
                LOG.debug("A file to be dropped could not be closed: {}", locations, e);
            }
        }
        UncommittedFiles.delete(table.io(), locations, "dropped data files");
        reset();
    }

    /** A store that refuses is told as such; anything else comes out as it is. */
    private RuntimeException translated(RuntimeException failure) {
        String where = "table " + table.name() + " at " + table.location();
        return StoreRefusal.in(failure, where).map(RuntimeException.class::cast).orElse(failure);
    }

    private void append(int recordBytes) {
        row.requireWhole(table.name());
        PartitionFile partition = partition();
        partition.usedAt(++uses);
        OpenFile file = partition.file();
        if (file == null) {
            pack(partition);
        } else {
            write(partition, file, recordBytes);
        }
    }

    private PartitionFile partition() {
        StructLike key = router == null ? Unpartitioned.KEY : router.partition();
        PartitionFile found = last;
        if (found == null || found.partition() != key) {
            found = partitions.get(key);
            if (found == null) {
                found = new PartitionFile(key, new PackedRows(row.layout()));
                heapBytes += found.packed().heapBytes();
                partitions.put(key, found);
            }
            last = found;
        }
        return found;
    }

    private void pack(PartitionFile partition) {
        PackedRows packed = partition.packed();
        int heapBefore = packed.heapBytes();
        int sizeBefore = packed.size();
        packed.add(row);
        heapBytes += packed.heapBytes() - heapBefore;
        packedBytes += packed.size() - sizeBefore;
        if (packed.size() >= packedBytesLimit) {
            if (openFiles >= settings.maxOpenFiles()) {
                close(coldest());
            }
            unpack(partition, true);
        }
        shrink();
    }

    private void write(PartitionFile partition, OpenFile file, int recordBytes) {
        file.write(row, recordBytes);
        heapBytes += recordBytes;
        if (file.looksDue()) {
            look(file);
            if (file.fileBytes() >= settings.targetFileBytes()) {
                close(partition);
            }
            shrink();
        }
    }

    private void shrink() {
        while (bufferedBytes() > settings.memoryBytes() && !partitions.isEmpty()) {
            close(largest());
        }
    }

    /** @param more whether rows follow that are not packed */
    private OpenFile unpack(PartitionFile partition, boolean more) {
        PackedRows packed = partition.packed();
        boolean partitioned = router != null;
        StructLike key = partition.partition();
        EncryptedOutputFile target = partitioned ? files.newOutputFile(key) : files.newOutputFile();
        locations.add(target.encryptingOutputFile().location());
        OpenFile file = new OpenFile(
                table,
                row.layout(),
                target,
                partitioned ? key : null,
                rowGroupBytes,
                dictionaries.without(packed, unpacked, more));
        openFiles++;
        heapBytes -= packed.heapBytes();
        packedBytes -= packed.size();
        partition.openedAs(file);
        packed.forEach(unpacked, file::write);
        packed.clear();
        heapBytes += file.heapBytes();
        look(file);
        return file;
    }

    private void close(PartitionFile partition) {
        OpenFile opened = partition.file();
        OpenFile file = opened == null ? unpack(partition, false) : opened;
        DataFile dataFile = file.close();
        openFiles--;
        heapBytes -= file.heapBytes();
        openFileBytes -= file.fileBytes();
        closedFileBytes += dataFile.fileSizeInBytes();
        closed.add(dataFile);
        partitions.remove(partition.partition());
        last = null;
    }

    private void look(OpenFile file) {
        heapBytes -= file.heapBytes();
        openFileBytes -= file.fileBytes();
        file.measure();
        heapBytes += file.heapBytes();
        openFileBytes += file.fileBytes();
    }

    private PartitionFile coldest() {
        return chosen((a, b) -> a.file() != null && (b.file() == null || a.lastUse() < b.lastUse()));
    }

    private PartitionFile largest() {
        return chosen((a, b) -> a.heapBytes() > b.heapBytes());
    }

    private PartitionFile chosen(Preference preference) {
        PartitionFile best = null;
        for (PartitionFile partition : partitions.values()) {
            if (best == null || preference.prefers(partition, best)) {
                best = partition;
            }
        }
        if (best == null) {
            throw new IllegalStateException("nothing is open");
        }
        return best;
    }

    private void reset() {
        partitions.clear();
        closed.clear();
        locations.clear();
        last = null;
        openFiles = 0;
        packedBytes = 0;
        heapBytes = 0;
        openFileBytes = 0;
        closedFileBytes = 0;
        broken = false;
    }

    private interface Preference {
        boolean prefers(PartitionFile a, PartitionFile b);
    }
}
