package io.firn.compaction.expire;

import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.compaction.CommittingJob;
import io.firn.compaction.Foreign;
import io.firn.compaction.JobContext;
import io.firn.compaction.JobResult.End;
import io.firn.compaction.JobTurn;
import io.firn.compaction.Work;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.ExpireSnapshots;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.util.PropertyUtil;

/**
 * Expires snapshots, and removes the files that only they needed. First it sees to it that the head carries the ledger.
 *
 * <p>Killed between the commit and the removal, or where a removal fails, files stay behind that no snapshot
 * references: the orphan job's.
 */
public final class ExpireJob extends CommittingJob {
    public static final String NAME = "expire";

    private final ExpireSettings settings;
    private boolean ledgerIsSafe;
    private int conflicts;

    public ExpireJob(JobContext context, ExpireSettings settings) {
        super(NAME, context);
        this.settings = settings;
    }

    /** How many snapshots a run would take of the table as it was refreshed last. */
    public static long expirable(Table table, ExpireSettings settings, Instant now) {
        return ExpirePlan.expired(((HasTableOperations) table).operations().current(), settings, now)
                .size();
    }

    @Override
    protected JobTurn plan() {
        TableMetadata table = refresh();
        if (!PropertyUtil.propertyAsBoolean(table.properties(), TableProperties.GC_ENABLED, true)) {
            return end(End.NOTHING, "the table says gc.enabled=false: its files may belong to other tables too");
        }
        List<Long> expired =
                ExpirePlan.expired(table, settings, context().clock().instant());
        if (expired.isEmpty()) {
            boolean none = figures().before().isNone();
            return end(none ? End.NOTHING : End.DONE, none ? "no snapshot is old enough" : "");
        }
        if (!ledgerIsSafe && !ExpirePlan.headCarriesLedger(table) && hasLedger()) {
            return propose(JobCommit.carrying(
                    context().newId(), Operation.EXPIRE, new TreeMap<>(), Transaction::newFastAppend, List.of()));
        }
        ledgerIsSafe = true;
        return expire(expired.subList(0, Math.min(settings.perCommit(), expired.size())), expired.size());
    }

    private TableMetadata refresh() {
        return Foreign.call("the table can not be read", context().where(), () -> {
            context().table().refresh();
            return ((HasTableOperations) context().table()).operations().current();
        });
    }

    private boolean hasLedger() {
        return LedgerReader.read(context().table()) instanceof LedgerState.Present;
    }

    /** A commit of the ledger alone, and tried once: what it is for is planned anew in any case. */
    @Override
    protected JobTurn committed(long snapshotId) {
        ledgerIsSafe = true;
        return JobTurn.AT_ONCE;
    }

    @Override
    protected JobTurn refused() {
        ledgerIsSafe = true;
        return JobTurn.AT_ONCE;
    }

    private JobTurn expire(List<Long> ids, int all) {
        if (figures().before().isNone()) {
            meter().begin("expire", new Work(all, 0, 0));
        }
        List<String> unneeded = new ArrayList<>();
        // An age of zero: what goes is exactly what the plan says, not what Iceberg would choose by itself.
        ExpireSnapshots expire =
                context().table().expireSnapshots().expireOlderThan(0).deleteWith(unneeded::add);
        ids.forEach(expire::expireSnapshotId);
        try {
            Foreign.run("snapshots can not be expired", context().where(), expire::commit);
        } catch (io.firn.catalog.FirnException e) {
            if (isConflict(e)) {
                return conflict(e);
            }
            throw e;
        }
        conflicts = 0;
        Foreign.run(
                "expired files can not be removed",
                context().where(),
                () -> CatalogUtil.deleteFiles(context().table().io(), unneeded, "expired", true));
        figures().replaced(new Work(unneeded.size(), 0, 0), Work.NONE);
        figures().count("snapshots", ids.size());
        figures().count("files", unneeded.size());
        meter().add(new Work(ids.size(), 0, 0));
        return JobTurn.AT_ONCE;
    }

    /** The change is planned again on what the table is then: an outcome that is not known makes no difference. */
    private static boolean isConflict(io.firn.catalog.FirnException failure) {
        Throwable cause = failure.getCause();
        return cause instanceof CommitFailedException
                || cause instanceof CommitStateUnknownException
                || cause instanceof IllegalArgumentException;
    }

    private JobTurn conflict(io.firn.catalog.FirnException failure) {
        figures().count("attempts-repeated", 1);
        conflicts++;
        if (conflicts > 5) {
            return end(End.YIELDED, failure.what());
        }
        return new JobTurn.Again((100L << conflicts) + context().random().nextInt(100), failure.what());
    }
}
