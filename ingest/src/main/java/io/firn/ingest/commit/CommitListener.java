package io.firn.ingest.commit;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.Outage;
import java.util.Map;

/**
 * Receives how a group's commits end, and when the catalog does not work. Called by the thread that turns the group,
 * outside of its lock.
 */
public interface CommitListener extends Outage.Listener {
    /** @param rows rows made visible, by partition */
    void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows);

    void fenced(CommitOutcome.Fenced outcome);

    void schemaChanged(CommitOutcome.SchemaChanged outcome);
}
