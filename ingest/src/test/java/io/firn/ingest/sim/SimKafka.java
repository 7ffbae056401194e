package io.firn.ingest.sim;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
        private final SimClock clock;
        private final List<Long> timestamps = new ArrayList<>();
        private final List<Long> appendedMillis = new ArrayList<>();
        private final Set<Long> nullValues = new TreeSet<>();
        private final long first;
        private long start;

        /** @param first offset that it holds at the beginning */
        Log(SimClock clock, long first) {
            this.clock = clock;
            this.first = first;
            this.start = first;
        }

        void appendRecord(long timestamp) {
            timestamps.add(timestamp);
            appendedMillis.add(clock.millis());
        }

        void appendNullValue(long timestamp) {
            nullValues.add(end());
            appendRecord(timestamp);
        }

        /** As a transaction's end, an aborted record or a compacted one leaves it. */
        void appendHole() {
            appendRecord(-1);
        }

        void deleteBefore(long offset) {
            start = offset;
        }

        boolean isNullValue(long offset) {
            return nullValues.contains(offset);
        }

        /** The latest moment known at which the log ended here or before. */
        long endedHereMillis(long offset) {
            return offset < end() ? appendedMillis.get((int) (offset - first)) : clock.millis();
        }

        /** The first offset held; those before it are lost. */
        long start() {
            return start;
        }

        long end() {
            return first + timestamps.size();
        }

        boolean isRecord(long offset) {
            return timestamp(offset) >= 0;
        }

        long timestamp(long offset) {
            return timestamps.get((int) (offset - first));
        }
    }

    private final SimClock clock;
    private final Coverage coverage;
    private final String topic;
    private final long firstOffset;
    private String pipeline;
    private Optional<String> earlierName = Optional.empty();
    private final TreeMap<SourcePartition, Log> logs = new TreeMap<>();
    /** Those of deleted topics as well. */
    private final Map<SourcePartition, Log> everything = new HashMap<>();

    private final TreeMap<Integer, Long> heartbeats = new TreeMap<>();
    /** By group. */
    private final Map<String, Map<SourcePartition, Integer>> holders = new HashMap<>();
    /** By member. */
    private final Map<Integer, String> groups = new HashMap<>();

    private int members;
    private int incarnation;
    private int renames;
    private boolean calm;
    private boolean lossy;
    private boolean away;

    /** @param firstOffset of each partition: what came before is gone */
    SimKafka(SimClock clock, Coverage coverage, String topic, int partitions, long firstOffset) {
        this.firstOffset = firstOffset;
        this.clock = clock;
        this.coverage = coverage;
        this.topic = topic;
        this.pipeline = topic;
        for (int i = 0; i < partitions; i++) {
            addPartition();
        }
    }

    String topic() {
        return topic;
    }

    /** The name of the pipeline that reads it, as a process that starts now has it in its configuration. */
    String pipeline() {
        return pipeline;
    }

    /** As {@code renamed-from} in the configuration of a process that starts now. */
    Optional<String> earlierName() {
        return earlierName;
    }

    /** Somebody renames the pipeline; processes that run go on under the name that they know. */
    void renamePipeline() {
        earlierName = Optional.of(pipeline);
        pipeline = topic + "-" + ++renames;
    }

    /** Somebody reads in a message by what name the table knows the pipeline. */
    void correctEarlierName(String name) {
        earlierName = Optional.of(name);
    }

    String topicId() {
        return topic + "-id-" + incarnation;
    }

    void addPartition() {
        SourcePartition partition = new SourcePartition(topic, topicId(), logs.size());
        Log log = new Log(clock, firstOffset);
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
            // Clocks of producers are behind at times, and ahead.
            long timestamp = clock.millis() - random.nextInt(500) + random.nextInt(50);
            switch (random.nextInt(10)) {
                case 0 -> log.appendHole();
                case 1 -> log.appendNullValue(timestamp);
                default -> log.appendRecord(timestamp);
            }
        }
    }

    /** What happens while somebody waits for an answer that was true when it was given. */
    void meanwhile(RandomGenerator random) {
        clock.advance(random.nextInt(5));
        if (!calm && !logs.isEmpty() && random.nextInt(8) == 0) {
            clock.advance(1);
            produce(random);
        }
    }

    /** Nothing more is produced by itself, and polls deliver much. */
    void calm() {
        away = false;
        calm = true;
    }

    int mostRecordsAPoll() {
        return calm ? 1_000 : 5;
    }

    boolean isAway() {
        return away;
    }

    /** Nobody gets an answer from now on, or everybody does again. */
    void goAway(boolean now) {
        away = now;
    }

    /** @throws FirnException when Kafka is away */
    void ask() {
        if (away) {
            throw FirnException.external("kafka-unavailable", "Kafka is away", topic, "", new IOException("no answer"));
        }
    }

    void count(String what) {
        coverage.count(what);
    }

    /** @param group pipelines of different names have different ones */
    int join(String group) {
        int member = members++;
        groups.put(member, group);
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
        holders(member).values().removeIf(holder -> holder == member);
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
        List<Integer> alive = heartbeats.keySet().stream()
                .filter(each -> groupOf(each).equals(groupOf(member)))
                .toList();
        Set<SourcePartition> target = new TreeSet<>();
        int index = 0;
        for (SourcePartition partition : logs.keySet()) {
            if (alive.get(index++ % alive.size()) == member) {
                target.add(partition);
            }
        }
        return target;
    }

    /** @return whether it is the member's now; not where its session ended since it was told of its target */
    boolean acquire(SourcePartition partition, int member) {
        return heartbeats.containsKey(member) && holders(member).putIfAbsent(partition, member) == null;
    }

    void release(SourcePartition partition, int member) {
        holders(member).remove(partition, member);
    }

    private String groupOf(int member) {
        return groups.getOrDefault(member, "");
    }

    private Map<SourcePartition, Integer> holders(int member) {
        return holders.computeIfAbsent(groupOf(member), group -> new HashMap<>());
    }
}
