package io.firn.compaction.merge;

import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.Budget;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.expressions.Expression;

/**
 * How a merge goes about it.
 *
 * @param memoryBytes of heap for keys, matches and open files together
 * @param folder for spill files; each run makes and removes one of its own in it
 * @param targetFileBytes at which a data file is closed and the next one begun
 * @param rewriteShare where more than this part of a file's rows is deleted, the rest is written anew and the file
 *     dropped
 * @param deleteWhen which records, beside tombstones, delete their key
 * @param budget rows and bytes bound what one commit merges, time the number of commits
 * @param plans how often a run plans anew because others change the keyed table, before it yields
 * @param accepted spans that staging lacks and that are to be merged without
 */
public record MergeSettings(
        long memoryBytes,
        Path folder,
        long targetFileBytes,
        double rewriteShare,
        Optional<Expression> deleteWhen,
        Budget budget,
        int plans,
        List<AcceptedSpan> accepted) {
    /** A table of a hundred bytes a key and some open files; less is hardly of use. */
    private static final long LEAST_MEMORY = 8 << 20;

    public MergeSettings {
        accepted = List.copyOf(accepted);
        if (memoryBytes < LEAST_MEMORY || targetFileBytes <= 0 || plans < 1) {
            throw new IllegalArgumentException("not enough memory, file size or plans: " + memoryBytes + " bytes");
        }
        if (!(rewriteShare > 0 && rewriteShare <= 1)) {
            throw new IllegalArgumentException("not a part: " + rewriteShare);
        }
    }

    /** 128 MB of memory hold a million changed keys; 128 MB files are Firn's target elsewhere too. */
    public static MergeSettings defaults(Path folder) {
        return new MergeSettings(
                128L << 20, folder, 128L << 20, 0.5, Optional.empty(), Budget.UNLIMITED, 10, List.of());
    }

    public MergeSettings withMemoryBytes(long bytes) {
        return new MergeSettings(bytes, folder, targetFileBytes, rewriteShare, deleteWhen, budget, plans, accepted);
    }

    public MergeSettings withTargetFileBytes(long bytes) {
        return new MergeSettings(memoryBytes, folder, bytes, rewriteShare, deleteWhen, budget, plans, accepted);
    }

    public MergeSettings withRewriteShare(double share) {
        return new MergeSettings(memoryBytes, folder, targetFileBytes, share, deleteWhen, budget, plans, accepted);
    }

    public MergeSettings withDeleteWhen(Expression when) {
        return new MergeSettings(
                memoryBytes, folder, targetFileBytes, rewriteShare, Optional.of(when), budget, plans, accepted);
    }

    public MergeSettings withBudget(Budget bound) {
        return new MergeSettings(
                memoryBytes, folder, targetFileBytes, rewriteShare, deleteWhen, bound, plans, accepted);
    }

    public MergeSettings withAccepted(List<AcceptedSpan> spans) {
        return new MergeSettings(memoryBytes, folder, targetFileBytes, rewriteShare, deleteWhen, budget, plans, spans);
    }
}
