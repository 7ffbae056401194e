package io.firn.catalog.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.commit.BranchChange;
import io.firn.catalog.commit.PropertyCommitter;
import io.firn.catalog.commit.PropertySwap;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;

/** The backfills of one table, by whoever reads and changes them. Not safe for use by several threads. */
public final class Backfills {
    /** Enough to look up what was done lately, few enough for metadata that is read at every commit. */
    private static final int KEPT = 20;

    /** At once, one after the other: no other work waits here, and somebody else won each time. */
    private static final int MOST_ATTEMPTS = 10;

    private final Table table;
    private final PropertyCommitter committer;
    private final RandomGenerator random;
    private final Clock clock;

    /** @param table a handle of its own; refreshed */
    public Backfills(Table table, RandomGenerator random, Clock clock) {
        this.table = table;
        this.committer = new PropertyCommitter(table, random);
        this.random = random;
        this.clock = clock;
    }

    /**
     * Returns those that can be read, as this table object has them, the one that was asked for last first; does not
     * refresh.
     */
    public static List<BackfillState> read(Table table) {
        return known(table).states();
    }

    /** Returns all that this table object tells of; does not refresh. */
    public static KnownBackfills known(Table table) {
        return KnownBackfills.of(table.properties(), table.name());
    }

    /** Returns those that can be read, as the table has them now. */
    public List<BackfillState> all() {
        table.refresh();
        return read(table);
    }

    /** As the table has it now. */
    public Optional<BackfillState> find(String id) {
        table.refresh();
        return Optional.ofNullable(table.properties().get(BackfillState.KEY_PREFIX + id))
                .map(text -> BackfillCodec.read(BackfillState.KEY_PREFIX + id, text, table.name()));
    }

    /**
     * Takes a backfill on, to be run by whoever comes first; those that ended long ago go.
     *
     * @throws FirnException {@code table-busy} where others change the table all the time; {@code branch-exists}
     */
    public BackfillState accept(BackfillTask task) {
        return accept(Long.toHexString(random.nextLong() | 1L << 60), task);
    }

    /**
     * As {@link #accept(BackfillTask)}, under an ID of the caller's choice: once only, however often it is asked for.
     *
     * @param id not used for anything else
     */
    public BackfillState accept(String id, BackfillTask task) {
        return accept(BackfillState.accepted(id, newId(), task));
    }

    /**
     * As {@link #accept(String, BackfillTask)}, of a backfill that is done from the beginning: it reads nothing, and
     * the merge takes in once more what is staged of its spans.
     */
    public BackfillState acceptDone(String id, BackfillTask task) {
        BackfillState begun = BackfillState.accepted(id, newId(), task);
        TreeMap<Integer, Long> ends = new TreeMap<>();
        task.spans().forEach((partition, span) -> ends.put(partition, span.end()));
        Change change = new Change(newId(), "", clock.instant());
        return accept(begun.after(ends, BackfillCounts.NONE, newId(), change)
                .withLastCommit(Optional.empty())
                .with(new Standing(Phase.DONE, Optional.empty()), change));
    }

