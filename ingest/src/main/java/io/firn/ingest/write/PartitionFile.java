package io.firn.ingest.write;

import org.apache.iceberg.StructLike;
import org.jspecify.annotations.Nullable;

/** What is not closed yet of one partition: rows that wait for their file, or the file, not both. */
final class PartitionFile {
    private final StructLike partition;
    private @Nullable PackedRows packed;
    private @Nullable OpenFile file;
    private long lastUse;

    PartitionFile(StructLike partition) {
        this.partition = partition;
    }

    StructLike partition() {
        return partition;
    }

    @Nullable
    PackedRows packed() {
        return packed;
    }

    @Nullable
    OpenFile file() {
        return file;
    }

    void packInto(PackedRows rows) {
        packed = rows;
    }

    void openedAs(OpenFile opened) {
        file = opened;
        packed = null;
    }

    void usedAt(long use) {
        lastUse = use;
    }

    /** When it was last written to, as the caller counts. */
    long lastUse() {
        return lastUse;
    }

    long heapBytes() {
        return (packed == null ? 0 : packed.heapBytes()) + (file == null ? 0 : file.heapBytes());
    }
}
