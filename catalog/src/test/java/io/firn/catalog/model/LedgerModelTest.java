package io.firn.catalog.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tlc2.TLC;

/**
 * The model of ledger and commit protocol, {@code src/test/tla/Ledger.tla}, gone through by the TLC model checker:
 * every history within the bounds keeps the guarantee, and without a safeguard one does not.
 *
 * <p>The build's bounds are small; {@code -Dfirn.model.versions=N} sets how many versions of the table's metadata a
 * history may have, and 4 already takes many minutes.
 */
class LedgerModelTest {
    private static final int VERSIONS = Integer.getInteger("firn.model.versions", 2);
    private static final int MINUTES = Integer.getInteger("firn.model.minutes", 10);
    private static final Path MODEL = Path.of("src", "test", "tla").toAbsolutePath();

    @TempDir
    private Path folder;

    @Test
    void two_writers_keep_the_guarantee_whatever_happens() throws Exception {
        String said = check(configuration("{a, b}", VERSIONS, 2));
        assertThat(said).contains("Model checking completed. No error has been found.");
    }

    @Test
    void one_writer_keeps_it_over_longer_histories() throws Exception {
        String said = check(configuration("{a}", VERSIONS + 1, 2).replace("SYMMETRY Either", ""));
        assertThat(said).contains("Model checking completed. No error has been found.");
    }

    @ParameterizedTest
    @CsvSource({
        "StartCheck, Once, 3",
        "SwapOnBase, Once, 3",
        "IdLookup, NobodyIsMisled, 3",
        "DeferredRemoval, NothingReferencedIsRemoved, 4",
        "CarryForward, Once, 3",
        "PropertyFallback, Once, 4",
        "PropertyNames, Once, 5"
    })
    void without_a_safeguard_it_is_broken(String safeguard, String invariant, int versions) throws Exception {
        String configuration = configuration("{a, b}", versions, 2);
        assertThat(configuration).contains(safeguard + " = TRUE");
        String said = check(configuration.replace(safeguard + " = TRUE", safeguard + " = FALSE"));
        assertThat(said).contains("Invariant " + invariant + " is violated");
    }

    private static String configuration(String writers, int versions, int batches) throws IOException {
        return Files.readString(MODEL.resolve("Ledger.cfg"))
                .replaceFirst("Writers = .*", "Writers = " + writers)
                .replaceFirst("MaxVersions = .*", "MaxVersions = " + versions)
                .replaceFirst("MaxBatches = .*", "MaxBatches = " + batches);
    }

    /** In a JVM of its own: the checker keeps its state in statics. @return what it said */
    private String check(String configuration) throws IOException, InterruptedException, URISyntaxException {
        Path config = Files.writeString(folder.resolve("Ledger.cfg"), configuration);
        Path model = Files.copy(MODEL.resolve("Ledger.tla"), folder.resolve("Ledger.tla"));
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
