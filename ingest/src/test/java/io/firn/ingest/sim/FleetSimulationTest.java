package io.firn.ingest.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.firn.catalog.FirnException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The guarantee under everything that can go wrong, again and again. {@code -Dfirn.sim.seeds=N} runs N seeds,
 * {@code -Dfirn.sim.first=S} begins at another than 0, {@code -Dfirn.sim.seed=S} runs one again and tells its story.
 */
class FleetSimulationTest {
    /** Every safeguard is missed within far fewer; the bound only keeps a test without it from running for ever. */
    private static final int SEEDS_TO_FIND_A_VIOLATION = 400;

    /** With so many seeds everything that can happen has to have happened. The default is more. */
    private static final int SEEDS_FOR_EVERYTHING = 500;

    /** Reading all manifests again costs as much as a tenth of a run. */
    private static final int SEEDS_BETWEEN_THOROUGH_CHECKS = 20;

    /** Most of a run is Iceberg waiting for its own pool, which it asks every ten milliseconds. */
    private static final int THREADS_A_CORE = 6;

    /** A long run says every minute or so how far it is. */
    private static final int SEEDS_BETWEEN_WORDS = 5_000;

    private static final Set<String> STORIES = Stream.concat(
                    Stream.of(Lifeline.Step.values()).map(Lifeline.Step::death),
                    Stream.of(
                            "Kafka drops old records",
                            "Kafka is away",
                            "a batch is fenced of which another process committed a prefix",
                            "a column is added",
                            "a column is dropped",
                            "a column is dropped and added again",
                            "a column is renamed",
                            "a column is widened",
                            "a column may be null again",
                            "a column must not be null any more",
                            "a commit is fenced",
                            "a commit lands and its answer is lost",
                            "a commit meets other columns and its records are read again",
                            "a commit of unknown outcome is fenced",
                            "a commit takes effect",
                            "a foreign engine appends",
                            "a foreign engine deletes rows",
                            "a foreign engine rewrites two files",
                            "a gap is recorded",
                            "a late commit comes too late",
                            "a late commit lands",
                            "a member finds that its partitions are lost",
                            "a partition is added",
                            "a pipeline is renamed",
                            "a pipeline is renamed while an old process still runs",
                            "a process stops: its pipeline has another name in the table",
                            "an old process stops: its pipeline was renamed",
                            "a person declares the ledger of a table that nobody can tell",
                            "a process dies between two turns",
                            "a process freezes",
                            "a process freezes right before it sends a commit",
                            "a process has stopped in good order",
                            "a process stops without what it cannot write",
                            "a process stops: bad-record",
                            "a process stops: ledger-unclear",
                            "a process stops: offsets-lost",
                            "a process stops: table-replaced",
                            "a process stops: topic-recreated",
                            "a process wakes up and its commit still fits",
                            "a retry finds that its first try had landed, or repeats it",
                            "a rollback is taken back",
                            "a session ends while its process is frozen",
                            "a topic is deleted and created again",
                            "a zombie wakes after its partitions moved",
                            "columns are reordered",
                            "null values are counted",
                            "old snapshots are expired",
                            "others write, expire or roll back while a commit's answer is lost",
                            "partitions are revoked",
                            "snapshots are expired behind a foreign head",
                            "somebody sets a table property",
                            "the catalog is away",
                            "the ledger goes over to a topic that was created again",
                            "the next answer will be lost",
                            "the next commit will be late",
                            "the next commit will be refused",
                            "the next request will be lost",
                            "the next success will look like a conflict",
                            "the partitioning is changed",
                            "the store is away",
                            "the table is dropped and created again",
                            "the table is replaced",
                            "the table is rolled back",
                            "two pipelines feed one table"))
            .collect(Collectors.toCollection(TreeSet::new));

    private final Coverage coverage = new Coverage();

    @Test
    void whateverHappensTheTableHoldsWhatLiesBelowItsLedgerOnceEach() throws InterruptedException {
        Long one = Long.getLong("firn.sim.seed");
        if (one != null) {
            System.out.println(
                    "seed " + one + System.lineSeparator() + "  " + check(one).story());
            return;
        }
        long first = Long.getLong("firn.sim.first", 0);
        long seeds = Long.getLong("firn.sim.seeds", SEEDS_FOR_EVERYTHING);
        inParallel(first, first + seeds);
        System.out.println("seeds " + first + " to " + (first + seeds - 1) + " held; in them:" + coverage);
        if (seeds >= SEEDS_FOR_EVERYTHING) {
            assertThat(coverage.counts()).containsKeys(STORIES.toArray(String[]::new));
        }
    }

    /** Runs share nothing, so each thread takes the next seed. */
    private void inParallel(long first, long end) throws InterruptedException {
        int threads = THREADS_A_CORE * Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            AtomicLong next = new AtomicLong(first);
            AtomicLong held = new AtomicLong();
            for (Future<?> each : IntStream.range(0, threads)
                    .mapToObj(thread -> pool.submit(() -> {
                        for (long seed = next.getAndIncrement(); seed < end; seed = next.getAndIncrement()) {
                            check(seed);
                            sayHowFar(held.incrementAndGet(), first, end);
                        }
                    }))
                    .toList()) {
                each.get();
            }
        } catch (ExecutionException failed) {
            fail(String.valueOf(failed.getCause()), failed.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private static void sayHowFar(long held, long first, long end) {
        if (held % SEEDS_BETWEEN_WORDS == 0) {
            System.out.println(held + " of the seeds " + first + " to " + (end - 1) + " held");
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

    /** A writer that goes on for columns that are gone is refused again and again. */
    @Test
    void aWriterThatDoesNotFollowTheTableNeverGetsAnythingInAgain() {
        for (long seed = 0; seed < SEEDS_TO_FIND_A_VIOLATION; seed++) {
            try {
                new Fleet(seed, Set.of(SimProcess.REBINDING), coverage).run();
            } catch (AssertionError stuck) {
                assertThat(stuck).hasMessageStartingWith("stuck at");
                System.out.println("without " + SimProcess.REBINDING + ": seed " + seed + " comes to no end");
                return;
            }
        }
        fail("without " + SimProcess.REBINDING + " nothing was held up in " + SEEDS_TO_FIND_A_VIOLATION + " seeds");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FENCE",
                "START_CHECK",
                "CARRY_FORWARD",
                "COMMIT_ID_LOOKUP",
                "PROPERTY_FALLBACK",
                "DEFERRED_REMOVAL",
                "ONE_READER",
                "SCHEMA_FENCE"
            })
    void withoutASafeguardTheGuaranteeBreaks(String safeguard) {
        for (long seed = 0; seed < SEEDS_TO_FIND_A_VIOLATION; seed++) {
            try {
                new Fleet(seed, Set.of(safeguard), coverage).run();
            } catch (Violation violation) {
                System.out.println("without " + safeguard + ": seed " + seed + ": " + violation.getMessage());
                return;
            } catch (FirnException | AssertionError stuck) {
                // A fleet that stops or comes to no end has not broken the guarantee.
                System.out.println("without " + safeguard + ": seed " + seed + " goes no further");
            }
        }
        fail("without " + safeguard + " nothing was violated in " + SEEDS_TO_FIND_A_VIOLATION + " seeds");
    }
}
