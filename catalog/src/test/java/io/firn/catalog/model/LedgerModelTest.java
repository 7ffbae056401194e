package io.firn.catalog.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The model of ledger and commit protocol, {@code src/test/tla/Ledger.tla}, gone through by the TLC model checker:
 * every history within the bounds keeps the guarantee, and without a safeguard one does not.
 *
 * <p>The build's bounds are small; {@code -Dfirn.model.versions=N} sets how many versions of the table's metadata a
 * history may have, and 4 already takes many minutes.
 */
class LedgerModelTest {
    private static final int VERSIONS = Integer.getInteger("firn.model.versions", 2);

    @TempDir
    private Path folder;

    @Test
    void two_writers_keep_the_guarantee_whatever_happens() throws Exception {
        String said = new Tlc(folder, "Ledger").check(configuration("{a, b}", VERSIONS, 2));
        assertThat(said).contains("Model checking completed. No error has been found.");
    }

    @Test
    void one_writer_keeps_it_over_longer_histories() throws Exception {
        String said = new Tlc(folder, "Ledger")
                .check(configuration("{a}", VERSIONS + 1, 2).replace("SYMMETRY Either", ""));
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
        String said =
                new Tlc(folder, "Ledger").check(configuration.replace(safeguard + " = TRUE", safeguard + " = FALSE"));
        assertThat(said).contains("Invariant " + invariant + " is violated");
    }

    private static String configuration(String writers, int versions, int batches) throws IOException {
        return Files.readString(Tlc.MODELS.resolve("Ledger.cfg"))
                .replaceFirst("Writers = .*", "Writers = " + writers)
                .replaceFirst("MaxVersions = .*", "MaxVersions = " + versions)
                .replaceFirst("MaxBatches = .*", "MaxBatches = " + batches);
    }
}
