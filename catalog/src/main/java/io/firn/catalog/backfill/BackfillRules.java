package io.firn.catalog.backfill;

import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.ledger.OffsetRange;
import java.util.Map;
import java.util.regex.Pattern;

/** What holds for every backfill that Firn accepted, whatever became of it since. */
public final class BackfillRules {
    private static final Pattern BRANCH = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final String MAIN = "main";
    private static final int MAX_TEXT = 10_000;

    private BackfillRules() {}

    /** Returns whether a branch may have that name. */
    public static boolean isBranch(String name) {
        return BRANCH.matcher(name).matches() && !name.equals(MAIN);
    }

    /**
     * Requires that a request could have led to the state.
     *
     * @param key of the property that holds it
     * @throws IllegalArgumentException if none could
     */
    static void require(String key, BackfillState state) {
        BackfillTask task = state.task();
        require(key.equals(state.key()), "its id is " + state.id() + " and not that of its property");
        require(
                !task.pipeline().isBlank()
                        && !task.topic().isBlank()
                        && !task.topicId().isBlank(),
                "a name is empty");
        require(task.chunk() >= 1, "a chunk holds at least one offset");
        require(!task.spans().isEmpty(), "it has no span");
        require(state.next().keySet().equals(task.spans().keySet()), "next names other partitions than spans");
        for (Map.Entry<Integer, OffsetRange> each : task.spans().entrySet()) {
            OffsetRange span = each.getValue();
            long next = state.next().getOrDefault(each.getKey(), -1L);
            require(!span.isEmpty(), "the span " + span + " is empty");
            require(next >= span.start() && next <= span.end(), "next is outside of the span " + span);
        }
        boolean needsBranch =
                state.standing().phase() == Phase.READY || state.standing().phase() == Phase.PUBLISHING;
        require(!needsBranch || task.branch().isPresent(), "it is to be published and has no branch");
        require(
                task.branch()
                        .map(BackfillBranch::name)
                        .filter(name -> !isBranch(name))
                        .isEmpty(),
                "its branch is none");
        require(
                state.owner().length() <= MAX_TEXT && task.requestedBy().length() <= MAX_TEXT,
                "a text is longer than " + MAX_TEXT + " characters");
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }
}
