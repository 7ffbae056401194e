package io.firn.deploy;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import org.apache.iceberg.Table;

/** What has to be done before the ledger moves to a pipeline's new name. */
public final class RenamedPipeline {
    private RenamedPipeline() {}

    /**
     * Requires that no backfill of the earlier name is unfinished: its chunks fit the ledger of that name only.
     *
     * @throws FirnException {@code backfill-unfinished}
     */
    public static void requireNoBackfill(String pipeline, LedgerClaim claim, Table table) {
        Ledger ledger = LedgerReader.read(table)
                .fold(LedgerState.Present::ledger, fresh -> Ledger.empty(), unknown -> Ledger.empty());
        if (!claim.isDue(pipeline, ledger)) {
            return;
        }
        String earlier = claim.renamedFrom().orElseThrow();
        for (BackfillState state : Backfills.read(table)) {
            if (!state.isOver() && state.task().pipeline().equals(earlier)) {
                throw FirnException.user(
                        "backfill-unfinished",
                        "the pipeline cannot be renamed while its backfill " + state.id() + " is unfinished",
                        "pipeline " + pipeline + ", renamed-from " + earlier + ", table " + table.name(),
                        "run it once more under the name " + earlier + " until the backfill is done, or cancel it");
            }
        }
    }
}
