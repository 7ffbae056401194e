package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The clock of one process, which can be set while it runs: libfaketime, of the Debian package {@code faketime}. Time that
 * is measured goes on evenly, as when somebody sets a machine's clock.
 */
public final class FakeClock {
    /** It is asked for once a second, which costs the process next to nothing. */
    public static final Duration NOTICED_WITHIN = Duration.ofSeconds(1);

    private static final List<Path> LIBRARIES = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
            Path.of("/usr/lib64/faketime/libfaketimeMT.so.1"));

    private final Path file;

    /** Right at first. */
    public FakeClock(Path file) {
        this.file = file;
        set(Duration.ZERO);
    }

    /** Why it cannot be had here, if it cannot. */
    public static Optional<String> missing() {
        return library().isPresent() ? Optional.empty() : Optional.of("libfaketime is not installed (faketime)");
    }

    private static Optional<Path> library() {
        return LIBRARIES.stream().filter(Files::exists).findFirst();
    }

    /** From now on so far from the right time. */
    public void set(Duration off) {
        try {
            Path fresh = Files.writeString(
                    file.resolveSibling(file.getFileName() + ".new"), String.format("%+d%n", off.toSeconds()));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** For the process whose clock it is. */
    public Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", library().orElseThrow().toString(),
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_CACHE_DURATION", Long.toString(NOTICED_WITHIN.toSeconds()),
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "DONT_FAKE_MONOTONIC", "1");
    }
}
