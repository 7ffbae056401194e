package io.firn.catalog.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.commit.PropertyCommitter;
import io.firn.catalog.commit.PropertySwap;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
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

    /** As this table object has them, the one that was asked for last first; does not refresh. */
    public static List<BackfillState> read(Table table) {
        List<BackfillState> found = new ArrayList<>();
        table.properties().forEach((key, value) -> {
            if (key.startsWith(BackfillState.KEY_PREFIX)) {
                found.add(BackfillCodec.read(value, "table " + table.name() + ", property " + key));
            }
        });
        found.sort(Comparator.comparing((BackfillState state) -> state.task().requestedAt())
                .reversed()
                .thenComparing(BackfillState::id));
        return found;
    }

    /** As the table has them now. */
    public List<BackfillState> all() {
        table.refresh();
        return read(table);
    }

    /** As the table has it now. */
    public Optional<BackfillState> find(String id) {
        table.refresh();
        return Optional.ofNullable(table.properties().get(BackfillState.KEY_PREFIX + id))
                .map(text -> BackfillCodec.read(text, "table " + table.name()));
    }

    /**
     * Takes a backfill on, to be run by whoever comes first; those that ended long ago go.
     *
     * @throws FirnException {@code table-busy} where others change the table all the time
     */
    public BackfillState accept(BackfillTask task) {
        String id = Long.toHexString(random.nextLong() | 1L << 60);
        BackfillState state = BackfillState.accepted(id, newId(), task);
        Set<String> old = new HashSet<>();
        all().stream()
                .filter(each -> !each.isRunning())
                .sorted(Comparator.comparing(BackfillState::updatedAt).reversed())
                .skip(KEPT - 1)
                .forEach(each -> old.add(each.key()));
        PropertySwap swap = PropertySwap.of(state.key(), Optional.empty(), Optional.of(BackfillCodec.write(state)));
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            if (committer.attempt(swap, old) == PropertyCommitter.Outcome.COMMITTED) {
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
        PropertySwap swap = swap(from, to);
        for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
            switch (committer.attempt(swap, Set.of())) {
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
     * Ends a backfill before it is done; chunks that took effect stay.
     *
     * @throws FirnException {@code backfill-unknown}; {@code backfill-over} where it has ended by itself
     */
    public BackfillState cancel(String id, String by) {
        return change(id, state -> {
            if (state.standing().phase() == Phase.CANCELLED) {
                return state;
            }
            if (!state.isRunning()) {
                throw FirnException.user(
                        "backfill-over",
                        "the backfill is " + state.standing().phase().text() + " already",
                        "backfill " + id,
                        "what it committed stays");
            }
            return state.with(
                    new Standing(Phase.CANCELLED, Optional.empty()), new Change(newId(), by, clock.instant()));
        });
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
            if (next.equals(state) || replace(state, next)) {
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
