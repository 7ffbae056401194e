package io.firn.ingest.sim;

import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.InMemoryFiles;
import io.firn.catalog.commit.UnsafeCommitters;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.CommitWait;
import io.firn.ingest.Counters;
import io.firn.ingest.IngestLoop;
import io.firn.ingest.PipelineSettings;
import io.firn.ingest.StartPosition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.CommitListener;
import io.firn.ingest.commit.TopicGuard;
import io.firn.ingest.record.TopicSelection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** One process of the fleet: real loops and a real group, turned by the simulation. Thrown away when it crashes. */
final class SimProcess {
    /** The process died where it stood. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Crash() {
            super("crash", null, false, false);
        }
    }

    private final RandomGenerator random;
    private final CommitGroup group;
    private final List<IngestLoop> loops = new ArrayList<>();
    private final Set<Integer> done = new java.util.TreeSet<>();
    private final SimClock clock;
    private final boolean crashesWhileWaiting;
    private boolean calm;
    private long frozenUntilMillis;
    private long nextCommitTurnMillis;

    SimProcess(
            SimKafka kafka,
            SimTable table,
            SimClock clock,
            Random random,
            LongSupplier names,
            Set<String> missingSafeguards) {
        this.random = random;
        this.clock = clock;
        this.crashesWhileWaiting = random.nextInt(3) == 0;
        PipelineSettings settings = new PipelineSettings(
                SimTable.PIPELINE,
                TopicSelection.named(List.of(SimKafka.TOPIC)),
                1 + random.nextInt(2),
                Duration.ofSeconds(1),
                12,
                1_000,
                Duration.ofSeconds(20),
                StartPosition.earliest(),
                PipelineSettings.OnGap.STOP);
        InMemoryFiles store = table.store();
        CommitAttempts commits = UnsafeCommitters.without(table.open(), random, missingSafeguards);
        group = new CommitGroup(
                new CommitGroup.Plan(SimTable.PIPELINE, settings.commitInterval(), settings.heartbeatInterval()),
                commits,
                new TopicGuard(names2 -> ids(kafka), TopicGuard.Recreated.FAIL),
                files -> files.forEach(file -> store.deleteFile(file.location())),
                new Deaf(),
                clock,
                random);
        CommitWait wait = this::awaitCommit;
        IngestLoop.Shared shared = new IngestLoop.Shared(group, wait, new Counters(), clock);
        for (int worker = 0; worker < settings.workers(); worker++) {
            loops.add(new IngestLoop(
                    worker, settings, new SimSource(kafka, random), new SimWriter(store, names), shared));
        }
    }

    private static Map<String, String> ids(SimKafka kafka) {
        Map<String, String> ids = new HashMap<>();
        kafka.partitions().forEach(partition -> ids.put(partition.topic(), partition.topicId()));
        return ids;
    }

    boolean frozen() {
        return clock.millis() < frozenUntilMillis;
    }

    void freeze(long millis) {
        frozenUntilMillis = clock.millis() + millis;
    }

    /** No more crashes of its own, awake. */
    void calm() {
        calm = true;
        frozenUntilMillis = 0;
    }

    void requestStop() {
        loops.forEach(IngestLoop::requestStop);
    }

    boolean ended() {
        return done.size() == loops.size();
    }

    /** One turn of one of its threads. */
    void step() {
        int who = random.nextInt(loops.size() + 1);
        if (who == loops.size()) {
            if (clock.millis() >= nextCommitTurnMillis) {
                nextCommitTurnMillis = clock.millis() + Math.min(200, group.turn());
            }
        } else if (!done.contains(who) && loops.get(who).turn() == IngestLoop.Turn.DONE) {
            done.add(who);
            loops.get(who).close();
        }
    }

    private boolean awaitCommit(java.util.function.BooleanSupplier decided, Duration timeAllowed) {
        long deadline = clock.millis() + timeAllowed.toMillis();
        while (!decided.getAsBoolean()) {
            if (clock.millis() >= deadline) {
                return false;
            }
            if (crashesWhileWaiting && !calm && random.nextInt(10) == 0) {
                throw new Crash();
            }
            long delay = group.turn();
            clock.advance(Math.max(1, Math.min(delay, 100)));
        }
        return true;
    }

    private static final class Deaf implements CommitListener {
        @Override
        public void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows) {}

        @Override
        public void fenced(CommitOutcome.Fenced outcome) {}
    }
}
