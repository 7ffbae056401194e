package io.firn.ingest.sim;

import io.firn.catalog.commit.CommitOutcome;
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
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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
    private final WatchedAttempts commits;
    private final SimKafka kafka;
    private final List<IngestLoop> loops = new ArrayList<>();
    private final List<SimSource> sources = new ArrayList<>();
    private final Set<Integer> done = new java.util.TreeSet<>();
    private final SimClock clock;
    private final boolean crashesWhileWaiting;
    private boolean calm;
    private long frozenUntilMillis;
    private long nextCommitTurnMillis;

    /**
     * @param whenLanded runs when a commit of this process landed and the process does not know
     * @param onGap what it does about offsets that Kafka lost
     */
    SimProcess(
            Stage stage,
            SimKafka kafka,
            PipelineSettings.OnGap onGap,
            Random random,
            Set<String> missingSafeguards,
            Runnable whenLanded) {
        this.random = random;
        this.clock = stage.clock();
        this.kafka = kafka;
        this.crashesWhileWaiting = random.nextInt(3) == 0;
        PipelineSettings settings = new PipelineSettings(
                kafka.topic(),
                TopicSelection.named(List.of(kafka.topic())),
                1 + random.nextInt(2),
                Duration.ofMillis(400),
                10 + random.nextInt(30),
                1_000,
                Duration.ofSeconds(20),
                StartPosition.earliest(),
                onGap);
        SimTable table = stage.table();
        commits = new WatchedAttempts(
                UnsafeCommitters.without(table.open(), random, missingSafeguards), table, stage.coverage(), whenLanded);
        group = new CommitGroup(
                new CommitGroup.Plan(kafka.topic(), settings.commitInterval(), settings.heartbeatInterval()),
                commits,
                new TopicGuard(
                        topics -> Map.of(kafka.topic(), kafka.topicId()),
                        onGap == PipelineSettings.OnGap.RECORD
                                ? TopicGuard.Recreated.BEGIN_AGAIN
                                : TopicGuard.Recreated.FAIL),
                table.files()::delete,
                new Deaf(),
                clock,
                random);
        CommitWait wait = this::awaitCommit;
        IngestLoop.Shared shared = new IngestLoop.Shared(group, wait, new Counters(), clock);
        for (int worker = 0; worker < settings.workers(); worker++) {
            SimSource source = new SimSource(kafka, random);
            sources.add(source);
            loops.add(new IngestLoop(worker, settings, source, new SimWriter(table.files()), shared));
        }
    }

    /** What all processes of a run share. */
    record Stage(SimTable table, SimClock clock, Coverage coverage) {}

    SimKafka kafka() {
        return kafka;
    }

    /** Freezes in the middle of its next commit, for longer than its sessions last. */
    void freezeBeforeCommit(long millis) {
        commits.stallNext(() -> {
            freeze(millis);
            loseSessions();
        });
    }

    /** As when it is frozen for long, without the time that this takes. */
    void loseSessions() {
        sources.forEach(SimSource::loseSession);
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
