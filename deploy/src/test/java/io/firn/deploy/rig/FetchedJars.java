package io.firn.deploy.rig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Class paths of engines that are no part of the build: Maven fetches them when a test first wants one. */
public final class FetchedJars {
    private FetchedJars() {}

    /**
     * @param name under which it is remembered
     * @param pom from the module's folder
     * @param arguments further ones of Maven's, as {@code -Pserver} or {@code compile}
     */
    public static String classPath(String name, String pom, Path logs, String... arguments) throws IOException {
        Path known = Path.of("target", "rig", name + ".cp").toAbsolutePath();
        Path asked = Path.of(pom).toAbsolutePath();
        if (Files.exists(known) && Files.getLastModifiedTime(known).compareTo(Files.getLastModifiedTime(asked)) > 0) {
            String remembered = Files.readString(known).trim();
            if (Stream.of(remembered.split(":")).map(Path::of).allMatch(Files::exists)) {
                return remembered;
            }
        }
        Files.createDirectories(known.getParent());
        List<String> command = new ArrayList<>(List.of(
                Path.of("..", "mvnw").toAbsolutePath().normalize().toString(),
                "-B",
                "-ntp",
                "-q",
                "-f",
                asked.toString()));
        command.addAll(List.of(arguments));
        command.add("org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath");
        command.add("-Dmdep.outputFile=" + known);
        try (OsProcess maven = OsProcess.start("maven", logs.resolve(name + "-maven.log"), Map.of(), command)) {
            if (!maven.awaitExit(Duration.ofMinutes(10)) || maven.exitCode() != 0) {
                throw new AssertionError("the jars of " + name + " cannot be fetched: " + maven.tail());
            }
        }
        return Files.readString(known).trim();
    }
}
