package io.firn.ingest.sim;

import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.UnsafeCommitters;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.Counters;
import io.firn.ingest.IngestLoop;
import io.firn.ingest.PipelineSettings;
import io.firn.ingest.PipelineSettings.OnGap;
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
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;

/** One process of the fleet: real loops and a real group, turned by the simulation. Thrown away when it crashes. */
final class SimProcess {
    private static final long COMMIT_INTERVAL_MILLIS = 200;
    private static final long LONGEST_SLEEP_MILLIS = 100;

    /** One turn in so many is met by a turn of another thread. */
    private static final int OTHERS_MEANWHILE = 6;

    /** A safeguard of the writers. */
    static final String REBINDING = "REBINDING";

    /** What all processes of a run share. */
    record Stage(SimTable table, SimClock clock, Coverage coverage, Set<String> missingSafeguards) {}

    /** What a person configures. */
    record Configured(OnGap onGap, MissingLedger missingLedger) {}

    private final RandomGenerator random;
    private final SimClock clock;
    private final SimTable table;
    private final SimKafka kafka;
    private final String name;
    private final Coverage coverage;
    private final Set<String> missingSafeguards;
    private final Lifeline lifeline = new Lifeline();
    private final CommitGroup group;
    private final WatchedAttempts commits;
    private final List<IngestLoop> loops = new ArrayList<>();
    private final List<SimSource> sources = new ArrayList<>();
    private final Set<Integer> done = new TreeSet<>();
    private final Set<Integer> busy = new TreeSet<>();
    private long frozenUntilMillis;
    private long nextCommitTurnMillis;

    /** @param whenLanded runs when a commit of this process landed and the process does not know */
    SimProcess(Stage stage, SimKafka kafka, Configured configured, Random random, Runnable whenLanded) {
        this.random = random;
        this.clock = stage.clock();
        this.table = stage.table();
        this.kafka = kafka;
        this.coverage = stage.coverage();
        this.name = kafka.pipeline();
        LedgerClaim claim = new LedgerClaim(kafka.earlierName(), new TreeSet<>());
        this.missingSafeguards = stage.missingSafeguards();
        PipelineSettings settings = new PipelineSettings(
                name,
                TopicSelection.named(List.of(kafka.topic())),
                1 + random.nextInt(2),
                Duration.ofMillis(COMMIT_INTERVAL_MILLIS),
                10 + random.nextInt(30),
                1_000,
                Duration.ofSeconds(20),
                StartPosition.earliest(),
                configured.onGap(),
                claim);
        commits = new WatchedAttempts(
                UnsafeCommitters.without(table.open(), random, configured.missingLedger(), stage.missingSafeguards()),
                stage,
                lifeline,
                whenLanded);
        group = new CommitGroup(
                new CommitGroup.Plan(name, settings.commitInterval(), settings.heartbeatInterval(), claim),
                commits,
                new TopicGuard(
                        this::topicIds,
                        configured.onGap() == OnGap.RECORD
                                ? TopicGuard.Recreated.BEGIN_AGAIN
                                : TopicGuard.Recreated.FAIL),
                this::remove,
                new Deaf(),
                clock,
                random);
        group.countFrom(Integer.MAX_VALUE - 3L);
        IngestLoop.Shared shared = new IngestLoop.Shared(group, this::awaitCommit, new Counters(), clock);
        for (int worker = 0; worker < settings.workers(); worker++) {
            SimSource source = new SimSource(kafka, random, lifeline, this::otherThreads);
            sources.add(source);
            loops.add(new IngestLoop(worker, settings, source, writer(), shared));
        }
    }

    /** Of its pipeline, as it was configured when the process started. */
    String pipeline() {
        return name;
    }

    /** Without rebinding it goes on for the columns that there were when it was made. */
    private SimWriter writer() {
        Table first = commits.latest();
        boolean follows = !missingSafeguards.contains(REBINDING);
        return new SimWriter(table.files(), lifeline, follows ? commits::latest : () -> first);
    }

    SimKafka kafka() {
        return kafka;
    }

    private Map<String, String> topicIds(Set<String> topics) {
        lifeline.pass(Lifeline.Step.IDENTIFY);
        kafka.ask();
        return Map.of(kafka.topic(), kafka.topicId());
    }

    private void remove(List<DataFile> unused) {
        lifeline.pass(Lifeline.Step.REMOVE);
        coverage.count("files of dropped work are removed");
        table.files().delete(unused);
    }

    /** Dies before it takes this step once more. */
    void dieAt(Lifeline.Step step) {
        lifeline.cutAt(step);
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

    /** Awake, and not to die any more. */
    void calm() {
        lifeline.mend();
        frozenUntilMillis = 0;
    }

    void requestStop() {
        loops.forEach(IngestLoop::requestStop);
    }

    boolean ended() {
        return done.size() == loops.size();
    }

    boolean droppedAtEnd() {
        return loops.stream().anyMatch(IngestLoop::droppedAtEnd);
    }

    /** One turn of one of its threads. */
    void step() {
        int who = random.nextInt(loops.size() + 1);
        if (who == loops.size()) {
            turnCommits();
        } else {
            turnWorker(who);
        }
    }

    private void turnCommits() {
        if (clock.millis() >= nextCommitTurnMillis) {
            nextCommitTurnMillis = clock.millis() + Math.min(LONGEST_SLEEP_MILLIS, group.turn());
        }
    }

    private void turnWorker(int who) {
        if (done.contains(who) || !busy.add(who)) {
            return;
        }
        try {
            if (loops.get(who).turn() == IngestLoop.Turn.DONE) {
                done.add(who);
                loops.get(who).close();
            }
        } finally {
            busy.remove(who);
        }
    }

    /** What the threads of a process do while one of them is in the middle of a turn. */
    private void otherThreads() {
        while (random.nextInt(OTHERS_MEANWHILE) == 0) {
            clock.advance(random.nextInt((int) COMMIT_INTERVAL_MILLIS));
            step();
        }
    }

    private boolean awaitCommit(BooleanSupplier decided, Duration timeAllowed) {
        long deadline = clock.millis() + timeAllowed.toMillis();
        while (!decided.getAsBoolean()) {
            if (clock.millis() >= deadline) {
                return false;
            }
            long delay = group.turn();
            clock.advance(Math.max(1, Math.min(delay, LONGEST_SLEEP_MILLIS)));
        }
        return true;
    }

    private static final class Deaf implements CommitListener {
        @Override
        public void committed(CommitOutcome.Committed outcome, Map<SourcePartition, Long> rows) {}

        @Override
        public void fenced(CommitOutcome.Fenced outcome) {}

        @Override
        public void schemaChanged(CommitOutcome.SchemaChanged outcome) {}
    }
}
