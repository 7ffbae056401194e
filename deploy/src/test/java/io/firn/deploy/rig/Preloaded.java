package io.firn.deploy.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Libraries that are put in front of the C library's, for one process; a C compiler makes them of {@code chaos}. */
public final class Preloaded {
    private static final String VARIABLE = "LD_PRELOAD";

    private Preloaded() {}

    /** The source's library, made where it is not there yet; empty where no compiler makes it. */
    static synchronized Optional<Path> library(String name) {
        Path source = Path.of("chaos", name + ".c");
        Path made = Path.of("target", "rig", name + ".so").toAbsolutePath();
        try {
            if (!isNewer(made, source)) {
                Files.createDirectories(made.getParent());
                Path fresh = made.resolveSibling("fresh-" + name + ".so");
                Process compiler = new ProcessBuilder(
                                List.of("cc", "-O2", "-shared", "-fPIC", "-o", fresh.toString(), source.toString()))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
                if (compiler.waitFor() == 0) {
                    Files.move(fresh, made, StandardCopyOption.ATOMIC_MOVE);
                }
            }
            return Optional.of(made).filter(Files::exists);
        } catch (IOException noCompiler) {
            return Optional.empty();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Whether it was made of this source: an earlier run may have left one. */
    private static boolean isNewer(Path made, Path source) throws IOException {
        return Files.exists(made) && Files.getLastModifiedTime(made).compareTo(Files.getLastModifiedTime(source)) > 0;
    }

    /** Why it cannot be had here, if it cannot. */
    static Optional<String> missing(String name) {
        return library(name).isPresent()
                ? Optional.empty()
                : Optional.of("no C compiler (cc) makes chaos/" + name + ".c");
    }

    /** The variables of a process for this library, with its own. */
    static Map<String, String> environment(String name, String variable, Path file) {
        return Map.of(VARIABLE, library(name).orElseThrow().toString(), variable, file.toString());
    }

    /** The variables of a process for several of them. */
    public static Map<String, String> all(List<Map<String, String>> environments) {
        Map<String, String> all = new HashMap<>();
        environments.forEach(each -> each.forEach((key, value) ->
                all.merge(key, value, (one, other) -> key.equals(VARIABLE) ? one + ":" + other : other)));
        return all;
    }
}
