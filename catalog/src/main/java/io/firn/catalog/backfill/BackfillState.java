package io.firn.catalog.backfill;

import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import java.time.Instant;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;

/**
 * A backfill as the table knows it. Immutable; each change has a new revision, so no two states have the same text.
 *
 * @param id names it among the table's
 * @param revision another one with every change
 * @param task what it is to do
 * @param next by partition of the task, the first offset that is not done
 * @param counts what was done
 * @param lastCommit the commit id of the last chunk; empty before the first
 * @param standing whether it goes on
 * @param owner the process that works on it; empty text for none
 * @param updatedAt when anything of this was changed last
 */
public record BackfillState(
        String id,
        UUID revision,
        BackfillTask task,
        SortedMap<Integer, Long> next,
        BackfillCounts counts,
        Optional<UUID> lastCommit,
        Standing standing,
        String owner,
        Instant updatedAt) {
    /** Whether a backfill goes on. */
    public enum Phase {
        RUNNING,
        /** All of it is on its branch, and a person is to say what becomes of that. */
        READY,
        /** The branch is brought to main. */
        PUBLISHING,
        DONE,
        CANCELLED,
        FAILED;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * How a backfill stands.
     *
     * @param error what made it fail, or what last kept it from going on, for a person; empty where nothing did
     */
    public record Standing(Phase phase, Optional<String> error) {
        public static final Standing RUNNING = new Standing(Phase.RUNNING, Optional.empty());
    }

    /** Table property of the backfill with that id, with this before it. */
    public static final String KEY_PREFIX = "firn.backfill.";

    /** Snapshot summary: the id of the backfill that made the snapshot. */
    public static final String SUMMARY_KEY = "firn.backfill";

    public BackfillState {
        next = Collections.unmodifiableSortedMap(new TreeMap<>(next));
    }

    /** One of which nothing is done. */
    public static BackfillState accepted(String id, UUID revision, BackfillTask task) {
        return new BackfillState(
                id,
                revision,
                task,
                starts(task),
                BackfillCounts.NONE,
                Optional.empty(),
                Standing.RUNNING,
                "",
                task.requestedAt());
    }

    private static SortedMap<Integer, Long> starts(BackfillTask task) {
        TreeMap<Integer, Long> starts = new TreeMap<>();
        task.spans().forEach((partition, span) -> starts.put(partition, span.start()));
        return starts;
    }

    public String key() {
        return KEY_PREFIX + id;
    }

    /** Whether there is something to do for a process. */
    public boolean isRunning() {
        return standing.phase() == Phase.RUNNING || standing.phase() == Phase.PUBLISHING;
    }

    /** Whether nothing can become of it any more; one that failed may have left a branch. */
    public boolean isOver() {
        return switch (standing.phase()) {
            case RUNNING, READY, PUBLISHING -> false;
            case FAILED -> task.branch().isEmpty();
            case DONE, CANCELLED -> true;
        };
    }

    /** Whether the backfill's branch is as the backfill left it, with nobody's commits but its own. */
    public boolean isHead(Snapshot head) {
        return lastCommit.isPresent()
                ? lastCommit.get().toString().equals(head.summary().get(LedgerKeys.COMMIT_ID))
                : task.branch()
                        .filter(branch -> branch.base() == head.snapshotId())
                        .isPresent();
    }

    /** What of a partition is not done. */
    public OffsetRange left(int partition) {
        OffsetRange span = task.spans().getOrDefault(partition, new OffsetRange(0, 0));
        long from = next.getOrDefault(partition, span.end());
        return new OffsetRange(Math.min(from, span.end()), span.end());
    }

    /** Offsets that are done. */
    public long done() {
        long left = task.spans().keySet().stream()
                .map(this::left)
                .mapToLong(span -> span.end() - span.start())
                .sum();
        return task.total() - left;
    }

    /** At the rate of the last chunk; empty where it is not known or nothing is left. */
    public OptionalLong secondsLeft() {
        if (standing.phase() != Phase.RUNNING || counts.recordsPerSecond() <= 0) {
            return OptionalLong.empty();
        }
        long left = task.total() - done();
        return OptionalLong.of(left == 0 ? 0 : (left - 1) / counts.recordsPerSecond() + 1);
    }

    /** As it is after a chunk up to these offsets. */
    public BackfillState after(Map<Integer, Long> reached, BackfillCounts chunk, UUID commit, Change change) {
        TreeMap<Integer, Long> further = new TreeMap<>(next);
        further.putAll(reached);
        return new BackfillState(
                id,
                change.revision(),
                task,
                further,
                counts.plus(chunk),
                Optional.of(commit),
                Standing.RUNNING,
                change.owner(),
                change.at());
    }

    /** As it is when its branch is part of main. */
    public BackfillState published(BackfillCounts onMain, UUID commit, Change change) {
        return new BackfillState(
                id,
                change.revision(),
                task,
                next,
                onMain,
                Optional.of(commit),
                new Standing(Phase.DONE, Optional.empty()),
                change.owner(),
                change.at());
    }

    /** As it is where the last chunk made no snapshot. */
    public BackfillState withLastCommit(Optional<UUID> commit) {
        return new BackfillState(id, revision, task, next, counts, commit, standing, owner, updatedAt);
    }

    /** From the begin again, because what it did is not in the table any more. */
    public BackfillState restarted(Change change) {
        return new BackfillState(
                id,
                change.revision(),
                task,
                starts(task),
                counts.restarted(),
                Optional.empty(),
                Standing.RUNNING,
                change.owner(),
                change.at());
    }

    /** Past what Kafka does not hold any more. */
    public BackfillState skipped(int partition, long to, String why, Change change) {
        TreeMap<Integer, Long> further = new TreeMap<>(next);
        further.put(partition, to);
        return new BackfillState(
                id,
                change.revision(),
                task.telling(why),
                further,
                counts,
                lastCommit,
                standing,
                change.owner(),
                change.at());
    }

    public BackfillState with(Standing changed, Change change) {
        return new BackfillState(
                id, change.revision(), task, next, counts, lastCommit, changed, change.owner(), change.at());
    }

    /** Who changes a state, and when. */
    public record Change(UUID revision, String owner, Instant at) {}
}
