package io.firn.compaction.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.firn.catalog.FirnException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.ValidationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The keyed table is the fold of the topic, whatever happens, again and again. {@code -Dfirn.sim.merge.seeds=N} runs N
 * seeds, {@code -Dfirn.sim.merge.first=S} begins at another than 0, {@code -Dfirn.sim.merge.seed=S} runs one again and
 * tells its story.
 */
final class MergeSimulationTest {
    /** Every safeguard is missed within far fewer; the bound only keeps a test without it from running for ever. */
    private static final int SEEDS_TO_FIND_A_VIOLATION = 400;

    /** So many that every one of the stories has happened: a run in which it never does proves nothing about it. */
    private static final int SEEDS_FOR_EVERYTHING = 1_000;

    private static final List<String> STORIES = List.of(
            "a dropped table keeps its files in the location of orders",
            "a late commit comes too late",
            "a late commit lands",
            "a partition is added",
            "a person goes on without records that Kafka lost",
            "a renamed table keeps its files in the location of orders",
            "a table has its data below the location of orders",
            "a table lies below the location of orders",
            "a topic is deleted and created again",
            "another engine deletes rows by equality deletes",
            "another engine deletes rows by position deletes",
            "another engine deletes rows by writing files anew",
            "another engine deletes rows of staging",
            "another engine expires snapshots of orders",
            "another engine expires snapshots of orders_deletes",
            "another engine expires snapshots of orders_staging",
            "another engine rewrites all files of orders",
            "another engine rewrites all files of orders_deletes",
            "another engine rewrites all files of orders_staging",
            "another engine rewrites some files of orders",
            "another engine rewrites some files of orders_deletes",
            "another engine rewrites some files of orders_staging",
            "expire counts: attempts-repeated",
            "expire counts: files",
            "expire counts: files-left",
            "expire counts: snapshots",
            "expire ends: DONE",
            "expire ends: NOTHING",
            "ingestion dies at closing a file",
            "ingestion dies at hearing that a file was written",
            "ingestion dies at making a file",
            "ingestion dies at reading the table",
            "ingestion fails: catalog-unavailable",
            "ingestion is asked to stop",
            "ingestion is killed between two turns",
            "ingestion stops",
            "Kafka drops records",
            "manifests ends: DONE",
            "manifests ends: NOTHING",
            "merge counts: deleted",
            "merge counts: fenced",
            "merge counts: inserted",
            "merge counts: late",
            "merge counts: replayed",
            "merge counts: rewritten-files",
            "merge counts: staged",
            "merge counts: updated",
            "merge dies at closing a file",
            "merge dies at making a file",
            "merge dies at opening a file",
            "merge dies at reading the table",
            "merge ends: DONE",
            "merge ends: NOTHING",
            "merge fails: known-deletes-missing",
            "merge fails: staged-rows-missing",
            "merge is asked to stop",
            "merge is killed between two turns",
            "missing records are read again",
            "old records are staged once more",
            "orphans counts: orphan-bytes",
            "orphans counts: orphans",
            "orphans ends: DONE",
            "orphans ends: NOTHING",
            "orphans fails: deletion-refused",
            "records are staged",
            "rewrite counts: attempts-repeated",
            "rewrite ends: DONE",
            "rewrite ends: NOTHING",
            "somebody drops orders",
            "somebody drops orders_deletes",
            "somebody drops orders_staging",
            "somebody rolls back orders",
            "somebody rolls back orders_deletes",
            "somebody rolls back orders_staging",
            "somebody sets a table property",
            "staging ends: DONE",
            "staging ends: NOTHING",
            "staging is fenced",
            "the catalog has an older state of orders",
            "the catalog has an older state of orders_deletes",
            "the catalog has an older state of orders_staging",
            "the next answer will be lost",
            "the next commit will be late",
            "the next commit will be refused",
            "the next request will be lost",
            "the next success will look like a conflict",
            "the table of known deletes is made anew");

    @TempDir
    private static Path scratch;

    private final Coverage coverage = new Coverage();

    @Test
    void whateverHappensTheKeyedTableIsTheFoldOfWhatWasMerged() throws InterruptedException {
        Long one = Long.getLong("firn.sim.merge.seed");
        if (one != null) {
            System.out.println(
                    "seed " + one + System.lineSeparator() + "  " + check(one).story());
            return;
        }
        long first = Long.getLong("firn.sim.merge.first", 0);
        long seeds = Long.getLong("firn.sim.merge.seeds", 100);
        long began = System.nanoTime();
        inParallel(first, first + seeds);
        System.out.println(
                seeds + " seeds held in " + (System.nanoTime() - began) / 1_000_000 + " ms; in them:" + coverage);
        if (seeds >= SEEDS_FOR_EVERYTHING) {
            assertThat(coverage.counts()).containsKeys(STORIES.toArray(String[]::new));
        }
    }

    /** Runs share nothing, so each core takes the next seed. */
    private void inParallel(long first, long end) throws InterruptedException {
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            AtomicLong next = new AtomicLong(first);
            for (Future<?> each : IntStream.range(0, threads)
                    .mapToObj(thread -> pool.submit(() -> {
                        for (long seed = next.getAndIncrement(); seed < end; seed = next.getAndIncrement()) {
                            check(seed);
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

    private Story check(long seed) {
        BareHadoop.install();
        Story story = new Story(seed, scratch, Optional.empty(), coverage);
        try {
            story.run();
            return story;
        } catch (RuntimeException | AssertionError violation) {
            return fail(
                    "seed " + seed + " (run it again with ./mvnw test -pl compaction -am -Dtest=MergeSimulationTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dfirn.sim.merge.seed=" + seed + "): "
                            + violation.getMessage() + System.lineSeparator() + "  " + story.story(),
                    violation);
        }
    }

    /** From any seed on one is found; these are close before one, because the build's time is short. */
    @ParameterizedTest
    @CsvSource({
        "COMMIT_ID_LOOKUP, 1",
        "DELETION_GUARD, 3",
        "LEDGER_CARRY, 2",
        "MERGE_POSITION, 5",
        "KNOWN_DELETES, 36",
        "STAGING_RETENTION, 159",
        "PLANNED_SNAPSHOT, 137",
        "KEPT_FOR_ROLLBACK, 184",
        "PROVEN_STEP, 8",
        "COUNTED_DELETES, 123"
    })
    void withoutASafeguardTheGuaranteeBreaks(Safeguard safeguard, long first) {
        BareHadoop.install();
        for (long seed = first; seed < first + SEEDS_TO_FIND_A_VIOLATION; seed++) {
            try {
                new Story(seed, scratch, Optional.of(safeguard), coverage).run();
            } catch (Violation violation) {
                System.out.println("without " + safeguard + ": seed " + seed + ": " + violation.getMessage());
                return;
            } catch (NotFoundException | ValidationException removed) {
                // Files that are gone, or two of which one may be there: a reader fails as well.
                System.out.println("without " + safeguard + ": seed " + seed + ": " + removed.getMessage());
                return;
            } catch (FirnException | IllegalArgumentException stuck) {
                // What goes no further has not broken the guarantee.
                System.out.println("without " + safeguard + ": seed " + seed + " goes no further: " + stuck);
            }
        }
        fail("without " + safeguard + " nothing was violated in " + SEEDS_TO_FIND_A_VIOLATION + " seeds");
    }
}
