package io.firn.ingest.write;

import java.util.Objects;
import java.util.UUID;

/**
 * How rows become files.
 *
 * @param targetFileBytes a file is closed once it is about this large
 * @param maxOpenFiles a further partition with rows enough for a file closes the one that was written to longest ago
 * @param memoryBytes what rows and open files may hold in heap; beyond it the partition that holds most is closed
 * @param writerId part of every file name; another one for every writer that ever lives, in whatever process
 */
public record WriteSettings(long targetFileBytes, int maxOpenFiles, long memoryBytes, UUID writerId) {
    /** Large enough that scans are not about opening files, small enough to be written between two commits. */
    public static final long DEFAULT_TARGET_FILE_BYTES = 128L << 20;

    /** Days of late data and a dozen of buckets stay open; what is beyond waits packed. */
    public static final int DEFAULT_MAX_OPEN_FILES = 64;

    /** A quarter of the process-wide default of 512 MB, so that a few workers fit. */
    public static final long DEFAULT_MEMORY_BYTES = 128L << 20;

    /** Below this every row would close a file. */
    private static final long MIN_MEMORY_BYTES = 1L << 20;

    public WriteSettings {
        Objects.requireNonNull(writerId, "writerId");
        if (targetFileBytes < 1) {
            throw new IllegalArgumentException("targetFileBytes must be at least 1: " + targetFileBytes);
        }
        if (maxOpenFiles < 1) {
            throw new IllegalArgumentException("maxOpenFiles must be at least 1: " + maxOpenFiles);
        }
        if (memoryBytes < MIN_MEMORY_BYTES) {
            throw new IllegalArgumentException("memoryBytes must be at least " + MIN_MEMORY_BYTES + ": " + memoryBytes);
        }
    }

    public static WriteSettings defaults(UUID writerId) {
        return new WriteSettings(DEFAULT_TARGET_FILE_BYTES, DEFAULT_MAX_OPEN_FILES, DEFAULT_MEMORY_BYTES, writerId);
    }

    public WriteSettings withTargetFileBytes(long bytes) {
        return new WriteSettings(bytes, maxOpenFiles, memoryBytes, writerId);
    }

    public WriteSettings withMaxOpenFiles(int files) {
        return new WriteSettings(targetFileBytes, files, memoryBytes, writerId);
    }

    public WriteSettings withMemoryBytes(long bytes) {
        return new WriteSettings(targetFileBytes, maxOpenFiles, bytes, writerId);
    }
}
