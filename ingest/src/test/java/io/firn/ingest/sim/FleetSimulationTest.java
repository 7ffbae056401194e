package io.firn.ingest.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.firn.catalog.FirnException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The guarantee under everything that can go wrong, again and again. {@code -Dfirn.sim.seeds=N} runs N seeds,
 * {@code -Dfirn.sim.seed=S} runs one again and tells its story.
 */
class FleetSimulationTest {
    /** Every safeguard is missed within far fewer; the bound only keeps a test without it from running for ever. */
    private static final int SEEDS_TO_FIND_A_VIOLATION = 400;

    /** With so many seeds everything that can happen has to have happened. */
    private static final int SEEDS_FOR_EVERYTHING = 1_000;

    /** Reading all manifests again costs as much as a tenth of a run. */
    private static final int SEEDS_BETWEEN_THOROUGH_CHECKS = 20;

    private static final Set<String> STORIES = Set.of(
            "Kafka drops old records",
            "a commit is fenced",
            "a commit lands and its answer is lost",
            "a commit of unknown outcome is fenced",
            "a commit takes effect",
            "a foreign engine appends",
            "a foreign engine deletes rows",
            "a foreign engine rewrites two files",
            "a late commit comes too late",
            "a late commit lands",
            "a partition is added",
            "a person declares the ledger of a table that nobody can tell",
            "a process dies",
            "a process dies while it waits for a commit",
            "a process freezes",
            "a process freezes right before it sends a commit",
            "a process has stopped in good order",
            "a process stops: ledger-unclear",
            "a process stops: offsets-lost",
            "a process stops: topic-recreated",
            "a retry finds that its first try had landed, or repeats it",
            "a rollback is taken back",
            "a session ends while its process is frozen",
            "a topic is deleted and created again",
            "a zombie wakes with a batch of which others committed a prefix",
            "old snapshots are expired",
            "others write, expire or roll back while a commit's answer is lost",
            "snapshots are expired behind a foreign head",
            "somebody sets a table property",
            "the catalog is away",
            "the next success will look like a conflict",
            "the store is away",
            "the table is rolled back",
            "two pipelines feed one table");

    private final Coverage coverage = new Coverage();

    @Test
    void whateverHappensTheTableHoldsWhatLiesBelowItsLedgerOnceEach() {
        Long one = Long.getLong("firn.sim.seed");
        if (one != null) {
            System.out.println(
                    "seed " + one + System.lineSeparator() + "  " + check(one).story());
            return;
        }
        long seeds = Long.getLong("firn.sim.seeds", 300);
        for (long seed = 0; seed < seeds; seed++) {
            check(seed);
        }
        System.out.println(seeds + " seeds held; in them:" + coverage);
        if (seeds >= SEEDS_FOR_EVERYTHING) {
            assertThat(coverage.counts()).containsKeys(STORIES.toArray(String[]::new));
        }
    }

    private Fleet check(long seed) {
        Fleet fleet = new Fleet(seed, Set.of(), coverage);
        try {
            fleet.run();
            if (seed % SEEDS_BETWEEN_THOROUGH_CHECKS == 0) {
                fleet.checkThoroughly();
            }
            return fleet;
        } catch (RuntimeException | AssertionError violation) {
            return fail(
                    "seed " + seed + " (run it again with ./mvnw test -pl ingest -am -Dtest=FleetSimulationTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dfirn.sim.seed=" + seed + "): "
                            + violation.getMessage() + System.lineSeparator() + "  " + fleet.story(),
                    violation);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FENCE",
                "START_CHECK",
                "CARRY_FORWARD",
                "COMMIT_ID_LOOKUP",
                "PROPERTY_FALLBACK",
                "DEFERRED_REMOVAL"
            })
    void withoutASafeguardTheGuaranteeBreaks(String safeguard) {
        for (long seed = 0; seed < SEEDS_TO_FIND_A_VIOLATION; seed++) {
            try {
                new Fleet(seed, Set.of(safeguard), coverage).run();
            } catch (FirnException | AssertionError violation) {
                System.out.println("without " + safeguard + ": seed " + seed + ": " + violation.getMessage());
                return;
            }
        }
        fail("without " + safeguard + " nothing was violated in " + SEEDS_TO_FIND_A_VIOLATION + " seeds");
    }
}
