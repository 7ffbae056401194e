package io.firn.deploy.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The distribution that the build packed, which the services under test are started from. Its classes are kept in an
 * archive of the JVM, which makes every start a good deal shorter.
 */
public final class Distribution {
    private static final Path HOME = Path.of("target", "firn").toAbsolutePath();

    /** What cannot be archived is nobody's concern here. */
    private static final String QUIET = "-Xlog:cds=off";

    private static final String SERVICE = "-service";

    private static final String QUIET_TOO = "-Xlog:cds+dynamic=off";

    private Distribution() {}

    /** The folder that is handed out. */
    public static Path home() {
        return HOME;
    }

    /** What a person starts. */
    public static Path script() {
        return HOME.resolve("bin").resolve("firn");
    }

    /** The distribution's jars; where nothing is packed, as in an IDE, the class path of the tests. */
    static String classPath() {
        return Files.isDirectory(HOME.resolve("lib")) ? HOME.resolve("lib") + "/*" : tests();
    }

    private static String tests() {
        return System.getProperty("java.class.path");
    }

    /**
     * Flags of the JVM for an archive of the classes that a service loads, made by a {@code check} of this
     * configuration where there is none yet.
     */
    static synchronized List<String> archiveFlags(Path config, Path logs) {
        Path archive = archive("");
        if (!hasServiceArchive() && !Files.exists(archive)) {
            Path fresh = archive.resolveSibling("fresh.jsa");
            List<String> command = OsProcess.java(
                    logs, classPath(), "-XX:+UseSerialGC", "-XX:ArchiveClassesAtExit=" + fresh, QUIET, QUIET_TOO);
            command.addAll(List.of("io.firn.deploy.Main", "check", "--config", config.toString()));
            try (OsProcess check = OsProcess.start("archive", logs.resolve("archive.log"), Map.of(), command)) {
                if (check.awaitExit(Duration.ofMinutes(1)) && Files.exists(fresh)) {
                    Files.move(fresh, archive, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return readFlags();
    }

    /** As above, where there is one already. */
    static List<String> readFlags() {
        Path archive = hasServiceArchive() ? archive(SERVICE) : archive("");
        return Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive, QUIET, QUIET_TOO) : List.of();
    }

    /** For a service that makes an archive at its end, of all that it had to load: a {@code check} loads less. */
    static List<String> archivingFlags() {
        return List.of("-XX:ArchiveClassesAtExit=" + archive(SERVICE), QUIET, QUIET_TOO);
    }

    static boolean hasServiceArchive() {
        return Files.exists(archive(SERVICE));
    }

    /** Named after when the jars were packed: another build has another archive. */
    private static Path archive(String of) {
        try {
            Path lib = HOME.resolve("lib");
            long packed = Files.exists(lib) ? Files.getLastModifiedTime(lib).toMillis() : 0;
            return Files.createDirectories(Path.of("target", "rig").toAbsolutePath())
                    .resolve("firn-" + packed + of + ".jsa");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
