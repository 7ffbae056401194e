package io.firn.catalog.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tlc2.TLC;

/** The TLC model checker, run on a module of {@code src/test/tla}. */
final class Tlc {
    static final Path MODELS = Path.of("src", "test", "tla").toAbsolutePath();

    private static final int VERSIONS = Integer.getInteger("firn.model.versions", 2);
    private static final int MINUTES = Integer.getInteger("firn.model.minutes", 3);

    private final Path folder;
    private final String module;

    Tlc(Path folder, String module) {
        this.folder = folder;
        this.module = module;
    }

    /** In a JVM of its own: the checker keeps its state in statics. @return what it said */
    String check(String configuration) throws IOException, InterruptedException, URISyntaxException {
        Path config = Files.writeString(folder.resolve(module + ".cfg"), configuration);
        Path model = Files.copy(MODELS.resolve(module + ".tla"), folder.resolve(module + ".tla"));
        Path log = folder.resolve("tlc.log");
        Path checker = Path.of(
                TLC.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseParallelGC",
                        "-XX:TieredStopAtLevel=" + (VERSIONS > 2 ? 4 : 1),
                        "-Xmx512m",
                        "-Djava.io.tmpdir=" + folder,
                        "-cp",
                        checker.toString(),
                        TLC.class.getName(),
                        "-workers",
                        "auto",
                        "-metadir",
                        folder.resolve("states").toString(),
                        "-config",
                        config.toString(),
                        model.toString()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
            String said = Files.readString(log, StandardCharsets.UTF_8);
            assertThat(ended).as("ended within %s minutes: %s", MINUTES, said).isTrue();
            said.lines()
                    .filter(line -> line.contains("distinct states found"))
                    .reduce((before, last) -> last)
                    .ifPresent(states -> System.out.println("[model] " + states));
            return said;
        } finally {
            process.destroyForcibly();
        }
    }
}
