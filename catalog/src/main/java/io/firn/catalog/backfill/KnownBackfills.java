package io.firn.catalog.backfill;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The backfills that a table's properties tell of. Whoever can alter the table can write anything there, so a property
 * that cannot be read, or that no request could have led to, is set aside and named; the others count.
 *
 * @param states the one that was asked for last first
 * @param unreadable those that were set aside
 */
public record KnownBackfills(List<BackfillState> states, List<Unreadable> unreadable) {
    public KnownBackfills {
        states = List.copyOf(states);
        unreadable = List.copyOf(unreadable);
    }

    /**
     * A property that is no state of a backfill.
     *
     * @param property its key
     * @param problem what is wrong with it, for a person
     */
    public record Unreadable(String property, String problem) {}

    /**
     * Reads the properties.
     *
     * @param table for the problems
     */
    public static KnownBackfills of(Map<String, String> properties, String table) {
        List<BackfillState> states = new ArrayList<>();
        List<Unreadable> unreadable = new ArrayList<>();
        properties.forEach((key, value) -> {
            if (key.startsWith(BackfillState.KEY_PREFIX)) {
                try {
                    states.add(BackfillCodec.read(key, value, table));
                } catch (FirnException problem) {
                    unreadable.add(new Unreadable(key, problem.what()));
                }
            }
        });
        states.sort(Comparator.comparing((BackfillState state) -> state.task().requestedAt())
                .reversed()
                .thenComparing(BackfillState::id));
        unreadable.sort(Comparator.comparing(Unreadable::property));
        return new KnownBackfills(states, unreadable);
    }
}
