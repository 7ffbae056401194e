package io.firn.ingest.backfill;

import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillCounts;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.ingest.record.BatchWriter;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.SealedFiles;
import io.firn.ingest.record.SpanSource;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.NotFoundException;
import org.jspecify.annotations.Nullable;

/**
 * Works on one backfill of one table, chunk by chunk: read its records, write them, look up the rows that are there,
 * and commit all of it with the state that says so. The table's state is the fence: where another process, a person or
 * a rollback changed it, the chunk is dropped and the state read again. So nothing but time is lost to a crash.
 *
 * <p>Owns no thread and never waits longer than a poll: each {@link #turn} does one step. Not safe for use by several
 * threads. Where a turn throws, {@link #stop} is still to be called.
 */
public final class BackfillJob {
    /** A lease is renewed when this part of it is over. */
    private static final int RENEWALS_IN_A_LEASE = 3;

    private static final long FIRST_DELAY_MILLIS = 50;
    private static final long MILLIS_PER_SECOND = 1000;

    private final String id;
    private final Table table;
    private final Backfills states;
    private final ChunkReader reader;
    private final ChunkAttempts attempts;
    private final SpanSource source;
    private final BackfillSettings settings;
    private final Clock clock;
    private final RandomGenerator random;
    private @Nullable BackfillState state;
    private @Nullable Chunk chunk;
    private @Nullable Publication publication;
    private boolean ended;

    /**
     * @param table a handle of the job's own; refreshed
     * @param source of the backfill's topic; the caller closes it
     * @param writers a new writer for the table as it is then
     */
    public BackfillJob(
            String id,
            Table table,
            SpanSource source,
            Supplier<BatchWriter> writers,
            BackfillSettings settings,
            Clock clock,
            RandomGenerator random) {
        this.id = id;
        this.table = table;
        this.states = new Backfills(table, random, clock);
        this.reader = new ChunkReader(table, source, writers, settings);
        this.attempts = new ChunkAttempts(table, random, settings.chunkRecords(), settings.turn());
        this.source = source;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
    }

    /** @throws FirnException of kind external where it may go on later, else where it never can */
    public BackfillTurn turn() {
        if (ended) {
            return BackfillTurn.end("");
        }
        try {
            if (attempts.isPending()) {
                BackfillTurn turn = attempts.attempt();
                if (!attempts.isPending()) {
                    chunk = null;
                    publication = null;
                }
                return turn;
            }
            Publication published = publication;
            if (published != null) {
                return publish(published);
            }
            Chunk current = chunk;
            if (current == null) {
                return begin();
            }
            return current.isRead ? prepare(current) : read(current);
        } catch (IOException | NotFoundException failed) {
            // Expiry may take a file of the plan: whoever goes on plans with the table as it is then.
            throw unreadable(failed);
        } catch (OffsetGapException gap) {
            return skip(gap);
        }
    }

    /** Ends the work of this process on it; what took effect stays, and any process goes on from there. */
    public void stop() {
        drop();
        ended = true;
    }

    /** How often a commit met somebody else's, or nobody knows what became of it. */
    public long conflicts() {
        return attempts.conflicts();
    }

    /** Whether the next turn is an attempt at a commit. */
    boolean isPrepared() {
        return attempts.isPending();
    }

    /** Whether nobody else is at work on it. */
    public static boolean mayWorkOn(BackfillState state, BackfillSettings settings, Instant now) {
        return state.owner().isEmpty()
                || state.owner().equals(settings.owner())
                || settings.isGone().test(state.owner())
                || !now.isBefore(state.updatedAt().plus(settings.lease()));
    }

    private BackfillTurn end(String reason) {
        ended = true;
        return BackfillTurn.end(reason);
    }

    /** Looks at the state and begins a chunk of what it leaves to do. */
    private BackfillTurn begin() throws IOException {
        BackfillState now = states.find(id).orElse(null);
        if (now == null || !now.isRunning()) {
            return end(now == null ? "it is gone" : now.standing().phase().text());
        }
        if (!mayWorkOn(now, settings, clock.instant())) {
            return end(now.owner() + " works on it");
        }
        Snapshot head = Line.head(table, now);
        if (isRolledBack(now, head)) {
            Line.requireFewRestarts(table, now);
            return put(now, now.restarted(change()), "its chunks were rolled back");
        }
        if (!now.owner().equals(settings.owner())) {
            return put(now, now.with(now.standing(), change()), "taken over");
        }
        state = now;
        requireTopic(now);
        SortedMap<Integer, Long> upTo = Line.ledgerOf(table, now);
        if (now.standing().phase() == Phase.PUBLISHING) {
            publication = Publication.begin(
                    table, now, Objects.requireNonNull(table.currentSnapshot()), Objects.requireNonNull(head), newId());
            return BackfillTurn.AT_ONCE;
        }
        var spans = Chunk.next(now, upTo, Math.min(now.task().chunk(), attempts.mostOffsets()));
        if (spans.isEmpty()) {
            Phase end = now.task().branch().isPresent() ? Phase.READY : Phase.DONE;
            return put(now, now.with(new Standing(end, Optional.empty()), change()), end.text());
        }
        chunk = reader.begin(now, spans, newId(), clock.instant());
        return BackfillTurn.AT_ONCE;
    }

    private boolean isRolledBack(BackfillState now, @Nullable Snapshot head) {
        return now.lastCommit().isPresent()
                && !Line.holds(table, head, now.lastCommit().get());
    }

