package io.firn.deploy.watch;

import io.firn.catalog.ledger.SourcePartition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Finds partitions of one pipeline that this process does not read, of which Kafka has more than the table's ledger,
 * and whose ledger does not move. The member that holds such a partition is paused or does not work, or it is a service
 * whose table is a copy of this one (same UUID, therefore the same consumer group) and that writes to the copy. The
 * offset that the member has reported to its group tells the two apart: Firn reports an offset only after the table has
 * everything below it. Not thread-safe.
 */
final class StalledPartitions {
    /** Longer than what a ledger or an offset may be older than the other, see {@link LagWatch}. */
    private static final Duration REPORTED_FOR = Duration.ofSeconds(30);

    /** Partitions that one line names per member. */
    private static final int MAX_NAMED = 5;

    /**
     * What is known of a partition now.
     *
     * @param committed the next offset according to the ledger; empty if the ledger does not have the partition
     * @param end Kafka's end
     * @param holder the member of the group that holds it; empty if there is none
     * @param reported the offset that the group's members have reported to Kafka; empty if there is none
     */
    record Observation(
            SourcePartition partition,
            OptionalLong committed,
            long end,
            Optional<GroupMember> holder,
            OptionalLong reported) {
        boolean isBehind() {
            return end > committed.orElse(0);
        }

        boolean isReportedAboveLedger() {
            return holder.isPresent() && reported.isPresent() && reported.getAsLong() > committed.orElse(0);
        }
    }

    /**
     * Why the pipeline is not well.
     *
     * @param isWrittenElsewhere whether a member provably writes to another table
     * @param text one line
     */
    record Finding(boolean isWrittenElsewhere, String text) {}

    /** @param since when the ledger began to stand still while Kafka has more */
    private record Stall(OptionalLong committed, Instant since, Optional<Instant> reportedAboveSince) {}

    private record Stalled(Observation seen, Duration age, boolean isWrittenElsewhere) {}

    private final Duration patience;
    private final Duration rollbackPatience;
    private final Map<SourcePartition, Stall> stalls = new HashMap<>();

    /**
     * @param patience how long a ledger may stand still while Kafka has more
     * @param rollbackPatience added after the ledger has gone back, since members of an idle pipeline notice it late
     */
    StalledPartitions(Duration patience, Duration rollbackPatience) {
        this.patience = patience;
        this.rollbackPatience = rollbackPatience;
    }

    /**
     * Takes in what is known now and returns what is wrong.
     *
     * @param partitions those that other processes hold, or none; the time of a partition that is missing begins anew
     */
    Optional<Finding> observe(Instant now, Collection<Observation> partitions) {
        Map<SourcePartition, Stall> before = new HashMap<>(stalls);
        stalls.clear();
        List<Stalled> stalled = new ArrayList<>();
        for (Observation seen : partitions) {
            if (!seen.isBehind()) {
                stalls.put(seen.partition(), new Stall(seen.committed(), now, Optional.empty()));
                continue;
            }
            Stall stall = stall(now, seen, Optional.ofNullable(before.get(seen.partition())));
            stalls.put(seen.partition(), stall);
            Duration age = Duration.between(stall.since(), now);
            if (age.compareTo(patience) >= 0) {
                boolean isWrittenElsewhere = stall.reportedAboveSince()
                        .filter(since -> !since.plus(REPORTED_FOR).isAfter(now))
                        .isPresent();
                stalled.add(new Stalled(seen, age, isWrittenElsewhere));
            }
        }
        return finding(stalled);
    }

    private Stall stall(Instant now, Observation seen, Optional<Stall> before) {
        Optional<Instant> above = seen.isReportedAboveLedger()
                ? before.flatMap(Stall::reportedAboveSince).or(() -> Optional.of(now))
                : Optional.empty();
        if (before.isEmpty()) {
            return new Stall(seen.committed(), now, above);
        }
        long was = before.get().committed().orElse(-1);
        long is = seen.committed().orElse(-1);
        if (is == was) {
            return new Stall(seen.committed(), before.get().since(), above);
        }
        return new Stall(seen.committed(), is < was ? now.plus(rollbackPatience) : now, above.map(since -> now));
    }

    private static Optional<Finding> finding(List<Stalled> stalled) {
        if (stalled.isEmpty()) {
            return Optional.empty();
        }
        Map<String, List<Stalled>> groups = new TreeMap<>();
        for (Stalled each : stalled) {
            String member = each.seen().holder().map(GroupMember::toString).orElse("");
            groups.computeIfAbsent((each.isWrittenElsewhere() ? "0" : "1") + member, key -> new ArrayList<>())
                    .add(each);
        }
        List<String> texts = new ArrayList<>();
        groups.values().forEach(group -> texts.add(text(group)));
        return Optional.of(
                new Finding(stalled.stream().anyMatch(Stalled::isWrittenElsewhere), String.join("; ", texts)));
    }

    private static String text(List<Stalled> group) {
        List<Stalled> sorted = group.stream()
                .sorted((a, b) -> a.seen().partition().compareTo(b.seen().partition()))
                .toList();
        StringBuilder text = new StringBuilder();
        sorted.stream().limit(MAX_NAMED).forEach(each -> text.append(text.isEmpty() ? "" : ", ")
                .append(progress(each)));
        if (sorted.size() > MAX_NAMED) {
            text.append(" and ").append(sorted.size() - MAX_NAMED).append(" more partitions");
        }
        Optional<GroupMember> holder = sorted.get(0).seen().holder();
        if (holder.isEmpty()) {
            return text
                    + ". No member of the consumer group holds them: look whether all processes of the pipeline work";
        }
        if (sorted.get(0).isWrittenElsewhere()) {
            return text + ". " + holder.get() + " holds them and has reported higher offsets, so it writes to another"
                    + " table that has the same UUID, as a copy or a restored table in another catalog has: stop that"
                    + " service and let it write to a table that is created, not copied";
        }
        return text + ". " + holder.get()
                + " holds them: look whether it is paused, does not work, or is a service whose"
                + " table is a copy of this one";
    }

    private static String progress(Stalled stalled) {
        Observation seen = stalled.seen();
        OptionalLong committed = seen.committed();
        return LagWatch.name(seen.partition()) + " has not moved for "
                + stalled.age().toSeconds() + " s: the ledger "
                + (committed.isPresent() ? "is at " + committed.getAsLong() : "does not have it") + ", Kafka's end is "
                + seen.end();
    }
}
