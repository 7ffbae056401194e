package io.firn.ingest;

import io.firn.catalog.FailureText;
import io.firn.catalog.FirnException;
import io.firn.catalog.RefusalPatience;
import io.firn.catalog.StoreFailures;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.Contribution;
import io.firn.ingest.record.BadRecordException;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.LargeRecords;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.Outage;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.SealedFiles;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The story of one worker: take what is assigned to where the ledger says, read, write, seal when it is time, and let
 * the group commit while it reads on. Owns no thread: a driver calls {@link #turn} until it is done, the simulation
 * too.
 *
 * <p>All that is not committed can be dropped at any moment, because the ledger says where to begin again. So whatever
 * is in doubt (a fenced commit, a store that is away, partitions that were lost) ends in the same way: a new epoch of
 * the group, nothing written kept, positions from the ledger.
 */
public final class IngestLoop implements RecordSource.AssignmentListener, RecordSource.RecordConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(IngestLoop.class);

    /** What the driver should do next. */
    public enum Turn {
        /** Call again at once. */
        AGAIN,
        /** Nothing to do but wait for a commit or an answer; call again soon. */
        WAIT,
        /** The worker has ended; all it consumed was committed or dropped. */
        DONE
    }

    /** Long enough to let the client wait for data, short enough to notice a tick. */
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);

    /** A worker that may not read waits for its tick only, which comes as soon as the commit before it is through. */
    private static final Duration PAUSED_POLL_TIMEOUT = Duration.ofMillis(10);

    /** First and longest wait before work is begun again after the store or Kafka failed. */
    private static final long RETRY_MILLIS = 1_000;

    private static final long MAX_RETRY_MILLIS = 10_000;

    /** How long a step may take before it is shown as an outage: those of Kafka and store show within 10 s. */
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    /** How long a failed pipeline tries to commit what came before the failure. */
    private static final long LAST_COMMIT_MILLIS = 30_000;

    private final int worker;
    private final PipelineSettings settings;
    private final RecordSource source;
    private final BatchWriter writer;
    private final CommitGroup group;
    private final CommitWait commitWait;
    private final Counters counters;
    private final Clock clock;
    private final Assignment assignment;
    private final Outage outage;
    private final PipelineHealth health;
    private final RefusalPatience refusals;

    private @Nullable Track current;
    private @Nullable FirnException suspect;
    private @Nullable FirnException failure;
    private long tableAsked;
    private long epoch;
    private long tick;
    private long lastTicket;
    private long lastCommitDeadline;
    private long notBeforeMillis;
    private long retryMillis = RETRY_MILLIS;
    private boolean topicsChecked;
    private boolean reading;
    private boolean paused;
    private boolean ending;
    private volatile boolean stopRequested;
    private volatile boolean pauseRequested;
    private volatile long bufferedBytes;
    private volatile int openFiles;
    private volatile boolean droppedAtEnd;

    /** @param parts what the worker shares with the others of its process */
    public IngestLoop(int worker, PipelineSettings settings, RecordSource source, BatchWriter writer, Shared parts) {
        this.worker = worker;
        this.settings = settings;
        this.source = source;
        this.writer = writer;
        this.group = parts.group();
        this.commitWait = parts.commitWait();
        this.counters = parts.counters();
        this.clock = parts.clock();
        this.epoch = group.epoch();
        this.tick = group.tick();
        this.assignment = new Assignment(settings, source, group, counters);
        this.health = parts.health();
        this.refusals = new RefusalPatience(clock);
        this.outage = new Outage(
                "pipeline " + settings.pipeline() + ", worker " + worker,
                LOG::warn,
                health.outageOf("worker " + worker));
        group.join(worker);
    }

    /** What the workers of a process share. */
    public record Shared(
            CommitGroup group, CommitWait commitWait, Counters counters, Clock clock, PipelineHealth health) {
        /** For workers whose health nobody looks at. */
        public Shared(CommitGroup group, CommitWait commitWait, Counters counters, Clock clock) {
            this(group, commitWait, counters, clock, PipelineHealth.unwatched());
        }
    }

    /**
     * One step of the story.
     *
     * @throws FirnException when the pipeline has to stop; what came before the failure is committed by then if
     *     possible
     */
    public Turn turn() {
        if (ending) {
            return end();
        }
        if (stopRequested) {
            return beginEnd();
        }
        if (suspect != null) {
            return judge(suspect);
        }
        if (clock.millis() < notBeforeMillis) {
            return Turn.WAIT;
        }
        try {
            followEpoch();
            checkTopics();
            reportCommitted();
            assignment.position(epoch);
            limitIntake();
            read();
            sealAtTick();
            recovered();
            return Turn.AGAIN;
        } catch (OffsetGapException gap) {
            return skipLost(gap);
        } catch (RuntimeException trouble) {
            return after(trouble);
        }
    }

    /** Rows are written as they are read: a store that does not answer holds up this call, too. */
    private void read() {
        try (PipelineHealth.Call call = watched("reading from Kafka and writing rows")) {
            source.poll(paused && !pauseRequested ? PAUSED_POLL_TIMEOUT : POLL_TIMEOUT, this, this);
        }
    }

    private PipelineHealth.Call watched(String what) {
        return health.begin("worker " + worker, what, PATIENCE);
    }

    private void sealAtTick() {
        long due = group.tick();
        if (due == tick) {
            return;
        }
        long ticket = group.offer(worker, sealed(positions(), Ends.ASKED));
        if (ticket == CommitGroup.REFUSED) {
            // The epoch ended in the middle of this turn. The tick may have come after that: it still waits.
            return;
        }
        tick = due;
        lastTicket = ticket;
    }

    /** Whether to read on or to wait with that; what was read is committed in any case. For any thread. */
    public void requestPause(boolean wanted) {
        pauseRequested = wanted;
    }

    /** Stops reading, commits, ends: {@link #turn} says when. For any thread. */
    public void requestStop() {
        stopRequested = true;
        source.wakeUp();
    }

    /** Heap that open files hold; for any thread. */
    public long bufferedBytes() {
        return bufferedBytes;
    }

    /** Data files being written, as of the last turn. */
    public int openFiles() {
        return openFiles;
    }

    /**
     * Whether the worker ended without what it had consumed last, because the store took no files or Kafka did not
     * answer; for any thread. What others have taken over is theirs.
     */
    public boolean droppedAtEnd() {
        return droppedAtEnd;
    }

    /** Drops everything and leaves the consumer group. */
    public void close() {
        group.leave(worker);
        try {
            writer.discard();
        } finally {
            source.close();
        }
    }

    @Override
    public void assigned(Set<SourcePartition> partitions) {
        LOG.info("pipeline {}, worker {}: assigned {}", settings.pipeline(), worker, partitions);
        assignment.add(partitions);
    }

    @Override
    public void revoking(Set<SourcePartition> partitions, Duration timeAllowed) {
        LOG.info("pipeline {}, worker {}: revoked {}", settings.pipeline(), worker, partitions);
        try {
            if (group.epoch() == epoch && partitions.stream().anyMatch(held -> assignment.track(held) != null)) {
                commitBefore(timeAllowed);
            }
        } catch (RuntimeException trouble) {
            // Thrown into the client it would only come back wrapped; the partitions go in any case.
            warn("dropping what was not committed", trouble);
            group.reset();
            // Not only at the next turn: this poll may deliver more, and a writer that has failed takes nothing.
            followEpoch();
        } finally {
            current = null;
            assignment.remove(partitions);
        }
    }

    private void commitBefore(Duration timeAllowed) {
        long ticket = group.offerUrgently(worker, sealed(positions(), Ends.NOT_ASKED));
        if (!commitWait.await(() -> group.decided(ticket), timeAllowed)) {
            LOG.warn("pipeline {}, worker {}: no commit within {}; dropping", settings.pipeline(), worker, timeAllowed);
            group.reset();
        }
    }

    @Override
    public void lost(Set<SourcePartition> partitions) {
        LOG.warn("pipeline {}, worker {}: lost {}; dropping uncommitted work", settings.pipeline(), worker, partitions);
        current = null;
        assignment.remove(partitions);
        group.reset();
    }

    @Override
    public void record(
            SourcePartition partition,
            long offset,
            long timestampMillis,
            byte[] bytes,
            int start,
            int length,
            @Nullable ByteBuffer key) {
        Track track = trackOf(partition);
        if (track == null) {
            return;
        }
        track.counters().countDelivered();
        try {
            if (writer.write(partition, offset, timestampMillis, bytes, start, length, key)
                    == BatchWriter.Written.ROW) {
                track.row(offset, timestampMillis);
            } else {
                track.nullValue(offset, timestampMillis);
            }
        } catch (BadRecordException bad) {
            throw FirnException.data(
                    "bad-record",
                    "record cannot become a row: " + bad.getMessage(),
                    partition + "-" + offset + (bad.byteOffset() < 0 ? "" : ", byte " + bad.byteOffset()),
                    "correct the producer or the schema, then start again: the pipeline goes on at this record");
        } catch (OutOfMemoryError none) {
            if (!LargeRecords.isLarge(length)) {
                throw none;
            }
            // The row may have been written in part: nothing that this epoch wrote is committed.
            group.reset();
            throw LargeRecords.failure(partition, offset, none);
        }
    }

    private @Nullable Track trackOf(SourcePartition partition) {
        Track last = current;
        if (last == null || !last.partition().equals(partition)) {
            last = assignment.track(partition);
            current = last;
            if (!reading) {
                reading = true;
                LOG.info("pipeline {}, worker {}: reading, {} to begin with", settings.pipeline(), worker, partition);
            }
        }
        return last;
    }

    private void reportCommitted() {
        Map<SourcePartition, Long> next = group.takeCommitted(worker);
        assignment.committed(next);
        source.reportCommitted(next);
    }

    private void followEpoch() {
        if (group.epoch() != epoch) {
            // Not the tick: a batch that was opened since then waits for this worker, if only for an empty
            // contribution.
            epoch = group.epoch();
            current = null;
            writer.discard();
            assignment.startOver();
        }
    }

    /** A topic that does not exist is told at the start; one that goes away later may come back. */
    private void checkTopics() {
        if (!topicsChecked) {
            source.partitions();
            topicsChecked = true;
        }
    }

    private void limitIntake() {
        bufferedBytes = writer.bufferedBytes();
        openFiles = writer.openFiles();
        boolean full = bufferedBytes >= settings.memoryBytes() / settings.workers()
                || writer.fileBytes() >= settings.targetFileBytes();
        if (full) {
            group.requestTick();
        }
        boolean hold = full || pauseRequested;
        if (hold && !paused) {
            source.pauseAll();
        } else if (!hold && paused) {
            source.resumeAll();
        }
        paused = hold;
    }

    private enum Ends {
        ASKED,
        NOT_ASKED
    }

    private Map<SourcePartition, Long> positions() {
        return source.positions();
    }

    /** Everything since the last seal; afterwards the tracks follow on from it. */
    private Contribution sealed(Map<SourcePartition, Long> positions, Ends ends) {
        // Kafka is asked first: what is sealed belongs to nobody until it is offered.
        long askedMillis = clock.millis();
        Map<SourcePartition, OffsetRange> bounds =
                ends == Ends.ASKED ? source.bounds(assignment.partitions()) : Map.of();
        SealedFiles files;
        try (PipelineHealth.Call call = watched("writing data files to the store")) {
            files = writer.seal();
        }
        SortedMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        Map<SourcePartition, Long> rows = new HashMap<>();
        for (Track track : assignment.tracks()) {
            SourcePartition partition = track.partition();
            long end = Math.max(track.next(), positions.getOrDefault(partition, track.next()));
            OffsetRange held = bounds.get(partition);
            if (held != null) {
                counters.of(partition).sawEnd(held.end());
            }
            rows.put(partition, track.rows());
            steps.put(partition, track.seal(end, held != null && end >= held.end() ? askedMillis : null));
        }
        return new Contribution(epoch, files, steps, rows);
    }

    private Turn skipLost(OffsetGapException gap) {
        try {
            // A step holds a gap before its range and none inside: what came before the gap is sealed on its own.
            lastTicket = group.offer(worker, sealed(positions(), Ends.NOT_ASKED));
            current = null;
            assignment.skipLost(gap);
            return Turn.AGAIN;
        } catch (RuntimeException trouble) {
            return after(trouble);
        }
    }

    private Turn after(RuntimeException trouble) {
        // Before anything has worked, a refusal is most likely a wrong configuration.
        if (StoreFailures.mayRecover(trouble) || (topicsChecked && refusals.bears(trouble))) {
            outage.met(FailureText.of(trouble));
            LOG.debug("worker {} begins again", worker, trouble);
            group.reset();
            notBeforeMillis = clock.millis() + retryMillis;
            retryMillis = Math.min(MAX_RETRY_MILLIS, 2 * retryMillis);
            return Turn.WAIT;
        }
        if (trouble instanceof FirnException && ((FirnException) trouble).code().equals("bad-record")) {
            suspect = (FirnException) trouble;
            tableAsked = group.askLedger();
            return Turn.AGAIN;
        }
        if (trouble instanceof FirnException && ((FirnException) trouble).code().equals(LargeRecords.CODE)) {
            failure = (FirnException) trouble;
            beginLastCommit(Map.of());
            return Turn.AGAIN;
        }
        throw trouble;
    }

    /** A record is bad only if the table as it is now cannot take it: others may have widened a column meanwhile. */
    private Turn judge(FirnException bad) {
        if (group.epoch() != epoch) {
            // All of it was dropped, and is read again.
            suspect = null;
            return Turn.AGAIN;
        }
        if (group.ledgerSince(tableAsked).isEmpty()) {
            return Turn.WAIT;
        }
        suspect = null;
        if (writer.isOutdated()) {
            LOG.info(
                    "pipeline {}, worker {}: the table was changed since; reading again: {}",
                    settings.pipeline(),
                    worker,
                    bad.getMessage());
            group.reset();
            return Turn.AGAIN;
        }
        failure = bad;
        // Delivery broke off in the middle of a poll: only what was written counts, not where the client stands.
        beginLastCommit(Map.of());
        return Turn.AGAIN;
    }

    /** Where the threads stood is of use only where nobody knows the failure. */
    private void warn(String what, RuntimeException trouble) {
        if (StoreFailures.mayRecover(trouble)) {
            String why = FailureText.of(trouble);
            LOG.warn("pipeline {}, worker {}: {}: {}", settings.pipeline(), worker, what, why);
        } else {
            LOG.warn("pipeline {}, worker {}: {}", settings.pipeline(), worker, what, trouble);
        }
    }

    private void recovered() {
        retryMillis = RETRY_MILLIS;
        // Reading on proves nothing about the store; that the table has what was dropped does.
        if (assignment.hasCaughtUp()) {
            outage.over();
            refusals.over();
        }
    }

    private Turn beginEnd() {
        // After a record that was refused the client stands behind what was written.
        beginLastCommit(suspect == null ? positions() : Map.of());
        return Turn.AGAIN;
    }

    private void beginLastCommit(Map<SourcePartition, Long> positions) {
        ending = true;
        lastCommitDeadline = clock.millis() + LAST_COMMIT_MILLIS;
        try {
            if (group.epoch() == epoch) {
                lastTicket = group.offerUrgently(worker, sealed(positions, Ends.NOT_ASKED));
            }
        } catch (RuntimeException trouble) {
            if (failure == null && !StoreFailures.mayRecover(trouble)) {
                throw trouble;
            }
            // What cannot be sealed is consumed again at the next start; what was sealed before is still committed.
            droppedAtEnd = true;
            warn("ends without what it consumed last, which cannot be written", trouble);
        } finally {
            group.leave(worker);
        }
    }

    private Turn end() {
        boolean decided = group.decided(lastTicket);
        if (!decided && (failure == null || clock.millis() < lastCommitDeadline)) {
            return Turn.WAIT;
        }
        if (failure != null) {
            throw failure;
        }
        reportCommitted();
        if (!assignment.owesNothing() && !group.droppedForOthers()) {
            droppedAtEnd = true;
        }
        return Turn.DONE;
    }
}
