package io.firn.ingest;

import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.StepRows;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a worker consumed of one partition since it last sealed. */
final class Track {
    private final SourcePartition partition;
    private final Counters.Partition counters;
    private long base;
    private List<OffsetRange> gaps;
    private long start;
    private long next;
    private long inTable;
    private long rows;
    private long nullValues;
    private long latestMillis = -1;

    /**
     * @param base what the ledger says
     * @param start where consumption goes on; after {@code base} where Kafka has lost what lies between
     */
    Track(SourcePartition partition, Counters.Partition counters, long base, long start) {
        this.partition = partition;
        this.counters = counters;
        this.base = base;
        this.start = start;
        this.next = start;
        this.inTable = base;
        this.gaps = start > base ? List.of(new OffsetRange(base, start)) : List.of();
    }

    SourcePartition partition() {
        return partition;
    }

    Counters.Partition counters() {
        return counters;
    }

    /** The first offset that is not sealed yet. */
    long start() {
        return start;
    }

    /** The offset after the last record that was written or counted. */
    long next() {
        return next;
    }

    /** The table has got so far, by a commit of this process. */
    void committed(long end) {
        inTable = end;
    }

    /** Whether anything was consumed that the table is not known to have. */
    boolean isAheadOfTable() {
        return next > inTable;
    }

    void row(long offset, long timestampMillis) {
        rows++;
        took(offset, timestampMillis);
    }

    void nullValue(long offset, long timestampMillis) {
        nullValues++;
        took(offset, timestampMillis);
    }

    private void took(long offset, long timestampMillis) {
        next = offset + 1;
        // A record without a timestamp (-1) says nothing about the time.
        latestMillis = Math.max(latestMillis, timestampMillis);
        counters.countProcessed();
    }

    long rows() {
        return rows;
    }

    /**
     * The step up to {@code end}; the next one follows on from there.
     *
     * @param end exclusive; past the last record and what Kafka itself skips after it
     * @param completeMillis up to when the partition is complete because it holds no more, if that is known
     */
    PartitionStep seal(long end, @Nullable Long completeMillis) {
        SortedMap<String, Long> skipped = new TreeMap<>();
        if (nullValues > 0) {
            skipped.put("null-value", nullValues);
        }
        PartitionStep step = new PartitionStep(
                        OptionalLong.of(base), new OffsetRange(start, end), until(completeMillis), gaps, skipped)
                .with(StepRows.added(rows));
        base = end;
        start = end;
        next = end;
        gaps = List.of();
        rows = 0;
        nullValues = 0;
        latestMillis = -1;
        return step;
    }

    private OptionalLong until(@Nullable Long completeMillis) {
        if (completeMillis != null) {
            return OptionalLong.of(completeMillis);
        }
        return latestMillis < 0 ? OptionalLong.empty() : OptionalLong.of(latestMillis);
    }
}
