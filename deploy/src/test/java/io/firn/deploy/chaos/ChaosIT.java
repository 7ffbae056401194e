package io.firn.deploy.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.SharedBroker;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two service processes in one group, a steady producer on twelve partitions, and faults of processes and networks.
 * Afterwards every record must be in the table once. The long form, with more faults on more lakes, is
 * {@code deploy/chaos/run}; {@code -Dfirn.chaos.seed=N} draws other moments, victims and lengths.
 */
@ExtendWith(SharedBroker.class)
@Order(Integer.MAX_VALUE)
final class ChaosIT {
    private static final int RECORDS_PER_SECOND = 200;
    private static final long SEED = Long.getLong("firn.chaos.seed", 20261101L);
    private static final Path LOGS = OsProcess.logs("chaos");

    /** One of each sort, where most rests on it: a commit whose answer is lost, a worker that is thought dead. */
    private static final List<FaultKind> SHORT = List.of(
            FaultKind.KILL,
            FaultKind.FREEZE,
            FaultKind.CATALOG_ANSWER_LOST,
            FaultKind.STORE_RESET,
            FaultKind.KAFKA_PARTITION,
            FaultKind.STORE_FULL);

    /** What first found that a full disk ended the process. */
    private static final List<FaultKind> FULL = List.of(FaultKind.DISK_FULL, FaultKind.KILL, FaultKind.DISK_FULL);

    @TempDir
    private Path directory;

    @Test
    void every_record_is_in_the_table_once_whatever_is_killed_frozen_cut_off_or_full(BrokerProcess broker)
            throws Exception {
        survives(SHORT, "s3", broker);
    }

    @Test
    void a_local_disk_that_is_full_is_waited_for(BrokerProcess broker) throws Exception {
        survives(FULL, "local", broker);
    }

    private void survives(List<FaultKind> faults, String lake, BrokerProcess broker) throws Exception {
        try (Surroundings around = Surroundings.of(lake, broker, 0, false, directory, LOGS)) {
            say("seed " + SEED + ", lake " + lake);
            Verdict verdict = new Chapter(
                            around, directory, LOGS, "chaos-" + lake, false, RECORDS_PER_SECOND, ChaosIT::say)
                    .play(Strike.plan(SEED, faults.size(), faults).stream()
                            .map(List::of)
                            .toList());
            verdict.met().forEach(met -> say(met.strike().kind().text() + ": " + met.recoveryMillis() + " ms"));
            assertThat(verdict.complaints()).isEmpty();
        }
    }

    private static void say(String text) {
        System.out.println("[chaos] " + text);
    }
}
