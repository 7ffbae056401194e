package io.firn.ingest.rig;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.RecordSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A member that is given one partition with its first poll and keeps it. Each record's value is its offset. */
public final class OnePartitionSource implements RecordSource {
    private final SourcePartition partition;
    private final Set<SourcePartition> all;
    private OptionalLong next = OptionalLong.empty();
    private OptionalLong reported = OptionalLong.empty();
    private Runnable whenAsked = () -> {};
    private long end;
    private int refusals;
    private int valueBytes;
    private long failingOffset = -1;
    private @Nullable FirnException failure;
    private boolean assigned;
    private boolean paused;

    /** @param all the topic's partitions, others' included */
    public OnePartitionSource(SourcePartition partition, Set<SourcePartition> all) {
        this.partition = partition;
        this.all = new TreeSet<>(all);
    }

    public void produce(int records) {
        end += records;
    }

    /** Values are at least so long from now on. */
    public void valueBytes(int bytes) {
        valueBytes = bytes;
    }

    /** Each poll that comes to this offset delivers nothing and fails. */
    public void failAt(long offset, FirnException thrown) {
        failingOffset = offset;
        failure = thrown;
    }

    /** Runs while Kafka thinks about an answer to {@link #bounds}. */
    public void whenAsked(Runnable meanwhile) {
        whenAsked = meanwhile;
    }

    /** So many questions for bounds of a partition that is being read get no answer but a failure. */
    public void refuse(int questions) {
        refusals = questions;
    }

    /** How many of the questions to be refused have not come yet. */
    public int refusalsLeft() {
        return refusals;
    }

    @Override
    public int poll(Duration timeout, AssignmentListener listener, RecordConsumer consumer) {
        if (!assigned) {
            assigned = true;
            listener.assigned(Set.of(partition));
        }
        int delivered = 0;
        while (!paused && next.isPresent() && next.getAsLong() < end) {
            long offset = next.getAsLong();
            if (offset == failingOffset && failure != null) {
                if (delivered > 0) {
                    return delivered;
                }
                throw failure;
            }
            byte[] value = String.format(Locale.ROOT, "%-" + Math.max(1, valueBytes) + "d", offset)
                    .getBytes(StandardCharsets.UTF_8);
            consumer.record(partition, offset, 0, value, 0, value.length, null);
            next = OptionalLong.of(offset + 1);
            delivered++;
        }
        return delivered;
    }

    @Override
    public void seek(SourcePartition sought, long offset) {
        next = OptionalLong.of(offset);
    }

    @Override
    public Map<SourcePartition, Long> positions() {
        return next.isPresent() ? Map.of(partition, next.getAsLong()) : Map.of();
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
        if (refusals > 0 && next.isPresent()) {
            refusals--;
            throw FirnException.external(
                    "kafka-unavailable",
                    "Kafka does not answer",
                    partition.toString(),
                    "",
                    new IllegalStateException());
        }
        OffsetRange held = new OffsetRange(0, end);
        whenAsked.run();
        Map<SourcePartition, OffsetRange> bounds = new TreeMap<>();
        partitions.forEach(each -> bounds.put(each, each.equals(partition) ? held : new OffsetRange(0, 0)));
        return bounds;
    }

    @Override
    public Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis) {
        throw new UnsupportedOperationException("records have no times here");
    }

    @Override
    public Set<SourcePartition> partitions() {
        return new TreeSet<>(all);
    }

    @Override
    public void reportCommitted(Map<SourcePartition, Long> committed) {
        Long reached = committed.get(partition);
        if (reached != null) {
            reported = OptionalLong.of(reached);
        }
    }

    /** What was reported last of how far the table is. */
    public OptionalLong reported() {
        return reported;
    }

    @Override
    public void wakeUp() {}

    @Override
    public void close() {}
}
