package io.firn.compaction.expire;

import io.firn.catalog.FirnException;
import io.firn.catalog.commit.JobCommit;
import io.firn.catalog.commit.TableCommit.Operation;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.catalog.location.DeletionGuard;
import io.firn.catalog.location.OwnFiles;
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
import org.apache.iceberg.ExpireSnapshots;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.util.PropertyUtil;
import org.jspecify.annotations.Nullable;

/**
 * Expires snapshots, and removes the files that only they needed. First it sees to it that the head carries the ledger.
 *
 * <p>Killed between the commit and the removal, or where a removal fails, files stay behind that no snapshot
 * references: the orphan job's.
 */
public final class ExpireJob extends CommittingJob {
    public static final String NAME = "expire";

    private final ExpireSettings settings;
    private final DeletionGuard guard;
    private DeletionGuard.@Nullable Examination examination;
    private @Nullable OwnFiles own;
    /** Why no file is removed, if so. */
    private String refusal = "";

    private boolean ledgerIsSafe;
    private boolean hasExpired;
    private int conflicts;

    /** @param guard of the table; no file is removed that it does not prove to be the table's */
    public ExpireJob(JobContext context, ExpireSettings settings, DeletionGuard guard) {
        super(NAME, context);
        this.settings = settings;
        this.guard = guard;
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
            boolean none = !hasExpired;
            return end(none ? End.NOTHING : End.DONE, none ? "no snapshot is old enough" : refusal);
        }
        if (own == null && refusal.isEmpty()) {
            examine(table);
            if (own == null && refusal.isEmpty()) {
                return JobTurn.AT_ONCE;
            }
        }
        if (!ledgerIsSafe && !ExpirePlan.headCarriesLedger(table) && hasLedger()) {
            return propose(JobCommit.carrying(
                    context().newId(), Operation.EXPIRE, new TreeMap<>(), Transaction::newFastAppend, List.of()));
        }
        ledgerIsSafe = true;
        return expire(expired.subList(0, Math.min(settings.perCommit(), expired.size())), expired.size());
    }

    /** Snapshots expire in any case, or commits would take ever longer; their files stay where nothing is proved. */
    private void examine(TableMetadata table) {
        own = guard.recent(table).orElse(null);
        if (own != null) {
            return;
        }
        DeletionGuard.Examination current = examination;
        if (current == null) {
            current = guard.examine(
                    context().table(), DeletionGuard.Memory.WRITE, context().random());
            examination = current;
        }
        try {
            own = Foreign.call(
                            "it cannot be proved which files are the table's",
                            context().where(),
                            current::step)
                    .orElse(null);
        } catch (FirnException e) {
            if (!e.code().equals(DeletionGuard.REFUSED)) {
                throw e;
            }
            refusal = String.valueOf(e.getMessage());
            figures().count("deletion-refused", 1);
        }
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
        if (!hasExpired) {
            meter().begin("expire", new Work(all, 0, 0));
        }
        List<String> unneeded = new ArrayList<>();
        // An age of zero: what goes is exactly what the plan says, not what Iceberg would choose by itself.
        ExpireSnapshots expire =
                context().table().expireSnapshots().expireOlderThan(0).deleteWith(unneeded::add);
        ids.forEach(expire::expireSnapshotId);
        try {
            Foreign.run("snapshots can not be expired", context().where(), expire::commit);
        } catch (FirnException e) {
            if (isConflict(e)) {
                return conflict(e);
            }
            throw e;
        }
        conflicts = 0;
        hasExpired = true;
        long removed = remove(unneeded);
        figures().replaced(new Work(removed, 0, 0), Work.NONE);
        figures().count("snapshots", ids.size());
        figures().count("files", removed);
        meter().add(new Work(ids.size(), 0, 0));
        return JobTurn.AT_ONCE;
    }

    /** Files that others wrote and somebody added to the table lie elsewhere, and stay. */
    private long remove(List<String> unneeded) {
        OwnFiles proved = own;
        if (proved == null) {
            figures().count("files-left", unneeded.size());
            return 0;
        }
        OwnFiles.Deletion deletion =
                Foreign.call("expired files can not be removed", context().where(), () -> {
                    proved.requireSame(((HasTableOperations) context().table())
                            .operations()
                            .current());
                    return proved.delete(context().table().io(), unneeded);
                });
        figures().count("left-outside", deletion.left());
        figures().count("failed", deletion.failed());
        return deletion.deleted().size() - deletion.failed();
    }

    /** The change is planned again on what the table is then: an outcome that is not known makes no difference. */
    private static boolean isConflict(FirnException failure) {
        Throwable cause = failure.getCause();
        return cause instanceof CommitFailedException
                || cause instanceof CommitStateUnknownException
                || cause instanceof IllegalArgumentException;
    }

    private JobTurn conflict(FirnException failure) {
        figures().count("attempts-repeated", 1);
        conflicts++;
        if (conflicts > 5) {
            return end(End.YIELDED, failure.what());
        }
        return new JobTurn.Again((100L << conflicts) + context().random().nextInt(100), failure.what());
    }
}