    private BackfillState accept(BackfillState state) {
        Optional<BackfillState> accepted = find(state.id());
        if (accepted.isPresent()) {
            return accepted.get();
        }
        BackfillTask task = state.task();
        Set<String> old = new HashSet<>();
        all().stream()
                .filter(BackfillState::isOver)
                .sorted(Comparator.comparing(BackfillState::updatedAt).reversed())
                .skip(KEPT - 1)
                .forEach(each -> old.add(each.key()));
        PropertySwap swap = PropertySwap.of(state.key(), Optional.empty(), Optional.of(BackfillCodec.write(state)));
        BranchChange branch = task.branch()
                .map(begun -> BranchChange.create(begun.name(), begun.base()))
                .orElse(BranchChange.NONE);
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            if (committer.attempt(swap, old, branch) == PropertyCommitter.Outcome.COMMITTED) {
                return state;
            }
        }
        throw busy();
    }

    /**
     * Puts another state in place of one.
     *
     * @return whether it did; not where the table has another state by now, or the catalog did not answer
     */
    public boolean replace(BackfillState from, BackfillState to) {
        return replace(from, to, BranchChange.NONE);
    }

    private boolean replace(BackfillState from, BackfillState to, BranchChange branch) {
        PropertySwap swap = swap(from, to);
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            switch (committer.attempt(swap, Set.of(), branch)) {
                case COMMITTED -> {
                    return true;
                }
                case CHANGED -> {
                    return false;
                }
                case UNDECIDED -> {}
            }
        }
        return false;
    }

    /**
     * Ends a backfill before it is done; chunks that took effect on main stay, its branch goes.
     *
     * @throws FirnException {@code backfill-unknown}; {@code backfill-over} where it has ended by itself
     */
    public BackfillState cancel(String id, String by) {
        return change(id, state -> {
            if (state.standing().phase() == Phase.CANCELLED) {
                return state;
            }
            if (state.isOver()) {
                throw over(state);
            }
            return state.with(
                    new Standing(Phase.CANCELLED, leftBehind(state)), new Change(newId(), by, clock.instant()));
        });
    }

    /**
     * Asks for what is on the branch to be brought to main, by whoever comes first. Asked again it changes nothing.
     *
     * @throws FirnException {@code backfill-unknown}; {@code backfill-without-branch}; {@code backfill-unfinished};
     *     {@code backfill-over}
     */
    public BackfillState publish(String id) {
        return change(id, state -> {
            if (state.task().branch().isEmpty()) {
                throw FirnException.user(
                        "backfill-without-branch",
                        "the backfill is on no branch: its chunks take effect as they are committed",
                        "backfill " + id,
                        "there is nothing to publish");
            }
            return switch (state.standing().phase()) {
                case RUNNING ->
                    throw FirnException.user(
                            "backfill-unfinished",
                            "the backfill has " + (state.task().total() - state.done()) + " offsets to go",
                            "backfill " + id,
                            "publish it when it is ready");
                case READY ->
                    state.with(
                            new Standing(Phase.PUBLISHING, Optional.empty()), new Change(newId(), "", clock.instant()));
                case PUBLISHING, DONE -> state;
                case CANCELLED, FAILED -> throw over(state);
            };
        });
    }

    /** Ends one of which its branch has nothing that main needs; the branch goes with it. */
    public boolean finish(BackfillState from, BackfillState to) {
        return replace(from, to, branchAfter(from, to));
    }

    private static FirnException over(BackfillState state) {
        return FirnException.user(
                "backfill-over",
                "the backfill is " + state.standing().phase().text() + " already",
                "backfill " + state.id(),
                state.standing().phase() == Phase.FAILED ? "drop it, and begin another" : "what it committed stays");
    }

    /** The branch as this table object has it; empty where there is none of that name. */
    private Optional<Snapshot> head(BackfillState state) {
        return state.task()
                .branch()
                .map(branch -> table.refs().get(branch.name()))
                .map(ref -> table.snapshot(ref.snapshotId()));
    }

    /** What others committed there is not for us to drop. */
    private Optional<String> leftBehind(BackfillState state) {
        return head(state)
                .filter(head -> !state.isHead(head))
                .map(head -> "the branch holds what others wrote and stays");
    }

    private BranchChange branchAfter(BackfillState from, BackfillState to) {
        if (!to.isOver()) {
            return BranchChange.NONE;
        }
        String name = from.task().branch().map(BackfillBranch::name).orElse("");
        return head(from)
                .filter(from::isHead)
                .map(head -> BranchChange.drop(name, head.snapshotId()))
                .orElse(BranchChange.NONE);
    }

    /** The backfill goes on no more, and says why. */
    public BackfillState fail(String id, String error) {
        return change(
                id,
                state -> state.isRunning()
                        ? state.with(
                                new Standing(Phase.FAILED, Optional.of(error)),
                                new Change(newId(), state.owner(), clock.instant()))
                        : state);
    }

    private BackfillState change(String id, UnaryOperator<BackfillState> changed) {
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            BackfillState state = find(id).orElseThrow(() -> unknown(id));
            BackfillState next = changed.apply(state);
            if (next.equals(state) || replace(state, next, branchAfter(state, next))) {
                return next;
            }
        }
        throw busy();
    }

    /** From one state to another. */
    public static PropertySwap swap(BackfillState from, BackfillState to) {
        return PropertySwap.of(
                from.key(), Optional.of(BackfillCodec.write(from)), Optional.of(BackfillCodec.write(to)));
    }

    public static FirnException unknown(String id) {
        return FirnException.user(
                "backfill-unknown", "there is no such backfill", "backfill " + id, "see the list of backfills");
    }

    private FirnException busy() {
        return new FirnException(
                "table-busy",
                FirnException.Kind.EXTERNAL,
                "the table could not be changed in " + MOST_ATTEMPTS + " attempts",
                "table " + table.name(),
                "try again",
                null);
    }

    private UUID newId() {
        return new UUID(random.nextLong(), random.nextLong());
    }
}
