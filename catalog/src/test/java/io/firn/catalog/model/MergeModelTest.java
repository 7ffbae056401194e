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
 * The model of staging and keyed table, {@code src/test/tla/Merge.tla}: rollbacks, older states and drops of either, rows
 * that another engine deletes, retention and expiry in every order. {@code -Dfirn.model.steps=N} sets how many
 * steps a history may have.
 */
final class MergeModelTest {
    private static final int STEPS = Integer.getInteger("firn.model.steps", 5);

    @TempDir
    private Path folder;

    @Test
    void nothingAbsentIsTakenForDoneWhateverHappens() throws Exception {
        String said = new Tlc(folder, "Merge").check(configuration(STEPS));
        assertThat(said).contains("Model checking completed. No error has been found.");
    }

    @ParameterizedTest
    @CsvSource({"ProveStep, NothingAbsentIsTakenForDone, 4", "KeepForRollback, JobsAloneNeverStopAMerge, 6"})
    void withoutASafeguardItIsBroken(String safeguard, String invariant, int steps) throws Exception {
        String configuration = configuration(steps);
        assertThat(configuration).contains(safeguard + " = TRUE");
        String said =
                new Tlc(folder, "Merge").check(configuration.replace(safeguard + " = TRUE", safeguard + " = FALSE"));
        assertThat(said).contains("Invariant " + invariant + " is violated");
    }

    private static String configuration(int steps) throws IOException {
        return Files.readString(Tlc.MODELS.resolve("Merge.cfg")).replaceFirst("MaxSteps = .*", "MaxSteps = " + steps);
    }
}