    private BackfillTurn publish(Publication current) throws IOException {
        if (!current.isRead()) {
            current.read();
            return renewed();
        }
        BackfillState now = state();
        BackfillState done =
                now.published(now.counts().onMain(current.added(), current.replaced()), current.id(), change());
        if (current.changesMain()) {
            attempts.propose(current.commit(now, done), 0);
            return BackfillTurn.AT_ONCE;
        }
        current.discard();
        publication = null;
        return states.finish(now, done.withLastCommit(now.lastCommit())) ? end("done") : BackfillTurn.AT_ONCE;
    }

    private BackfillTurn read(Chunk current) {
        reader.read(current);
        return renewed();
    }

    /** Where reading takes long, others must not think that nobody is at work. */
    private BackfillTurn renewed() {
        BackfillState now = state();
        Duration age = Duration.between(now.updatedAt(), clock.instant());
        if (age.compareTo(settings.lease().dividedBy(RENEWALS_IN_A_LEASE)) < 0) {
            return BackfillTurn.AT_ONCE;
        }
        BackfillState renewed = now.with(now.standing(), change());
        if (states.replace(now, renewed)) {
            state = renewed;
        } else {
            drop();
        }
        return BackfillTurn.AT_ONCE;
    }

    /** Closes the files, looks up the old rows and makes a commit of both. */
    private BackfillTurn prepare(Chunk current) throws IOException {
        BackfillState now = state();
        requireTopic(now);
        SealedFiles sealed = reader.seal();
        List<DataFile> files = sealed.files();
        Snapshot snapshot = current.lookedAt;
        RowDeletes deletes = new RowDeletes(table, current.id);
        long old = 0;
        if (now.task().mode() == BackfillMode.REPLACE) {
            if (states.find(id).filter(now::equals).isEmpty()) {
                drop();
                return BackfillTurn.AT_ONCE;
            }
            snapshot = Line.head(table, now);
            if (isRolledBack(now, snapshot)) {
                // The commit would stand on a line without the chunks before it, and nobody would miss them.
                drop();
                return BackfillTurn.AT_ONCE;
            }
            if (snapshot != null) {
                OldRows rows = new OldRows(current.written, deletes);
                new LiveRows(table, now.task().topic()).read(snapshot, current.done(), rows);
                old = rows.replaced();
                current.kept += rows.kept();
            }
        }
        BackfillState next = now.after(current.reached, counts(current, old), current.id, change());
        if (snapshot == null
                || files.isEmpty()
                        && deletes.dropped().isEmpty()
                        && deletes.added().isEmpty()) {
            // Nothing to make visible: only the state goes on, and what it says of the last chunk stays.
            chunk = null;
            return put(now, next.withLastCommit(now.lastCommit()), "");
        }
        attempts.propose(ChunkCommit.of(current, snapshot, sealed, deletes, now, next), offsets(current));
        return BackfillTurn.AT_ONCE;
    }

    private static long offsets(Chunk chunk) {
        return chunk.done().values().stream()
                .mapToLong(span -> span.end() - span.start())
                .sum();
    }

    private BackfillCounts counts(Chunk current, long old) {
        long millis =
                Math.max(1, Duration.between(current.began, clock.instant()).toMillis());
        return new BackfillCounts(
                0,
                current.records,
                current.added - old,
                old,
                current.kept,
                current.nulls,
                0,
                current.records * MILLIS_PER_SECOND / millis);
    }

    /** Removes what nothing can reference. */
    private void drop() {
        if (chunk != null && !attempts.isPending()) {
            reader.discard();
        }
        if (publication != null && !attempts.isPending()) {
            publication.discard();
        }
        attempts.drop();
        chunk = null;
        publication = null;
    }

    private BackfillTurn put(BackfillState from, BackfillState to, String why) {
        if (!states.replace(from, to)) {
            return BackfillTurn.after(FIRST_DELAY_MILLIS, "the backfill's state was changed by others");
        }
        return to.isRunning() ? BackfillTurn.AT_ONCE : end(why);
    }

    private BackfillTurn skip(OffsetGapException gap) {
        drop();
        BackfillState now = state();
        int partition = gap.partition().partition();
        OffsetRange left = now.left(partition);
        long to = Math.min(left.end(), Math.max(left.start(), gap.held().start()));
        if (gap.held().end() < left.end() && to == left.start()) {
            throw FirnException.user(
                    "log-truncated",
                    "Kafka's log ends before offsets that the table has rows of",
                    gap.partition() + ", offsets " + left + ", Kafka holds " + gap.held(),
                    "find out what became of them; their rows are kept as they are");
        }
        String told = "partition " + partition + ": Kafka no longer holds offsets " + new OffsetRange(left.start(), to)
                + ", their rows are kept as they are";
        return put(now, now.skipped(partition, to, told, change()), "");
    }

    private void requireTopic(BackfillState now) {
        BackfillRequests.requireSameTopic(
                now.task().topic(),
                now.task().topicId(),
                source.topicIds(Set.of(now.task().topic())));
    }

    private BackfillState state() {
        return Objects.requireNonNull(state, "no state was read");
    }

    private Change change() {
        return new Change(newId(), settings.owner(), clock.instant());
    }

    private UUID newId() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    private FirnException unreadable(Exception failed) {
        return FirnException.external(
                "table-unreadable",
                "the table's rows cannot be read: " + failed.getMessage(),
                table.name(),
                "",
                failed);
    }
}
