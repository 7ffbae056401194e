package io.firn.ingest;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.commit.CommitGroup;
import io.firn.ingest.commit.TopicGuard;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of one worker, and how each gets its position: from the ledger and from nowhere else. What the ledger
 * does not hold yet is written down there first and read back.
 */
final class Assignment {
    private static final Logger LOG = LoggerFactory.getLogger(Assignment.class);

    private final PipelineSettings settings;
    private final RecordSource source;
    private final CommitGroup group;
    private final Counters counters;
    private final Map<SourcePartition, Track> tracks = new HashMap<>();
    private final SortedMap<SourcePartition, Track> ordered = new TreeMap<>();
    private final Set<SourcePartition> unpositioned = new TreeSet<>();

    /** How far partitions were consumed before that was dropped; until the table gets there. */
    private final Map<SourcePartition, Long> owed = new HashMap<>();

    private long asked;

    Assignment(PipelineSettings settings, RecordSource source, CommitGroup group, Counters counters) {
        this.settings = settings;
        this.source = source;
        this.group = group;
        this.counters = counters;
    }

    /** The track of a partition whose position is known. */
    @Nullable
    Track track(SourcePartition partition) {
        return tracks.get(partition);
    }

    /** The tracks by partition, ascending. */
    Collection<Track> tracks() {
        return ordered.values();
    }

    Set<SourcePartition> partitions() {
        Set<SourcePartition> all = new TreeSet<>(unpositioned);
        all.addAll(ordered.keySet());
        return all;
    }

    void add(Set<SourcePartition> partitions) {
        unpositioned.addAll(partitions);
        asked = group.askLedger();
    }

    void remove(Set<SourcePartition> partitions) {
        // By name, as Kafka assigns: a topic may have been created again since it was assigned.
        unpositioned.removeIf(held -> partitions.stream()
                .anyMatch(gone -> gone.topic().equals(held.topic()) && gone.partition() == held.partition()));
        partitions.forEach(partition -> {
            forget(partition);
            owed.remove(partition);
            counters.of(partition).release();
        });
    }

    /** The table has got so far with these. */
    void committed(Map<SourcePartition, Long> next) {
        next.forEach((partition, end) -> {
            Track track = tracks.get(partition);
            if (track != null) {
                track.committed(end);
            }
            settle(partition, end);
        });
    }

    /** Whether the table has got to where partitions were when work was dropped last. */
    boolean hasCaughtUp() {
        return owed.isEmpty();
    }

    /** Whether all that was consumed of the partitions held is in the table. */
    boolean owesNothing() {
        return owed.isEmpty() && tracks.values().stream().noneMatch(Track::isAheadOfTable);
    }

    private void settle(SourcePartition partition, long inTable) {
        owed.computeIfPresent(partition, (held, next) -> next <= inTable ? null : next);
    }

    /** Forgets all positions; they come from the ledger again. */
    void startOver() {
        unpositioned.addAll(ordered.keySet());
        ordered.values().stream()
                .filter(Track::isAheadOfTable)
                .forEach(track -> owed.merge(track.partition(), track.next(), Math::max));
        ordered.clear();
        tracks.clear();
        asked = group.askLedger();
    }

    /**
     * Seeks what has no position yet, as far as the answers for it are there.
     *
     * @throws FirnException of kind external: ask again later; of kind user: the pipeline has to stop
     */
    void position(long epoch) {
        if (unpositioned.isEmpty()) {
            return;
        }
        Optional<Ledger> ledger = group.ledgerSince(asked);
        if (ledger.isEmpty()) {
            return;
        }
        if (settings.claim().isDue(settings.pipeline(), ledger.get())) {
            LOG.info(
                    "pipeline {}: moving the table's ledger from the earlier name {}",
                    settings.pipeline(),
                    settings.claim().renamedFrom().orElseThrow());
            group.moveLedger(epoch);
            asked = group.askLedger();
            return;
        }
        Set<SourcePartition> present = source.partitions();
        follow(present);
        if (writeMissingStarts(epoch, ledger.get(), present)) {
            asked = group.askLedger();
            return;
        }
        Set<SourcePartition> mine = new TreeSet<>(unpositioned);
        mine.retainAll(present);
        Map<SourcePartition, OffsetRange> bounds = source.bounds(mine);
        Map<SourcePartition, Long> inTable = new HashMap<>();
        for (SourcePartition partition : mine) {
            OffsetRange held = bounds.get(partition);
            if (held != null) {
                long next = ledger.get().next(settings.pipeline(), partition).orElseThrow();
                // Before it counts as positioned: where this fails it is asked again later.
                long start = first(partition, next, held);
                unpositioned.remove(partition);
                begin(partition, next, start);
                inTable.put(partition, next);
            }
        }
        // Not only after commits of its own: a worker that is fenced every time would never hear that Kafka has given
        // its partitions to somebody else.
        source.reportCommitted(inTable);
    }

    /** Goes on after a span that Kafka lost while it was being read, or says that this must not be. */
    void skipLost(OffsetGapException gap) {
        Track track = tracks.get(gap.partition());
        if (track != null) {
            long from = track.start();
            begin(gap.partition(), from, first(gap.partition(), from, gap.held()));
        }
    }

