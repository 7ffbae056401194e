package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The local disk of one process, which can be full for a while: whatever the process writes to a file is refused as no
 * space left ({@code deploy/chaos/disk.c}), but for its log.
 */
public final class FullDisk {
    /** The process looks so often. */
    public static final Duration NOTICED_WITHIN = Duration.ofMillis(100);

    private static final String NAME = "disk";

    private final Path file;

    /** Has room at first. */
    public FullDisk(Path file) {
        this.file = file;
    }

    /** Why it cannot be had here, if it cannot. */
    public static Optional<String> missing() {
        return Preloaded.missing(NAME);
    }

    /** From now on nothing can be written. */
    public void fill() {
        try {
            Files.writeString(file, "");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** From now on there is room again. */
    public void free() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Writes that were refused so far. */
    public long refused() {
        try {
            Path met = file.resolveSibling(file.getFileName() + ".met");
            return Files.exists(met) ? Files.size(met) : 0;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** For the process whose disk it is. */
    public Map<String, String> environment() {
        return Preloaded.environment(NAME, "FIRN_DISK_FULL", file);
    }
}
