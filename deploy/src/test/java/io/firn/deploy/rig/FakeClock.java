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
 * The wall clock of one process, which can be set while it runs, by a library that is put in front of the C library's
 * ({@code deploy/chaos/clock.c}; a C compiler makes it). What is measured goes on evenly, as when somebody sets a
 * machine's clock. Not libfaketime: every timed wait of a JVM ends at once under it.
 */
public final class FakeClock {
    /** The process looks so often. */
    public static final Duration NOTICED_WITHIN = Duration.ofMillis(250);

    private static final Path SOURCE = Path.of("chaos", "clock.c");

    private final Path file;

    /** Right at first. */
    public FakeClock(Path file) {
        this.file = file;
        set(Duration.ZERO);
    }

    /** Why it cannot be had here, if it cannot. */
    public static Optional<String> missing() {
        return library().isPresent() ? Optional.empty() : Optional.of("no C compiler (cc) makes " + SOURCE);
    }

    private static synchronized Optional<Path> library() {
        Path made = Path.of("target", "rig", "clock.so").toAbsolutePath();
        if (!Files.exists(made)) {
            try {
                Files.createDirectories(made.getParent());
                Path fresh = made.resolveSibling("fresh-clock.so");
                Process compiler = new ProcessBuilder(
                                List.of("cc", "-O2", "-shared", "-fPIC", "-o", fresh.toString(), SOURCE.toString()))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                if (compiler.waitFor() == 0) {
                    Files.move(fresh, made, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException noCompiler) {
                return Optional.empty();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return Optional.of(made).filter(Files::exists);
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
        return Map.of("LD_PRELOAD", library().orElseThrow().toString(), "FIRN_CLOCK_OFF", file.toString());
    }
}
