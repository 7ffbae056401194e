package io.firn.ingest.record;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;

/** The failure of a record that the process has too little memory for. */
public final class LargeRecords {
    /** The failure's {@link FirnException#code}. */
    public static final String CODE = "record-too-large";

    /** Kafka's default limit. A smaller record is not to blame if memory runs out while it is written. */
    private static final int LARGE_BYTES = 1 << 20;

    private LargeRecords() {}

    /** Returns whether a record of this size can be the reason that memory ran out. */
    public static boolean isLarge(int bytes) {
        return bytes >= LARGE_BYTES;
    }

    /** Returns the failure that names the record's position. */
    public static FirnException failure(SourcePartition partition, long offset, OutOfMemoryError cause) {
        return at(partition, Long.toString(offset), cause);
    }

    /** Returns the failure of one of the records that a poll at this position reads. */
    public static FirnException failureFrom(SourcePartition partition, long position, OutOfMemoryError cause) {
        return at(partition, position + " or one of the next", cause);
    }

    private static FirnException at(SourcePartition partition, String offset, OutOfMemoryError cause) {
        return new FirnException(
                CODE,
                FirnException.Kind.DATA,
                "a record takes more memory than the process has, once it is decompressed",
                "topic " + partition.topic() + ", partition " + partition.partition() + ", offset " + offset,
                "give the process more heap (FIRN_HEAP_OPTS) and restart the pipeline, or delete the topic's records up"
                        + " to this one and set on-gap: record",
                cause);
    }
}
