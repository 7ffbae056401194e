package io.firn.deploy.maintain;

import io.firn.compaction.JobResult;
import io.firn.compaction.Work;
import io.firn.compaction.plan.JobKind;
import io.firn.compaction.plan.NeedsPolicy;
import io.firn.compaction.plan.NeedsPolicy.Need;
import io.firn.compaction.plan.RunHistory;
import io.firn.compaction.plan.TableDebt;
import io.firn.deploy.config.MaintenanceConfig;
import io.firn.deploy.config.MergeConfig;
import io.firn.deploy.config.UpsertConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** One table in one lane: when it is looked at, what it gets, and what became of that. */
final class Target {
    /** Merge lag in time comes from the interval; watermarks of a backfill are years apart. */
    private static final Duration NEVER = Duration.ofDays(36_500);

    private static final Duration SHORTEST_LOOK = Duration.ofMillis(200);
    private static final Duration LONGEST_MERGE_LOOK = Duration.ofSeconds(10);

    private static final TableDebt NOTHING =
            new TableDebt(Work.NONE, Work.NONE, 0, 0, 0, 0, 0, 0, 0, TableDebt.StagingLag.NONE);

    private final MaintainedTable table;
    private final boolean merging;
    private final NeedsPolicy policy;
    private final Duration lookInterval;
    private RunHistory history = RunHistory.empty();
    private Instant nextLook;
    private Optional<MergeState> seen = Optional.empty();
    private Optional<MergeState> failedWith = Optional.empty();

    /**
     * What others may have changed since a merge failed: another process merged, or a backfill staged rows again.
     *
     * @param head snapshot of the keyed table
     * @param again offsets that an ended backfill staged once more
     */
    private record MergeState(Optional<Long> head, long again) {}

    private Target(
            MaintainedTable table, boolean merging, NeedsPolicy policy, Duration lookInterval, Instant firstLook) {
        this.table = table;
        this.merging = merging;
        this.policy = policy;
        this.lookInterval = lookInterval;
        this.nextLook = firstLook;
    }

    /** The merges of a keyed table. */
    static Target merges(MaintainedTable table, Instant now) {
        MergeConfig merge = table.config().upsert().map(UpsertConfig::merge).orElseGet(MergeConfig::defaults);
        Duration quarter = merge.interval().dividedBy(4);
        Duration look = quarter.compareTo(LONGEST_MERGE_LOOK) > 0 ? LONGEST_MERGE_LOOK : quarter;
        NeedsPolicy policy = policy(merge.rows(), Map.of(JobKind.MERGE, merge.interval()), NeedsPolicy.DEFAULTS);
        return new Target(table, true, policy, look.compareTo(SHORTEST_LOOK) < 0 ? SHORTEST_LOOK : look, now);
    }

    /** Everything else. The first look comes after an interval: a process that just started has better things to do. */
    static Target maintenance(MaintainedTable table, Instant now) {
        Map<JobKind, Duration> every = new EnumMap<>(NeedsPolicy.DEFAULTS.every());
        every.keySet().retainAll(table.role().jobs());
        MaintenanceConfig config = table.config().maintenance();
        Map<JobKind, Duration> schedule = AgeSchedule.every(every, config);
        Duration interval = AgeSchedule.look(config, schedule);
        NeedsPolicy policy = policy(Long.MAX_VALUE, schedule, NeedsPolicy.DEFAULTS);
        return new Target(table, false, policy, interval, now.plus(interval));
    }

    private static NeedsPolicy policy(long mergeRows, Map<JobKind, Duration> every, NeedsPolicy like) {
        return new NeedsPolicy(
                mergeRows,
                NEVER,
                like.smallFiles(),
                like.deleteRatio(),
                like.deleteFiles(),
                like.manifests(),
                like.expirable(),
                every);
    }

    MaintainedTable table() {
        return table;
    }

    Instant nextLook() {
        return nextLook;
    }

    void lookAgain(Instant now) {
        nextLook = now.plus(lookInterval);
    }

    /** How long merges may fail before the pipeline is not ready. */
    Duration failAfter() {
        return table.config()
                .upsert()
                .map(UpsertConfig::merge)
                .orElseGet(MergeConfig::defaults)
                .failAfter();
    }

    /** What to run now, if anything. */
    Optional<Need> look(JobFactory jobs, Instant now) {
        if (merging) {
            JobFactory.MergeLook look = jobs.lookAtMerge(table);
            if (hasChangedSinceFailure(new MergeState(look.head(), look.lag().again()))) {
                return Optional.of(new Need(JobKind.MERGE, "the tables have changed since a merge failed"));
            }
            return policy.next(NOTHING.with(look.lag()), history, now);
        }
        TableDebt debt = jobs.debt(table).with(TableDebt.StagingLag.NONE);
        return policy.next(table.role().jobs().contains(JobKind.REWRITE) ? debt : withoutRewrite(debt), history, now);
    }

    /** A merge that failed is held back for up to half an hour, unless its reason may be gone. */
    private boolean hasChangedSinceFailure(MergeState now) {
        seen = Optional.of(now);
        boolean hasChanged = failedWith.isPresent() && !failedWith.equals(seen);
        if (hasChanged) {
            failedWith = Optional.empty();
        }
        return hasChanged;
    }

    private static TableDebt withoutRewrite(TableDebt debt) {
        return new TableDebt(
                debt.files(),
                Work.NONE,
                debt.positionDeletes(),
                debt.equalityDeletes(),
                debt.deleteFiles(),
                debt.manifests(),
                debt.smallManifests(),
                debt.snapshots(),
                debt.expirable(),
                debt.staging());
    }

    void ended(JobKind kind, JobResult.End end, Instant now, RandomGenerator random) {
        failedWith = Optional.empty();
        history = history.after(kind, end, now, random);
    }

    void failed(JobKind kind, Instant now, RandomGenerator random) {
        failedWith = seen;
        history = history.afterFailure(kind, now, random);
    }
}
