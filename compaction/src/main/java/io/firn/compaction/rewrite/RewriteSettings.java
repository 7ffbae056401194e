package io.firn.compaction.rewrite;

import io.firn.compaction.Budget;
import java.util.Map;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.util.PropertyUtil;

/**
 * What a rewrite aims at.
 *
 * @param targetBytes size of the files to write
 * @param minFiles fewest small files of a partition that are worth a rewrite together
 * @param deleteRatio part of a file's rows known to be deleted from which on it is written anew
 * @param deleteFiles delete files that a reader of one data file has to open from which on it is written anew
 * @param commitBytes most input of one commit: what a crash can waste
 * @param commitFiles most input files of one commit
 * @param sortBytes memory for sorting rows before they spill
 * @param budget of one run
 */
public record RewriteSettings(
        long targetBytes,
        int minFiles,
        double deleteRatio,
        int deleteFiles,
        long commitBytes,
        int commitFiles,
        long sortBytes,
        Budget budget) {
    /** Fewer files than these are cheaper to read than to write again and again. */
    private static final int MIN_FILES = 5;
    /** Below that the deleted rows cost a reader less than the rewrite costs us. */
    private static final double DELETE_RATIO = 0.2;
    /** Each is a request of its own to the store. */
    private static final int DELETE_FILES = 5;
    /** Half a minute of work or so: small enough to lose, large enough that snapshots stay few. */
    private static final long COMMIT_BYTES = 1L << 30;
    /** Rewritten entries of a manifest are some hundred bytes each. */
    private static final int COMMIT_FILES = 2_000;

    private static final long SORT_BYTES = 128L << 20;

    public RewriteSettings {
        if (targetBytes <= 0 || minFiles < 2 || !(deleteRatio > 0) || deleteFiles < 1) {
            throw new IllegalArgumentException("not a target: " + targetBytes + " bytes, at least " + minFiles
                    + " files, delete ratio " + deleteRatio + ", " + deleteFiles + " delete files");
        }
        if (commitBytes <= 0 || commitFiles <= 0 || sortBytes <= 0) {
            throw new IllegalArgumentException("bounds must be above zero");
        }
    }

    /** The defaults, with the target size that the table's own properties name. */
    public static RewriteSettings of(Map<String, String> tableProperties) {
        return target(PropertyUtil.propertyAsLong(
                tableProperties,
                TableProperties.WRITE_TARGET_FILE_SIZE_BYTES,
                TableProperties.WRITE_TARGET_FILE_SIZE_BYTES_DEFAULT));
    }

    /** The defaults, with this target size. */
    public static RewriteSettings target(long bytes) {
        return new RewriteSettings(
                bytes,
                MIN_FILES,
                DELETE_RATIO,
                DELETE_FILES,
                Math.max(bytes, COMMIT_BYTES),
                COMMIT_FILES,
                SORT_BYTES,
                Budget.UNLIMITED);
    }

    public RewriteSettings withBudget(Budget other) {
        return new RewriteSettings(
                targetBytes, minFiles, deleteRatio, deleteFiles, commitBytes, commitFiles, sortBytes, other);
    }

    public RewriteSettings withMinFiles(int least) {
        return new RewriteSettings(
                targetBytes, least, deleteRatio, deleteFiles, commitBytes, commitFiles, sortBytes, budget);
    }

    public RewriteSettings withCommits(long bytes, int files) {
        return new RewriteSettings(targetBytes, minFiles, deleteRatio, deleteFiles, bytes, files, sortBytes, budget);
    }

    public RewriteSettings withSortBytes(long bytes) {
        return new RewriteSettings(
                targetBytes, minFiles, deleteRatio, deleteFiles, commitBytes, commitFiles, bytes, budget);
    }

    /**
     * What to plan and commit by after refusals in a row: half as much each time, down to one group a commit, then
     * smaller groups as well, so that a table that is changed all the time is still rewritten bit by bit.
     */
    RewriteSettings afterRefusals(int refusals) {
        if (refusals == 0) {
            return this;
        }
        long bytes = Math.max(1, commitBytes >> refusals);
        int files = Math.max(minFiles, commitFiles >> refusals);
        long target = Math.max(1, Math.min(targetBytes, bytes));
        return new RewriteSettings(target, minFiles, deleteRatio, deleteFiles, bytes, files, sortBytes, budget);
    }

    /** Files below that are small. Three quarters, as Iceberg's own planner has it. */
    public long smallBytes() {
        return targetBytes / 4 * 3;
    }

    /** A group may fill a file up to that: two files just too large for one another still go together. */
    public long groupBytes() {
        return targetBytes + targetBytes / 4;
    }

    /** No output file grows beyond that, whatever its rows come to when encoded anew. */
    public long mostBytes() {
        return targetBytes + targetBytes / 2;
    }
}
