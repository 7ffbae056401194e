package io.firn.ingest.record;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.rig.Until;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/** A source with somebody who polls it, is strict about what it is told, and remembers. */
final class Member implements AutoCloseable {
    private static final int VAIN_POLLS = 8;

    /** A record as it came; {@code length} is -1 for a null value. */
    record Delivery(SourcePartition partition, long offset, int length) {}

    final RecordSource source;
    final Set<SourcePartition> held = new TreeSet<>();
    final Set<SourcePartition> revoked = new TreeSet<>();
    final Set<SourcePartition> lost = new TreeSet<>();
    final List<Delivery> deliveries = new ArrayList<>();
    private final SourceWorld world;

    /** @param source closed with the member */
    Member(SourceWorld world, RecordSource source) {
        this.world = world;
        this.source = source;
    }

    /** @return true, so that it can stand in a condition */
    boolean poll() {
        world.pass();
        source.poll(
                Duration.ofMillis(50), new Listener(), (partition, offset, timestamp, bytes, start, length, key) -> {
                    require(held.contains(partition), "delivered and not held", Set.of(partition));
                    deliveries.add(new Delivery(partition, offset, length));
                });
        return true;
    }

    void until(String what, Until.Condition condition) {
        Until.holds(what, () -> poll() && condition.holds());
    }

    /** Long enough for a record to come if it came. */
    void pollInVain() {
        for (int i = 0; i < VAIN_POLLS; i++) {
            poll();
        }
    }

    OffsetGapException gap() {
        AtomicReference<OffsetGapException> met = new AtomicReference<>();
        Until.holds("a gap", () -> {
            try {
                poll();
            } catch (OffsetGapException gap) {
                met.set(gap);
            }
            return met.get() != null;
        });
        return java.util.Objects.requireNonNull(met.get());
    }

    /** No answer in time is allowed, so it is asked until there is one. */
    OffsetRange bounds(SourcePartition partition) {
        AtomicReference<OffsetRange> answer = new AtomicReference<>();
        Until.holds("bounds", () -> {
            answer.set(source.bounds(List.of(partition)).get(partition));
            return answer.get() != null;
        });
        return java.util.Objects.requireNonNull(answer.get());
    }

    List<Long> offsets() {
        return deliveries.stream().map(Delivery::offset).toList();
    }

    /** An error and not an assertion: a condition that waits takes those for not yet. */
    private static void require(boolean holds, String fault, Set<SourcePartition> partitions) {
        if (!holds) {
            throw new LinkageError(fault + ": " + partitions);
        }
    }

    private final class Listener implements RecordSource.AssignmentListener {
        @Override
        public void assigned(Set<SourcePartition> partitions) {
            partitions.forEach(partition -> require(held.add(partition), "assigned twice", partitions));
        }

        @Override
        public void revoking(Set<SourcePartition> partitions, Duration timeAllowed) {
            require(source.positions().keySet().containsAll(partitions), "no position to commit", partitions);
            take(partitions);
            revoked.addAll(partitions);
        }

        @Override
        public void lost(Set<SourcePartition> partitions) {
            take(partitions);
            lost.addAll(partitions);
        }

        private void take(Set<SourcePartition> partitions) {
            require(held.containsAll(partitions), "taken away and not held", partitions);
            held.removeAll(partitions);
        }
    }

    @Override
    public void close() {
        source.close();
    }
}
