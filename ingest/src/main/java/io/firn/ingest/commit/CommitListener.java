package io.firn.ingest.commit;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Map;

/** Hears how a group's commits end. Called by the thread that turns the group, outside of its lock. */
public interface CommitListener {
    /** @param rows rows made visible, by partition */
    void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows);

    void fenced(CommitOutcome.Fenced outcome);
}
