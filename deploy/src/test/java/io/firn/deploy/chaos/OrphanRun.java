package io.firn.deploy.chaos;

import io.firn.catalog.FirnException;
import io.firn.catalog.location.DeletionGuard;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobProgress;
import io.firn.compaction.JobTurn;
import io.firn.compaction.orphan.OrphanJob;
import io.firn.compaction.orphan.OrphanSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;

/** One run of the orphan job, in this process. */
final class OrphanRun {
    private OrphanRun() {}

    /**
     * Runs the job to its end.
     *
     * @param later how much later than now the job believes it is
     * @param safetyAge files that are younger then are left alone
     * @return what the job says at its end, or why it deletes nothing
     */
    static String run(Catalog catalog, String table, Duration later, Duration safetyAge, Path scratch)
            throws IOException {
        OrphanJob job = new OrphanJob(
                new JobContext(
                        catalog.loadTable(TableIdentifier.parse(table)),
                        Clock.offset(Clock.systemUTC(), later),
                        new Random(1),
                        JobProgress.NONE,
                        Files.createDirectories(scratch)),
                OrphanSettings.DEFAULTS.withSafetyAge(safetyAge),
                DeletionGuard.of(catalog, table, Clock.systemUTC()));
        try {
            JobTurn turn = job.turn();
            while (!(turn instanceof JobTurn.Ended)) {
                turn = job.turn();
            }
            return turn.toString();
        } catch (FirnException refused) {
            if (!refused.code().equals(DeletionGuard.REFUSED)) {
                throw refused;
            }
            return String.valueOf(refused.getMessage());
        }
    }
}
