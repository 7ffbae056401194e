package io.firn.ingest.commit;

import io.firn.catalog.FirnException;
import io.firn.catalog.RefusalPatience;
import io.firn.catalog.commit.CommitAttempts;
import io.firn.catalog.commit.CommitOutcome;
import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.Outage;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.iceberg.DataFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups the work of a process's workers into one commit of their table at each tick. Owns no thread and never waits:
 * {@link #turn} is called by one thread and makes at most one attempt; everything else is the workers' side, safe for
 * use by any thread and quick.
 *
 * <p>One commit is in flight at most. What is sealed meanwhile waits, and follows on: so when a commit is fenced, or
 * work is dropped for another reason, all that waits goes with it and the <em>epoch</em> goes up. A worker that sees a
 * new epoch drops its open files and begins again from the ledger. The ledger is read only while nothing is in flight,
 * so that nobody goes on from a position that a commit of this process is about to move.
 */
public final class CommitGroup {
    /** The ticket of work that was not taken; as decided as any. */
    public static final long REFUSED = 0;

    private static final Logger LOG = LoggerFactory.getLogger(CommitGroup.class);

    /** A worker that is busy for this long when a tick comes does not hold up the others; it joins the next commit. */
    private static final long GRACE_MILLIS = 5_000;

    /** Longest wait between two attempts that are refused. */
    private static final long MAX_REFUSED_MILLIS = 10_000;

    /** Between two questions to a catalog or a broker that does not answer. */
    private static final long RETRY_MILLIS = 1_000;

    /**
     * How many times as long as the commit itself took, without the wait for its turn among those of this process, the
     * table is left to others before the next one. Only what is read and swapped in between two commits of others gets
     * through: a process that is three times slower still does, also where all are slower than their interval.
     */
    private static final int ROOM_FOR_OTHERS = 3;

    /** Whatever it took. */
    private static final long MOST_ROOM_MILLIS = 10_000;

    /** Conflicts are daily business: only what goes on for longer is told. */
    private static final int QUIET_ATTEMPTS = 4;

    /**
     * What does not change while the group lives.
     *
     * @param interval between two ticks
     * @param heartbeat after so long without a commit a tick commits even where no partition moved
     * @param claim what the pipeline's name has to do with others in the ledger
     */
    public record Plan(String pipeline, Duration interval, Duration heartbeat, LedgerClaim claim) {
        /** For a pipeline that always had its name and reads its topics alone. */
        public Plan(String pipeline, Duration interval, Duration heartbeat) {
            this(pipeline, interval, heartbeat, LedgerClaim.NONE);
        }
    }

    private final Plan plan;
    private final CommitAttempts commits;
    private final TopicGuard topics;
    private final UnusedFiles unused;
    private final CommitListener listener;
    private final Clock clock;
    private final RandomGenerator random;
    private final Outage catalog;
    private final RefusalPatience refusals;

    private final Set<Integer> workers = new TreeSet<>();
    private final Deque<Batch> waiting = new ArrayDeque<>();
    private final List<DataFile> dropped = new ArrayList<>();
    private final SortedMap<SourcePartition, PartitionStep> starts = new TreeMap<>();
    private final Map<Integer, Map<SourcePartition, Long>> committed = new HashMap<>();
    private long epoch;
    private long tick;
    private boolean tickRequested;
    private boolean moveRequested;
    private boolean droppedForOthers;
    private long nextTickMillis;
    private long lastCommitMillis;
    private long batches;
    private int refused;
    private long ledgerAsked;
    private long ledgerServed;
    private long notBeforeMillis;
    private @Nullable Ledger ledger;
    private @Nullable InFlight inFlight;

    private static final class InFlight {
        private final Batch batch;
        private final TableCommit commit;
        private final long epoch;
        private boolean confirmed;
        private int attempts;

        InFlight(Batch batch, TableCommit commit, long epoch) {
            this.batch = batch;
            this.commit = commit;
            this.epoch = epoch;
        }
    }

    public CommitGroup(
            Plan plan,
            CommitAttempts commits,
            TopicGuard topics,
            UnusedFiles unused,
            CommitListener listener,
            Clock clock,
            RandomGenerator random) {
        this.plan = plan;
        this.commits = commits;
        this.topics = topics;
        this.unused = unused;
        this.listener = listener;
        this.clock = clock;
        this.random = random;
        this.catalog = new Outage("pipeline " + plan.pipeline() + ", catalog", LOG::warn, listener);
        this.refusals = new RefusalPatience(clock);
        this.nextTickMillis = clock.millis() + plan.interval().toMillis();
        this.lastCommitMillis = clock.millis();
    }

    /**
     * Counts epochs, ticks, batches and looks at the ledger from here on instead of from 0. For tests that show that a
     * process that has run for years works like a new one.
     *
     * @throws IllegalStateException if a worker has joined
     */
    public synchronized void countFrom(long first) {
        if (!workers.isEmpty()) {
            throw new IllegalStateException("the group has begun");
        }
        epoch = first;
        tick = first;
        batches = first;
        ledgerAsked = first;
        ledgerServed = first;
    }

    /** A tick waits for this worker from now on. */
    public synchronized void join(int worker) {
        workers.add(worker);
    }

    /** No tick waits for this worker any more; what it handed over is still committed. */
    public synchronized void leave(int worker) {
        workers.remove(worker);
    }

    /** Goes up whenever uncommitted work was dropped; work of an earlier epoch is refused. */
    public synchronized long epoch() {
        return epoch;
    }

    /** Goes up when it is time to seal. */
    public synchronized long tick() {
        return tick;
    }

    /** Asks for a tick before the interval is over; comes when what was sealed last is in flight. */
    public synchronized void requestTick() {
        tickRequested = true;
    }

    /**
     * Takes over what a worker sealed, its files included.
     *
     * @return a ticket for {@link #decided}, or {@link #REFUSED} where the work belongs to an epoch that is over
     */
    public synchronized long offer(int worker, Contribution contribution) {
        if (contribution.epoch() != epoch) {
            dropped.addAll(contribution.files());
            return REFUSED;
        }
        Batch last = waiting.peekLast();
        if (last == null || last.holds(worker)) {
            last = opened();
        }
        if (last.overlaps(contribution)) {
            // Two workers consumed one partition: it was taken from one of them, who does not know yet. The fence
            // cannot tell them apart within one commit.
            LOG.info("pipeline {}: a partition moved between workers; dropping uncommitted work", plan.pipeline());
            dropped.addAll(contribution.files());
            reset();
            return REFUSED;
        }
        last.add(worker, contribution);
        return last.number();
    }

    /** As {@link #offer}, and the commit waits for no other worker. */
    public synchronized long offerUrgently(int worker, Contribution contribution) {
        long ticket = offer(worker, contribution);
        waiting.stream().filter(batch -> batch.number() <= ticket).forEach(Batch::hurry);
        return ticket;
    }

    /** Whether what the ticket stands for was committed or dropped. */
    public synchronized boolean decided(long ticket) {
        return waiting.stream().noneMatch(batch -> batch.number() == ticket)
                && (inFlight == null || inFlight.batch.number() != ticket);
    }

    /** Asks for the ledger as the table has it after this moment; see {@link #ledgerSince}. */
    public synchronized long askLedger() {
        return ++ledgerAsked;
    }

    /** The ledger, once it was read after the question was asked. */
    public synchronized Optional<Ledger> ledgerSince(long asked) {
        return ledgerServed >= asked ? Optional.ofNullable(ledger) : Optional.empty();
    }

    /**
     * Has start positions written down before the ledger is read again; refused in another epoch.
     *
     * @param known the ledger in which they were found missing
     */
    public synchronized void writeStarts(long inEpoch, Ledger known, Map<SourcePartition, Long> offsets) {
        if (inEpoch == epoch) {
            offsets.forEach((partition, offset) -> starts.putIfAbsent(
                    partition, PartitionStep.start(offset, known.topicId(plan.pipeline(), partition.topic()))));
        }
    }

    /** Has the ledger moved from the pipeline's earlier name before it is read again; refused in another epoch. */
    public synchronized void moveLedger(long inEpoch) {
        moveRequested |= inEpoch == epoch;
    }

    /** Where the worker's partitions go on according to the table, if that changed since the last call. */
    public synchronized Map<SourcePartition, Long> takeCommitted(int worker) {
        Map<SourcePartition, Long> next = committed.remove(worker);
        return next == null ? Map.of() : next;
    }

    /** Drops everything that is not in flight and begins a new epoch. */
    public synchronized void reset() {
        epoch++;
        droppedForOthers = false;
        waiting.forEach(batch -> dropped.addAll(batch.files()));
        waiting.clear();
        starts.clear();
        moveRequested = false;
    }

    /** Whether work was dropped last because the table had moved on without it: others go on from there. */
    public synchronized boolean droppedForOthers() {
        return droppedForOthers;
    }

    /**
     * Does what is due, one foreign call at the most.
     *
     * @return milliseconds after which there may be something to do again; 0 for at once
     * @throws FirnException when the pipeline cannot go on
     */
    public long turn() {
        try {
            return step();
        } catch (FirnException failure) {
            if (!refusals.bears(failure)) {
                throw failure;
            }
            catalog.met(String.valueOf(failure.getMessage()));
            refused++;
            holdOff(Math.min(RETRY_MILLIS << Math.min(refused - 1, 10), MAX_REFUSED_MILLIS));
            return untilNextMillis();
        }
    }

    private long step() {
        removeDropped();
        InFlight next;
        synchronized (this) {
            long now = clock.millis();
            if (now < notBeforeMillis) {
                return notBeforeMillis - now;
            }
            openTick(now);
            if (inFlight == null) {
                inFlight = nextCommit(now);
            }
            next = inFlight;
        }
        if (next != null) {
            attempt(next);
            return untilNextMillis();
        }
        readLedger();
        return untilNextMillis();
    }

    private synchronized long untilNextMillis() {
        long now = clock.millis();
        if (now < notBeforeMillis) {
            return notBeforeMillis - now;
        }
        if (inFlight != null || ledgerAsked > ledgerServed || !starts.isEmpty() || moveRequested) {
            return 0;
        }
        return Math.max(1, nextTickMillis - now);
    }

    private void removeDropped() {
        List<DataFile> files;
        synchronized (this) {
            files = List.copyOf(dropped);
            dropped.clear();
        }
        if (!files.isEmpty()) {
            unused.remove(files);
        }
    }

    private void openTick(long now) {
        if (waiting.isEmpty() && (tickRequested || now >= nextTickMillis)) {
            tick++;
            tickRequested = false;
            nextTickMillis = now + plan.interval().toMillis();
            opened();
        }
    }

    private Batch opened() {
        Batch batch = new Batch(++batches, clock.millis());
        waiting.add(batch);
        return batch;
    }

    private @Nullable InFlight nextCommit(long now) {
        if (moveRequested) {
            moveRequested = false;
            Batch none = new Batch(++batches, now);
            return new InFlight(none, none.move(nextId(), plan), epoch);
        }
        if (!starts.isEmpty()) {
            Batch first = new Batch(++batches, now);
            first.addStarts(starts);
            starts.clear();
            return begun(first);
        }
        if (ledgerAsked > ledgerServed) {
            return null;
        }
        Batch head = waiting.peek();
        if (head != null && head.ignored(now, GRACE_MILLIS)) {
            // Nobody took it up: it must not stand in the way of the next tick.
            waiting.remove();
            return null;
        }
        if (head == null || !head.ready(workers, now, GRACE_MILLIS)) {
            return null;
        }
        waiting.remove();
        boolean heartbeatDue = now - lastCommitMillis >= plan.heartbeat().toMillis();
        return head.moves() || (heartbeatDue && head.hasSteps()) ? begun(head) : null;
    }

    private InFlight begun(Batch batch) {
        return new InFlight(batch, batch.commit(nextId(), plan), epoch);
    }

    private UUID nextId() {
        return new UUID(
                (random.nextLong() & 0xffffffffffff0fffL) | 0x4000L,
                (random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L);
    }

    private void attempt(InFlight current) {
        if (!current.confirmed) {
            switch (topics.confirm(current.commit.steps().keySet())) {
                case SAME -> current.confirmed = true;
                case UNKNOWN -> {
                    holdOff(RETRY_MILLIS);
                    return;
                }
                case RECREATED -> {
                    abandon(current);
                    return;
                }
            }
        }
        long begunMillis = clock.millis();
        CommitOutcome outcome = commits.attempt(current.commit);
        allowed();
        current.attempts++;
        outcome.fold(
                done -> {
                    committed(current, done, clock.millis() - begunMillis - commits.waitedMillis());
                    return true;
                },
                refused -> {
                    fenced(current, refused);
                    return true;
                },
                outdated -> {
                    schemaChanged(current, outdated);
                    return true;
                },
                undecided -> {
                    if (current.attempts >= QUIET_ATTEMPTS) {
                        catalog.met(undecided.reason());
                    }
                    holdOff(undecided.delayMillis());
                    return true;
                });
    }

    private void committed(InFlight current, CommitOutcome.Committed done, long tookMillis) {
        catalog.over();
        synchronized (this) {
            inFlight = null;
            lastCommitMillis = clock.millis();
            long room = Math.min(ROOM_FOR_OTHERS * tookMillis, MOST_ROOM_MILLIS);
            nextTickMillis = Math.max(nextTickMillis, lastCommitMillis + room);
            current.batch.nextByWorker().forEach((worker, next) -> committed.put(worker, next));
        }
        listener.committed(done, current.batch.rows());
    }

    private void fenced(InFlight current, CommitOutcome.Fenced refused) {
        catalog.over();
        LOG.info(
                "pipeline {}: the table has moved on for {}; dropping uncommitted work and reading the ledger again",
                plan.pipeline(),
                refused.partitions());
        synchronized (this) {
            inFlight = null;
            if (current.epoch == epoch) {
                reset();
                droppedForOthers = true;
            }
        }
        listener.fenced(refused);
    }

    private void schemaChanged(InFlight current, CommitOutcome.SchemaChanged refused) {
        catalog.over();
        LOG.info(
                "pipeline {}: the table was changed: {}; reading again what is not committed",
                plan.pipeline(),
                refused.reason());
        synchronized (this) {
            inFlight = null;
            if (current.epoch == epoch) {
                reset();
            }
        }
        listener.schemaChanged(refused);
    }

    private synchronized void abandon(InFlight current) {
        inFlight = null;
        dropped.addAll(current.batch.files());
        reset();
    }

    private void readLedger() {
        long asked;
        synchronized (this) {
            if (ledgerAsked == ledgerServed) {
                return;
            }
            asked = ledgerAsked;
        }
        try {
            Ledger read = commits.refreshedLedger();
            allowed();
            catalog.over();
            synchronized (this) {
                ledger = read;
                ledgerServed = asked;
            }
        } catch (FirnException failure) {
            if (failure.kind() != FirnException.Kind.EXTERNAL) {
                throw failure;
            }
            catalog.met(String.valueOf(failure.getMessage()));
            holdOff(RETRY_MILLIS);
        }
    }

    private void allowed() {
        refusals.over();
        refused = 0;
    }

    private synchronized void holdOff(long millis) {
        notBeforeMillis = clock.millis() + millis;
    }
}
