package io.firn.deploy.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * One fault of a plan.
 *
 * @param victim whose process or network it is, 0 or 1
 * @param both whether a network's fault strikes both processes
 * @param joined whether to wait until the victim has partitions
 * @param atCommit whether it comes around the next commit, else after a while
 * @param waitMillis before it, from the last commit or from now
 * @param lengthMillis how long it stays
 * @param strength between 0 and 1: how late, how narrow
 */
record Strike(
        FaultKind kind,
        int victim,
        boolean both,
        boolean joined,
        boolean atCommit,
        long waitMillis,
        long lengthMillis,
        double strength) {
    private static final int COMMIT_INTERVAL_MILLIS = 1000;

    /**
     * So many strikes; every kind comes in turn, in an order that is drawn anew each time. The seed fixes all of it.
     */
    static List<Strike> plan(long seed, int rounds, List<FaultKind> kinds) {
        Random random = new Random(seed);
        List<Strike> plan = new ArrayList<>();
        List<FaultKind> deck = new ArrayList<>();
        while (plan.size() < rounds) {
            if (deck.isEmpty()) {
                deck.addAll(kinds);
                Collections.shuffle(deck, random);
            }
            plan.add(draw(deck.remove(deck.size() - 1), random));
        }
        return plan;
    }

    /** As above, and they come two by two at the same time, one for each process. */
    static List<List<Strike>> pairs(long seed, int rounds, List<FaultKind> kinds) {
        List<List<Strike>> pairs = new ArrayList<>();
        List<Strike> all = plan(seed, rounds, kinds);
        for (int i = 0; i < all.size(); i += 2) {
            List<Strike> pair = new ArrayList<>();
            for (Strike each : all.subList(i, Math.min(i + 2, all.size()))) {
                pair.add(each.on(pair.size()));
            }
            pairs.add(List.copyOf(pair));
        }
        return pairs;
    }

    private Strike on(int process) {
        return new Strike(kind, process, false, joined, atCommit, waitMillis, lengthMillis, strength);
    }

    private static Strike draw(FaultKind kind, Random random) {
        boolean atCommit = random.nextBoolean();
        long wait = atCommit ? COMMIT_INTERVAL_MILLIS - 350L + random.nextInt(400) : random.nextInt(1500);
        boolean longer = random.nextInt(4) == 0;
        return new Strike(
                kind,
                random.nextInt(2),
                random.nextInt(3) == 0,
                random.nextInt(4) > 0,
                atCommit,
                wait,
                longer ? 3_000L + random.nextInt(5_000) : 500L + random.nextInt(1_500),
                random.nextDouble());
    }
}
