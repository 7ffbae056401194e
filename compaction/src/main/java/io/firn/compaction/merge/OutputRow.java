package io.firn.compaction.merge;

import org.apache.iceberg.StructLike;

/** The row at hand of {@link SourceRows}, as a row of another table: columns by name. The same object for every row. */
interface OutputRow extends StructLike {
    /** The record has no timestamp in Kafka: written as null, and before every other timestamp. */
    long NO_TIMESTAMP = Long.MIN_VALUE;

    /** @param orderTimestamp microseconds or {@link #NO_TIMESTAMP}; counts only where the source has none */
    OutputRow at(long orderTimestamp);

    /** The bucket of the row in its table, or less than 0 where that is not known without making objects. */
    default int bucket(KeyBuckets buckets) {
        return -1;
    }

    @Override
    default <T> void set(int position, T value) {
        throw new UnsupportedOperationException("a view");
    }
}