    private void begin(SourcePartition partition, long base, long start) {
        settle(partition, base);
        Track track = new Track(partition, counters.of(partition), base, start);
        track.counters().sawCommitted(base);
        track.counters().hold();
        tracks.put(partition, track);
        ordered.put(partition, track);
        source.seek(partition, start);
    }

    private void forget(SourcePartition partition) {
        tracks.remove(partition);
        ordered.remove(partition);
    }

    /** A partition of a topic that was created again goes by the topic's new id. */
    private void follow(Set<SourcePartition> present) {
        for (SourcePartition now : present) {
            boolean replaced = unpositioned.removeIf(before ->
                    before.topic().equals(now.topic()) && before.partition() == now.partition() && !before.equals(now));
            if (replaced) {
                unpositioned.add(now);
            }
        }
    }

    /** @return whether there was anything to write, or to wait for until it can be written */
    private boolean writeMissingStarts(long epoch, Ledger ledger, Set<SourcePartition> present) {
        boolean first = ledger.partitions(settings.pipeline()).isEmpty();
        // Everyone writes everything into a table that knows nothing; later only the holder of a partition writes.
        Set<SourcePartition> missing = new TreeSet<>(present);
        if (!first) {
            missing.retainAll(unpositioned);
        }
        missing.removeAll(ledger.partitions(settings.pipeline()).keySet());
        if (missing.isEmpty()) {
            return false;
        }
        missing.forEach(partition -> refuseSecondReading(ledger, partition));
        missing.forEach(partition -> refuseRecreated(ledger, partition));
        Map<SourcePartition, Long> starts = first ? configuredStarts(missing) : logStarts(missing);
        if (starts.keySet().containsAll(missing)) {
            group.writeStarts(epoch, ledger, starts);
            return true;
        }
        if (!first) {
            group.writeStarts(epoch, ledger, starts);
        }
        return true;
    }

    private void refuseSecondReading(Ledger ledger, SourcePartition partition) {
        SortedSet<String> others = settings.claim().intruders(settings.pipeline(), partition.topic(), ledger);
        if (!others.isEmpty()) {
            throw SecondReading.refused(settings.pipeline(), partition.topic(), others);
        }
    }

    private void refuseRecreated(Ledger ledger, SourcePartition partition) {
        Optional<String> known = ledger.topicId(settings.pipeline(), partition.topic());
        if (known.isPresent() && !known.get().equals(partition.topicId())) {
            if (settings.onGap() == PipelineSettings.OnGap.STOP) {
                throw TopicGuard.recreated(partition.topic(), known.get(), partition.topicId());
            }
            LOG.warn(
                    "pipeline {}: topic {} was created again; the table ends the one with id {} and goes on with {} {}",
                    settings.pipeline(),
                    partition.topic(),
                    known.get(),
                    partition,
                    partition.topicId());
        }
    }

    private Map<SourcePartition, Long> configuredStarts(Set<SourcePartition> partitions) {
        if (settings.start().time().isPresent()) {
            return source.offsetsAt(partitions, settings.start().time().get().toEpochMilli());
        }
        boolean latest = settings.start().where() == StartPosition.Where.LATEST;
        Map<SourcePartition, Long> starts = new TreeMap<>();
        source.bounds(partitions)
                .forEach((partition, held) -> starts.put(partition, latest ? held.end() : held.start()));
        return starts;
    }

    private Map<SourcePartition, Long> logStarts(Set<SourcePartition> partitions) {
        Map<SourcePartition, Long> starts = new TreeMap<>();
        source.bounds(partitions).forEach((partition, held) -> starts.put(partition, held.start()));
        return starts;
    }

    /** A client keeps to the name of a topic: where that was deleted and created again, the answer is the new one's. */
    private void requireSameTopic(SourcePartition partition) {
        if (!source.partitions().contains(partition)) {
            throw new FirnException(
                    "topic-recreated",
                    FirnException.Kind.EXTERNAL,
                    "topic " + partition.topic() + " was deleted or created again while it was read",
                    "partition " + partition + " of the topic with id " + partition.topicId(),
                    "",
                    null);
        }
    }

    /** Where reading goes on: at {@code next}, or after what was lost if that may be recorded. */
    private long first(SourcePartition partition, long next, OffsetRange held) {
        if (next > held.end()) {
            requireSameTopic(partition);
            // The table holds rows of offsets that Kafka has lost and will give to other records. Going back would
            // double the offsets, going on would skip the new records: neither can be recorded as a gap.
            throw FirnException.user(
                    "log-truncated",
                    "the log of " + partition
                            + " ends before the table's ledger: Kafka lost records that the table has",
                    "expected offset " + next + ", Kafka holds " + held,
                    "roll the table back to a snapshot whose ledger is within the log, or create the topic again");
        }
        if (next >= held.start()) {
            return next;
        }
        if (settings.onGap() == PipelineSettings.OnGap.STOP) {
            throw FirnException.user(
                    "offsets-lost",
                    "Kafka no longer holds records of " + partition + " that the table does not have yet",
                    "expected offset " + next + ", Kafka holds " + held,
                    "set on-gap: record to go on and have the gap written into the table's snapshot");
        }
        LOG.warn(
                "pipeline {}: {} lost [{}, {}) before it was read; recording the gap",
                settings.pipeline(),
                partition,
                next,
                held.start());
        return held.start();
    }
}
