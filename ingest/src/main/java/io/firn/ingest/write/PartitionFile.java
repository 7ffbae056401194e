package io.firn.ingest.write;

import org.apache.iceberg.StructLike;
import org.jspecify.annotations.Nullable;

/** What is not closed yet of one partition: first rows that wait for their file, then the file. */
final class PartitionFile {
    private final StructLike partition;
    private final PackedRows packed;
    private @Nullable OpenFile file;
    private long lastUse;

    PartitionFile(StructLike partition, PackedRows packed) {
        this.partition = partition;
        this.packed = packed;
    }

    StructLike partition() {
        return partition;
    }

    /** The rows that wait; none once the file has them. */
    PackedRows packed() {
        return packed;
    }

    @Nullable
    OpenFile file() {
        return file;
    }

    /** From now on rows go to the file; the caller writes the packed ones to it first. */
    void openedAs(OpenFile opened) {
        file = opened;
    }

    void usedAt(long use) {
        lastUse = use;
    }

    /** When it was last written to, as the caller counts. */
    long lastUse() {
        return lastUse;
    }

    long heapBytes() {
        return file == null ? packed.heapBytes() : file.heapBytes();
    }
}
