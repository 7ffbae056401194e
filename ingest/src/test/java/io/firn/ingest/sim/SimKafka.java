package io.firn.ingest.sim;

import io.firn.catalog.ledger.SourcePartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * A topic in memory with the coordinator of the group that reads it. Some offsets are holes, as transaction markers and
 * compacted records leave them; the oldest may be dropped; the topic may be deleted and created again. A partition that
 * its holder has to give up is given to nobody else before the holder has let go or its session is over.
 */
final class SimKafka {
    static final long SESSION_MILLIS = 6_000;

    /** One partition: what it holds, whether there is a record at an offset, and its timestamp. */
    static final class Log {
        private final List<Long> timestamps = new ArrayList<>();
        private final Set<Long> nullValues = new TreeSet<>();
        private long start;

        void appendRecord(long timestamp) {
            timestamps.add(timestamp);
        }

        void appendNullValue(long timestamp) {
            nullValues.add(end());
            timestamps.add(timestamp);
        }

        /** As a transaction's end, an aborted record or a compacted one leaves it. */
        void appendHole() {
            timestamps.add(-1L);
        }

        void deleteBefore(long offset) {
            start = offset;
        }

        boolean isNullValue(long offset) {
            return nullValues.contains(offset);
        }

        /** The first offset held; those before it are lost. */
        long start() {
            return start;
        }

        long end() {
            return timestamps.size();
        }

        boolean isRecord(long offset) {
            return timestamps.get((int) offset) >= 0;
        }

        long timestamp(long offset) {
            return timestamps.get((int) offset);
        }
    }

    private final SimClock clock;
    private final String topic;
    private final TreeMap<SourcePartition, Log> logs = new TreeMap<>();
    /** Those of deleted topics as well. */
    private final Map<SourcePartition, Log> everything = new HashMap<>();

    private final TreeMap<Integer, Long> heartbeats = new TreeMap<>();
    private final Map<SourcePartition, Integer> holders = new HashMap<>();
    private int members;
    private int incarnation;
    private boolean lossy;

    SimKafka(SimClock clock, int partitions) {
        this(clock, "orders", partitions);
    }

    SimKafka(SimClock clock, String topic, int partitions) {
        this.clock = clock;
        this.topic = topic;
        for (int i = 0; i < partitions; i++) {
            addPartition();
        }
    }

    /** Its name, and that of the pipeline that reads it. */
    String topic() {
        return topic;
    }

    String topicId() {
        return topic + "-id-" + incarnation;
    }

    void addPartition() {
        SourcePartition partition = new SourcePartition(topic, topicId(), logs.size());
        Log log = new Log();
        logs.put(partition, log);
        everything.put(partition, log);
    }

    void recreateTopic() {
        int partitions = logs.size();
        incarnation++;
        logs.clear();
        for (int i = 0; i < partitions; i++) {
            addPartition();
        }
    }

    void deleteTopic() {
        logs.clear();
        holders.clear();
    }

    boolean wasCreatedAgain() {
        return incarnation > 0;
    }

    /** Drops the oldest offsets of one partition, read or not. */
    void retain(RandomGenerator random) {
        Log log = any(random);
        long kept = log.end() - log.start;
        if (kept > 0) {
            log.start += 1 + random.nextLong(kept);
            lossy = true;
        }
    }

    boolean hasDroppedRecords() {
        return lossy;
    }

    Set<SourcePartition> partitions() {
        return new TreeSet<>(logs.keySet());
    }

    boolean exists(SourcePartition partition) {
        return logs.containsKey(partition);
    }

    /** Also of a partition that does not exist any more. */
    Log log(SourcePartition partition) {
        return Objects.requireNonNull(everything.get(partition), partition::toString);
    }

    private Log any(RandomGenerator random) {
        List<Log> all = new ArrayList<>(logs.values());
        return all.get(random.nextInt(all.size()));
    }

    void produce(RandomGenerator random) {
        Log log = any(random);
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            boolean hole = random.nextInt(6) == 0;
            log.timestamps.add(hole ? -1 : clock.millis() - random.nextInt(500));
        }
    }

    int join() {
        int member = members++;
        heartbeats.put(member, clock.millis());
        return member;
    }

    /** @return false where the session was over: the member holds nothing any more */
    boolean heartbeat(int member) {
        expireSessions();
        if (!heartbeats.containsKey(member)) {
            leave(member);
            heartbeats.put(member, clock.millis());
            return false;
        }
        heartbeats.put(member, clock.millis());
        return true;
    }

    void leave(int member) {
        heartbeats.remove(member);
        holders.values().removeIf(holder -> holder == member);
    }

    private void expireSessions() {
        for (int member : List.copyOf(heartbeats.keySet())) {
            if (clock.millis() - heartbeats.getOrDefault(member, 0L) > SESSION_MILLIS) {
                leave(member);
            }
        }
    }

    /** What the member shall hold in the end. */
    Set<SourcePartition> target(int member) {
        List<Integer> alive = new ArrayList<>(heartbeats.keySet());
        Set<SourcePartition> target = new TreeSet<>();
        int index = 0;
        for (SourcePartition partition : logs.keySet()) {
            if (alive.get(index++ % alive.size()) == member) {
                target.add(partition);
            }
        }
        return target;
    }

    boolean acquire(SourcePartition partition, int member) {
        return holders.putIfAbsent(partition, member) == null;
    }

    void release(SourcePartition partition, int member) {
        holders.remove(partition, member);
    }
}
