package io.firn.ingest.record;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Kafka read by position and not by subscription: spans of offsets, whoever else consumes the partitions. Not safe for
 * use by several threads.
 */
public interface SpanSource extends AutoCloseable {
    /** From now on these spans are delivered and nothing else; what was begun before is forgotten. */
    void begin(Map<SourcePartition, OffsetRange> spans);

    /**
     * Waits up to the timeout for records of the spans and hands them over, in offset order within a partition.
     *
     * @return how many were handed over; none while the broker is away
     * @throws OffsetGapException when Kafka no longer holds a position that was to be read
     */
    int poll(Duration timeout, RecordSource.RecordConsumer consumer);

    /**
     * The next offset that would be delivered, by partition of the spans; its span's end where nothing more will come.
     * Past what Kafka itself skips.
     */
    Map<SourcePartition, Long> positions();

    /** As {@link RecordSource#bounds}. */
    Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions);

    /** As {@link RecordSource#offsetsAt}. */
    Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis);

    /** As {@link RecordSources#topicIds}. */
    Map<String, String> topicIds(Set<String> topics);

    @Override
    void close();
}
