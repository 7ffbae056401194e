package io.firn.ingest.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.OffsetGapException;
import io.firn.ingest.record.RecordSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** A member of the simulated group. As strict as the real one: nothing is delivered before it was sought. */
final class SimSource implements RecordSource {
    private final SimKafka kafka;
    private final RandomGenerator random;
    private final Lifeline lifeline;
    private final Runnable otherThreads;
    private final int member;
    private final Set<SourcePartition> held = new TreeSet<>();
    private final Map<SourcePartition, Long> next = new TreeMap<>();
    private boolean paused;

    /** @param otherThreads lets the other threads of the process go on while this one is in the middle of a call */
    SimSource(SimKafka kafka, RandomGenerator random, Lifeline lifeline, Runnable otherThreads) {
        this.kafka = kafka;
        this.random = random;
        this.lifeline = lifeline;
        this.otherThreads = otherThreads;
        this.member = kafka.join(kafka.pipeline());
    }

    /** The group goes on without this member, who does not know. */
    void loseSession() {
        kafka.leave(member);
    }

    @Override
    public int poll(Duration timeout, AssignmentListener listener, RecordConsumer consumer) {
        lifeline.pass(Lifeline.Step.POLL);
        if (kafka.isAway()) {
            return 0;
        }
        if (!kafka.heartbeat(member) && !held.isEmpty()) {
            Set<SourcePartition> gone = new TreeSet<>(held);
            held.clear();
            next.clear();
            kafka.count("a member finds that its partitions are lost");
            listener.lost(gone);
        }
        rebalance(listener);
        otherThreads.run();
        return paused ? 0 : deliver(consumer);
    }

    private void rebalance(AssignmentListener listener) {
        Set<SourcePartition> target = kafka.target(member);
        Set<SourcePartition> leaving = new TreeSet<>(held);
        leaving.removeAll(target);
        if (!leaving.isEmpty()) {
            kafka.count("partitions are revoked");
            listener.revoking(leaving, Duration.ofSeconds(2));
            lifeline.pass(Lifeline.Step.LEAVE);
            held.removeAll(leaving);
            next.keySet().removeAll(leaving);
            leaving.forEach(partition -> kafka.release(partition, member));
        }
        Set<SourcePartition> added = new TreeSet<>();
        for (SourcePartition partition : target) {
            if (!held.contains(partition) && kafka.acquire(partition, member)) {
                added.add(partition);
            }
        }
        if (!added.isEmpty()) {
            held.addAll(added);
            listener.assigned(added);
        }
    }

    private int deliver(RecordConsumer consumer) {
        int delivered = 0;
        for (SourcePartition partition : List.copyOf(next.keySet())) {
            if (!kafka.exists(partition)) {
                continue;
            }
            SimKafka.Log log = kafka.log(partition);
            long position = next.getOrDefault(partition, 0L);
            if (position < log.start() || position > log.end()) {
                throw new OffsetGapException(partition, position, new OffsetRange(log.start(), log.end()));
            }
            long upTo = Math.min(log.end(), position + random.nextInt(kafka.mostRecordsAPoll()));
            for (; position < upTo; position++) {
                if (log.isRecord(position)) {
                    lifeline.pass(Lifeline.Step.RECORD);
                    byte[] value = (partition + ":" + position).getBytes(StandardCharsets.UTF_8);
                    int length = log.isNullValue(position) ? -1 : value.length;
                    consumer.record(partition, position, log.timestamp(position), value, 0, length, null);
                    delivered++;
                }
            }
            next.put(partition, position);
        }
        return delivered;
    }

    @Override
    public void seek(SourcePartition partition, long offset) {
        lifeline.pass(Lifeline.Step.SEEK);
        if (!held.contains(partition)) {
            follow(partition);
        }
        next.put(partition, offset);
    }

    /** A client's assignment goes by name: it holds on to a topic that was created again. */
    private void follow(SourcePartition partition) {
        if (!held.removeIf(
                before -> before.topic().equals(partition.topic()) && before.partition() == partition.partition())) {
            throw new IllegalStateException(partition + " is not assigned");
        }
        held.add(partition);
        kafka.acquire(partition, member);
    }

    @Override
    public Map<SourcePartition, Long> positions() {
        return new TreeMap<>(next);
    }

    @Override
    public void pauseAll() {
        paused = true;
    }

    @Override
    public void resumeAll() {
        paused = false;
    }

    @Override
    public Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions) {
        lifeline.pass(Lifeline.Step.BOUNDS);
        kafka.ask();
        Map<SourcePartition, OffsetRange> bounds = new HashMap<>();
        for (SourcePartition partition : partitions) {
            if (kafka.exists(partition) && random.nextInt(20) > 0) {
                SimKafka.Log log = kafka.log(partition);
                bounds.put(partition, new OffsetRange(log.start(), log.end()));
            }
        }
        kafka.meanwhile(random);
        otherThreads.run();
        return bounds;
    }

    @Override
    public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
        throw new UnsupportedOperationException("the simulation starts at the earliest offset");
    }

    @Override
    public Set<SourcePartition> partitions() {
        kafka.ask();
        Set<SourcePartition> partitions = kafka.partitions();
        if (partitions.isEmpty()) {
            throw FirnException.user("topic-missing", "topic does not exist: " + kafka.topic(), "", "");
        }
        return partitions;
    }

    @Override
    public void reportCommitted(Map<SourcePartition, Long> committed) {}

    @Override
    public void wakeUp() {}

    @Override
    public void close() {
        kafka.leave(member);
    }
}
