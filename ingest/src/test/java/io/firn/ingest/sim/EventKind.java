package io.firn.ingest.sim;

import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** What may happen between the steps of the processes. */
enum EventKind {
    PRODUCE(26),
    TIME_PASSES(6),
    START(8),
    STOP(3),
    DEATH(3),
    DEATH_AT_A_STEP(6),
    FREEZE(5),
    FREEZE_BEFORE_COMMIT(6),
    FAULT(16),
    OTHERS(16),
    DDL(8),
    KAFKA(5),
    RENAME(2);

    private final int weight;

    EventKind(int weight) {
        this.weight = weight;
    }

    /**
     * What one run prefers. Each leaves some kinds out and does others more often: what needs three expiries in a row
     * is never seen where everything happens all the time.
     */
    static final class Mix {
        private final Map<EventKind, Integer> weights = new EnumMap<>(EventKind.class);
        private int sum;

        Mix(RandomGenerator random) {
            for (EventKind kind : values()) {
                int weight = kind.weight * random.nextInt(4);
                weights.put(kind, weight);
                sum += weight;
            }
            if (sum == 0) {
                weights.put(PRODUCE, 1);
                sum = 1;
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
