package io.firn.ingest.record;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One worker's view of Kafka: a member of a consumer group. Not safe for use by several threads but for {@link
 * #wakeUp}.
 *
 * <p>Positions are the caller's: nothing is read until {@link #seek} was called for a partition, and group offsets are
 * never read. Transient trouble (broker away) is not an exception: the source keeps trying inside, polls return nothing
 * meanwhile, and it is told once through the log.
 */
public interface RecordSource extends AutoCloseable {
    /** Who hears of changes to the assignment; called from inside {@link #poll}. */
    interface AssignmentListener {
        /** New partitions, in addition to those held. Nothing of them is delivered before {@link #seek}. */
        void assigned(Set<SourcePartition> partitions);

        /** These go to another member once this call returns; what was consumed of them can still be committed. */
        void revoking(Set<SourcePartition> partitions, Duration timeAllowed);

        /** These are another member's already: whatever is not committed is to be dropped. */
        void lost(Set<SourcePartition> partitions);
    }

    /** Who gets the records, in offset order within a partition. */
    interface RecordConsumer {
        /**
         * Timestamp of a record without one: the first message format of Kafka has none, and later ones can be written
         * without.
         */
        long NO_TIMESTAMP = -1;

        /**
         * @param timestampMillis milliseconds since the epoch, or {@link #NO_TIMESTAMP}
         * @param bytes holds the value, only until the call returns
         * @param start index of the value's first byte
         * @param length bytes of the value, or -1 for a null value
         * @param key from position to limit, to be left as they are, only until the call returns; null for no key
         */
        void record(
                SourcePartition partition,
                long offset,
                long timestampMillis,
                byte[] bytes,
                int start,
                int length,
                @Nullable ByteBuffer key);
    }

    /**
     * Waits up to the timeout for records and hands them over.
     *
     * @return how many records were handed over
     * @throws OffsetGapException when Kafka no longer holds a position that was to be read
     */
    int poll(Duration timeout, AssignmentListener listener, RecordConsumer consumer);

    /** Delivery of the partition goes on at this offset. */
    void seek(SourcePartition partition, long offset);

    /**
     * The next offset that would be delivered, by partition held and sought. Past the last delivered record, and past
     * what Kafka itself skips (transaction markers, aborted transactions, compacted records).
     */
    Map<SourcePartition, Long> positions();

    /** Stops delivery of all partitions held; membership goes on as long as {@link #poll} is called. */
    void pauseAll();

    void resumeAll();

    /**
     * The first offset held and the end (last stable offset) of each partition, asked of Kafka now.
     *
     * @return empty ranges for empty partitions; no entry for a partition about which Kafka did not answer in time
     */
    Map<SourcePartition, OffsetRange> bounds(Collection<SourcePartition> partitions);

    /**
     * The first offset of each partition whose record is not before the time; the end where there is none.
     *
     * @throws io.firn.catalog.FirnException {@code topic-without-timestamps} if a partition has records, none of which
     *     has a timestamp
     * @return no entry for a partition about which Kafka did not answer in time
     */
    Map<SourcePartition, Long> offsetsAt(Collection<SourcePartition> partitions, long timestampMillis);

    /**
     * All partitions of the subscribed topics as Kafka has them now, assigned or not, with their topics' current ids.
     *
     * @throws io.firn.catalog.FirnException of kind external when Kafka does not answer, of kind user when a topic does
     *     not exist
     */
    Set<SourcePartition> partitions();

    /**
     * Tells lag tools how far the table is. Best effort, asynchronous; nothing reads it back, but the answer tells
     * whether Kafka still takes this worker for a member of its group.
     */
    void reportCommitted(Map<SourcePartition, Long> next);

    /** Makes a waiting {@link #poll} return at once; the only call allowed from other threads. */
    void wakeUp();

    /** Leaves the group. No listener is called. */
    @Override
    void close();
}
