package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.ledger.SourcePartition;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Table;

/**
 * Makes an empty staging table begin where the keyed table's ledger ends. Without it a staging table that was dropped
 * would begin where {@code start} says, and what was staged in the old one and not merged would be a gap that nobody
 * sees; with it, records that Kafka no longer holds are a gap like any other.
 */
final class StagingStart {
    private static final int MAX_ATTEMPTS = 20;

    private StagingStart() {}

    /**
     * Commits the start positions if staging has no snapshot and the keyed table has a ledger.
     *
     * @param staging and {@code keyed}: refreshed
     */
    static void commit(Table staging, Table keyed) {
        if (staging.currentSnapshot() != null || keyed.currentSnapshot() == null) {
            return;
        }
        commitAfter(staging, keyed);
    }

    /** As {@link #commit}, whatever staging has already: what its ledger knows stays as it is. */
    static void commitAfter(Table staging, Table keyed) {
        Ledger merged = ledger(keyed);
        merged.pipelines().forEach((pipeline, entries) -> {
            TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
            entries.forEach((partition, entry) -> steps.put(partition, PartitionStep.start(entry.next())));
            commit(staging, pipeline, steps);
        });
    }

    /** Returns where an empty staging table begins. */
    static Ledger ledger(Table keyed) {
        return LedgerReader.read(keyed)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
    }

    /** Commits steps without rows: the same commit from every process that asks for it, so one of them takes effect. */
    static void commit(Table table, String pipeline, SortedMap<SourcePartition, PartitionStep> steps) {
        UUID id = UUID.nameUUIDFromBytes((table.uuid() + pipeline + steps).getBytes(StandardCharsets.UTF_8));
        TableCommit commit = new TableCommit(id, pipeline, TableCommit.Operation.HEARTBEAT, List.of(), steps);
        TableCommitter committer =
                new TableCommitter(table, new Random(id.getLeastSignificantBits()), MissingLedger.REFUSE);
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            CommitOutcome outcome = committer.attempt(commit);
            if (!(outcome instanceof CommitOutcome.Undecided)) {
                table.refresh();
                return;
            }
        }
        throw FirnException.external(
                "catalog-unavailable",
                "the start of the table cannot be committed",
                "table " + table.name(),
                "start again when the catalog answers",
                new IllegalStateException(MAX_ATTEMPTS + " attempts without an outcome"));
    }
}
