package io.firn.ingest;

import io.firn.catalog.ledger.PartitionEntry;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** The three counters of each partition, and the ends Kafka last told. Written by many threads, read by any. */
public final class Counters {
    /** Of one partition. */
    public static final class Partition {
        private final LongAdder delivered = new LongAdder();
        private final LongAdder processed = new LongAdder();
        private final LongAdder effective = new LongAdder();
        private volatile boolean held;
        private volatile long end = -1;
        private volatile long committed = -1;
        private volatile OptionalLong until = OptionalLong.empty();

        /** Records handed over by Kafka, replays included. */
        public long delivered() {
            return delivered.sum();
        }

        /** Records decoded and written to a file, or counted as skipped. */
        public long processed() {
            return processed.sum();
        }

        /** Rows that this process made visible. */
        public long effective() {
            return effective.sum();
        }

        /** The end of the partition when Kafka was last asked. */
        public OptionalLong end() {
            return end < 0 ? OptionalLong.empty() : OptionalLong.of(end);
        }

        /** The next offset according to the table, as far as this process has seen it move. */
        public OptionalLong committed() {
            return committed < 0 ? OptionalLong.empty() : OptionalLong.of(committed);
        }

        /** The Kafka time up to which the table has everything, in milliseconds, as far as this process has seen. */
        public OptionalLong until() {
            return until;
        }

        void hold() {
            held = true;
        }

        void release() {
            held = false;
        }

        void sawEnd(long offset) {
            end = offset;
        }

        void sawCommitted(long offset) {
            committed = offset;
        }

        void sawCommitted(PartitionEntry entry) {
            committed = entry.next();
            until = entry.until();
        }

        void countDelivered() {
            delivered.increment();
        }

        void countProcessed() {
            processed.increment();
        }

        void addEffective(long rows) {
            effective.add(rows);
        }
    }

    private final Map<SourcePartition, Partition> partitions = new ConcurrentHashMap<>();

    /** The counters of a partition, from zero when asked for the first time. */
    public Partition of(SourcePartition partition) {
        return partitions.computeIfAbsent(partition, key -> new Partition());
    }

    /** Those of partitions that a worker of this process holds now. */
    Map<SourcePartition, Partition> held() {
        return partitions.entrySet().stream()
                .filter(entry -> entry.getValue().held)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** Notes what the table says about a partition that is counted here; others are another process's. */
    void sawCommitted(SourcePartition partition, PartitionEntry entry) {
        Partition counted = partitions.get(partition);
        if (counted != null) {
            counted.sawCommitted(entry);
        }
    }
}
