package io.firn.compaction.plan;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides which job a table gets next. Pure: the same debt, history and time give the same answer.
 *
 * <p>One job a table at a time, also across a fleet without a lock: every process decides by the same debt, the commit
 * lets one of them through, and whoever is refused comes back later by {@link RunHistory#notBefore}, each time twice as
 * late as before and never at the same moment as the other, with smaller groups. What another process has done shows in
 * the debt, so nobody does it again.
 *
 * @param mergeRows,mergeLag staged rows, or time, not merged yet that make a merge due
 * @param smallFiles files that a rewrite would take that make it due
 * @param deleteRatio part of the rows deleted that makes a rewrite due
 * @param deleteFiles delete files that make a rewrite due
 * @param manifests small manifests that make their rewrite due
 * @param expirable snapshots that make an expiry due
 * @param every jobs due so long after their last run, whatever the need
 */
public record NeedsPolicy(
        long mergeRows,
        Duration mergeLag,
        long smallFiles,
        double deleteRatio,
        long deleteFiles,
        long manifests,
        long expirable,
        Map<JobKind, Duration> every) {
    /** A merge a minute at most in the usual case, files of minutes become files of hours, history goes once a day. */
    public static final NeedsPolicy DEFAULTS = new NeedsPolicy(
            1_000_000,
            Duration.ofMinutes(1),
            20,
            0.1,
            100,
            50,
            100,
            Map.of(
                    JobKind.STAGING, Duration.ofHours(1),
                    JobKind.EXPIRE, Duration.ofHours(6),
                    JobKind.ORPHANS, Duration.ofDays(1),
                    JobKind.METADATA, Duration.ofDays(1)));

    public NeedsPolicy {
        every = Map.copyOf(every);
    }

    /** A job, and why. */
    public record Need(JobKind kind, String reason) {}

    /**
     * The first kind that is needed and not held back: merges come first, then what ran the longest time ago. A need
     * that never ends, as of small files where many come every minute, does not keep the other kinds from their turn.
     */
    public Optional<Need> next(TableDebt debt, RunHistory history, Instant now) {
        List<JobKind> kinds = new ArrayList<>(List.of(JobKind.values()));
        kinds.sort(Comparator.comparing(kind -> kind == JobKind.MERGE ? Instant.MIN : history.lastRun(kind)));
        for (JobKind kind : kinds) {
            if (now.isBefore(history.notBefore(kind))) {
                continue;
            }
            String reason = reason(kind, debt, history, now);
            if (!reason.isEmpty()) {
                return Optional.of(new Need(kind, reason));
            }
        }
        return Optional.empty();
    }

    private String reason(JobKind kind, TableDebt debt, RunHistory history, Instant now) {
        String need = need(kind, debt);
        if (!need.isEmpty()) {
            return need;
        }
        Duration interval = every.get(kind);
        if (interval == null || now.isBefore(history.lastRun(kind).plus(interval))) {
            return "";
        }
        return isPossible(kind, debt) ? "the last run is longer ago than " + interval : "";
    }

    private String need(JobKind kind, TableDebt debt) {
        return switch (kind) {
            case MERGE -> mergeNeed(debt.staging());
            case REWRITE -> rewriteNeed(debt);
            case MANIFESTS -> debt.smallManifests() >= manifests ? debt.smallManifests() + " small manifests" : "";
            case EXPIRE -> debt.expirable() >= expirable ? debt.expirable() + " snapshots can expire" : "";
            case STAGING, ORPHANS, METADATA -> "";
        };
    }

    private String mergeNeed(TableDebt.StagingLag lag) {
        if (lag.rows() >= mergeRows) {
            return lag.rows() + " staged rows are not merged";
        }
        if (lag.again() > 0) {
            return "a backfill staged " + lag.again() + " offsets once more";
        }
        boolean late = lag.rows() > 0 && lag.time().compareTo(mergeLag) >= 0;
        return late ? "the keyed table is " + lag.time().toSeconds() + " s behind" : "";
    }

    private String rewriteNeed(TableDebt debt) {
        if (debt.small().isNone()) {
            return "";
        }
        if (debt.small().files() >= smallFiles) {
            return debt.small().files() + " files are small or full of deletes";
        }
        if (debt.deleteRatio() >= deleteRatio) {
            return Math.round(100 * debt.deleteRatio()) + " % of the rows are deleted";
        }
        return debt.deleteFiles() >= deleteFiles ? debt.deleteFiles() + " delete files" : "";
    }

    /** Whether a run by schedule would find anything, as far as the debt tells. */
    private static boolean isPossible(JobKind kind, TableDebt debt) {
        return switch (kind) {
            case MERGE -> debt.staging().rows() > 0;
            case REWRITE -> !debt.small().isNone();
            case MANIFESTS -> debt.smallManifests() > 1;
            case EXPIRE -> debt.expirable() > 0;
            case STAGING, ORPHANS, METADATA -> debt.snapshots() > 0;
        };
    }
}
