package io.firn.deploy.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/firn} with a Java that only prints what it is told. */
class LauncherTest {
    private static final String JAVA = """
            #!/bin/sh
            if [ "$1" = -version ]; then echo 'openjdk version "17.0.1" 2021-10-19' >&2; exit; fi
            printf '%s\\n' "$@"
            """;

    @TempDir
    private Path home;

    private Path cache;
    private Path archive;

    @BeforeEach
    void install() throws IOException {
        cache = home.resolve("cache");
        archive = cache.resolve("classes-17.0.1.jsa");
        for (String directory : List.of("bin", "lib", "conf", "jre/bin")) {
            Files.createDirectories(home.resolve(directory));
        }
        Files.copy(Path.of("src/main/dist/bin/firn"), home.resolve("bin/firn"));
        executable(home.resolve("bin/firn"));
        executable(Files.writeString(home.resolve("jre/bin/java"), JAVA));
        Files.writeString(home.resolve("lib/a.jar"), "");
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void leaveAnArchive(String permissions) throws IOException {
        Files.createDirectories(cache);
        Files.writeString(archive, "anybody's classes");
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString(permissions));
    }

    private List<String> firn(Map<String, String> variables, String umask, String... arguments)
            throws IOException, InterruptedException {
        String line = "umask " + umask + " && exec \"$0\" \"$@\"";
        ProcessBuilder builder =
                new ProcessBuilder("sh", "-c", line, home.resolve("bin/firn").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", home.resolve("jre").toString());
        builder.environment().remove("FIRN_CLASSPATH");
        builder.environment().putAll(variables);
        Process process = builder.redirectErrorStream(true).start();
        List<String> printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(printed.toString()).isZero();
        return printed;
    }

    private List<String> merge() throws IOException, InterruptedException {
        return firn(Map.of(), "000", "compact", "--job", "merge");
    }

    @Test
    void theCacheIsForItsUserAloneWhateverTheUmaskIs() throws Exception {
        assertThat(merge()).contains("-XX:ArchiveClassesAtExit=" + archive);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)))
                .isEqualTo("rwx------");
    }

    @Test
    void anArchiveInADirectoryOfItsUserAloneIsUsed() throws Exception {
        leaveAnArchive("rwx------");
        assertThat(merge()).contains("-XX:SharedArchiveFile=" + archive);
    }

    @Test
    void anArchiveThatOthersCanReachIsNotTrustedAndMadeAgain() throws Exception {
        for (String open : List.of("rwxrwxrwx", "rwxrwx---", "rwxr-xr-x")) {
            leaveAnArchive(open);
            assertThat(merge()).as(open).contains("-XX:ArchiveClassesAtExit=" + archive);
            assertThat(archive).doesNotExist();
        }
    }

    @Test
    void anArchiveBehindALinkIsNotTrusted() throws Exception {
        Path elsewhere = Files.createDirectories(home.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve(archive.getFileName()), "anybody's classes");
        Files.setPosixFilePermissions(elsewhere, PosixFilePermissions.fromString("rwx------"));
        Files.createSymbolicLink(cache, elsewhere);
        assertThat(String.join(" ", merge())).doesNotContain("classes-17.0.1.jsa");
    }

    @Test
    void anEmptyPartOfTheClassPathIsNotTheWorkingDirectory() throws Exception {
        String jars = home.resolve("lib/a.jar").toString();
        for (String given : List.of("", ":", "::", ":/x/b.jar", "/x/b.jar:", "/x/b.jar::/y/*", "::/y/*:")) {
            List<String> printed = firn(Map.of("FIRN_CLASSPATH", given), "022", "run");
            String classpath = printed.get(printed.indexOf("-cp") + 1);
            assertThat(classpath.split(":", -1)).as(given).startsWith(jars).doesNotContain("");
        }
        List<String> printed = firn(Map.of("FIRN_CLASSPATH", "/x/b.jar::/y/*"), "022", "run");
        assertThat(printed).contains(jars + ":/x/b.jar:/y/*");
    }
}
