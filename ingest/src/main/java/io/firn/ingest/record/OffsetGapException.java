package io.firn.ingest.record;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;

/** Kafka does not hold a position any more, or not yet again: retention, or a truncated log. */
public final class OffsetGapException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient SourcePartition partition;
    private final long expected;
    private final transient OffsetRange held;

    public OffsetGapException(SourcePartition partition, long expected, OffsetRange held) {
        super("Kafka holds " + held + " of " + partition + ", expected " + expected);
        this.partition = partition;
        this.expected = expected;
        this.held = held;
    }

    public SourcePartition partition() {
        return partition;
    }

    public long expected() {
        return expected;
    }

    public OffsetRange held() {
        return held;
    }
}
