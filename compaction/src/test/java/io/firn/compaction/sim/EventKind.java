package io.firn.compaction.sim;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** What may happen between the turns of what is under way. */
enum EventKind {
    PRODUCE(20),
    PARTITION(1),
    CREATE_AGAIN(1),
    INGEST(6),
    MERGE(14),
    REWRITE(5),
    MANIFESTS(2),
    EXPIRE(4),
    RETENTION(6),
    ORPHANS(2),
    KILL(3),
    KILL_AT_A_CALL(6),
    FAIL_A_CALL(4),
    STOP(2),
    COMMIT_FAULT(8),
    DELIVER_LATE(4),
    OPTIMIZE(4),
    DELETE_ROWS(5),
    FOREIGN_EXPIRE(3),
    ROLL_BACK(6),
    REPLAY(3),
    PROPERTY(1),
    FORGET(1),
    DELETE_STAGED(8),
    ROLL_BACK_DELETES(3),
    CREATE_TABLE_AGAIN(3),
    RESTORE(4),
    REPAIR(3);

    /** What takes away rows that are still to be merged or known deletes, and what mends it. */
    static final Set<EventKind> HARM = Set.of(DELETE_STAGED, ROLL_BACK_DELETES, CREATE_TABLE_AGAIN, RESTORE, REPAIR);

    private final int weight;

    EventKind(int weight) {
        this.weight = weight;
    }

    /**
     * What one run prefers: what needs three of a kind in a row is never seen where everything happens all the time.
     */
    static final class Mix {
        private final Map<EventKind, Integer> weights = new EnumMap<>(EventKind.class);
        private int sum;

        /** @param left out of the run */
        Mix(RandomGenerator random, Set<EventKind> left) {
            for (EventKind kind : values()) {
                if (left.contains(kind)) {
                    continue;
                }
                int least = kind == PRODUCE || kind == MERGE ? 1 : 0;
                int weight = kind.weight * (least + random.nextInt(4));
                weights.put(kind, weight);
                sum += weight;
            }
        }

        EventKind next(RandomGenerator random) {
            int dice = random.nextInt(sum);
            for (Map.Entry<EventKind, Integer> each : weights.entrySet()) {
                dice -= each.getValue();
                if (dice < 0) {
                    return each.getKey();
                }
            }
            return PRODUCE;
        }
    }
}
