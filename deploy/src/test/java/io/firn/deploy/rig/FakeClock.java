package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * The wall clock of one process, which can be set while it runs, by a library that is put in front of the C library's
 * ({@code deploy/chaos/clock.c}; a C compiler makes it). What is measured goes on evenly, as when somebody sets a
 * machine's clock. Not libfaketime: every timed wait of a JVM ends at once under it.
 */
public final class FakeClock {
    /** The process looks so often. */
    public static final Duration NOTICED_WITHIN = Duration.ofMillis(250);

    private static final String NAME = "clock";

    private final Path file;

    /** Right at first. */
    public FakeClock(Path file) {
        this.file = file;
        set(Duration.ZERO);
    }

    /** Why it cannot be had here, if it cannot. */
    public static Optional<String> missing() {
        return Preloaded.missing(NAME);
    }

    /** From now on so far from the right time. */
    public void set(Duration off) {
        try {
            Path fresh = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), off.toSeconds() + "\n");
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** For the process whose clock it is. */
    public Map<String, String> environment() {
        return Preloaded.environment(NAME, "FIRN_CLOCK_OFF", file);
    }
}
