package io.firn.deploy.backfill;

import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a process has seen of its tables' backfills, whoever works on them. For any thread. */
public final class BackfillFigures {
    /** So long what is over is still shown: a weekend's failure is in the log, and in the list. */
    private static final Duration SHOWN = Duration.ofDays(1);

    private final Map<String, Map<String, Seen>> tables = new TreeMap<>();
    private final Map<String, Long> conflicts = new HashMap<>();

    /**
     * A backfill as it was when its table was looked at last.
     *
     * @param progressed when more of it was done than before, as far as this process knows
     */
    public record Seen(String table, BackfillState state, Instant progressed) {}

    /** Takes what a table holds now. */
    public synchronized void saw(String table, List<BackfillState> states, Instant now) {
        Map<String, Seen> known = tables.computeIfAbsent(table, name -> new TreeMap<>());
        Set<String> gone = new HashSet<>(known.keySet());
        for (BackfillState state : states) {
            boolean waits = state.standing().phase() == Phase.READY;
            if (state.isRunning() || waits || state.updatedAt().plus(SHOWN).isAfter(now)) {
                known.merge(
                        state.id(), new Seen(table, state, state.updatedAt()), (old, seen) -> further(old, seen, now));
                gone.remove(state.id());
            }
        }
        known.keySet().removeAll(gone);
    }

    /** Leases are renewed while nothing goes on, so a change of the state alone is no progress. */
    private static Seen further(Seen old, Seen seen, Instant now) {
        boolean isFurther = seen.state().done() > old.state().done()
                || seen.state().standing().phase() != old.state().standing().phase();
        return new Seen(seen.table(), seen.state(), isFurther ? now : old.progressed());
    }

    /** So often commits of a pipeline's backfills by this process met somebody else's. */
    public synchronized void conflicts(String pipeline, long more) {
        conflicts.merge(pipeline, more, Long::sum);
    }

    /** All that go on, and those that ended lately. */
    public synchronized List<Seen> all() {
        List<Seen> all = new ArrayList<>();
        tables.values().forEach(each -> all.addAll(each.values()));
        return all;
    }

    /** By pipeline; those that never had one are missing. */
    public synchronized Map<String, Long> conflicts() {
        return Map.copyOf(conflicts);
    }
}
