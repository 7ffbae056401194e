package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;

/** What the audit found about one partition. Filled by {@link Audit}, read by {@link AuditReport}. */
final class PartitionAudit {
    private final SourcePartition partition;
    private final OffsetRange delivered;
    private final Spans missing = new Spans();
    private final Spans doubled = new Spans();
    private final Spans outside = new Spans();
    private final Spans notInKafka = new Spans();
    private long rows;
    private long gapOffsets;
    private long skippedByKafka;
    private long nullValues;
    private OffsetRange unverifiable;
    private String unverifiableReason = "";
    private boolean compacted;

    /** @param delivered what the ledger says took effect, from its start to its next offset */
    PartitionAudit(SourcePartition partition, OffsetRange delivered) {
        this.partition = partition;
        this.delivered = delivered;
        this.unverifiable = new OffsetRange(delivered.start(), delivered.start());
    }

    SourcePartition partition() {
        return partition;
    }

    OffsetRange delivered() {
        return delivered;
    }

    Spans missing() {
        return missing;
    }

    Spans doubled() {
        return doubled;
    }

    /** Rows that the ledger does not cover. */
    Spans outside() {
        return outside;
    }

    /** Rows whose record Kafka does not show; normal where the topic is compacted, a fault elsewhere. */
    Spans notInKafka() {
        return notInKafka;
    }

    long rows() {
        return rows;
    }

    void countRow() {
        rows++;
    }

    long gapOffsets() {
        return gapOffsets;
    }

    void countGap() {
        gapOffsets++;
    }

    long skippedByKafka() {
        return skippedByKafka;
    }

    void countSkippedByKafka() {
        skippedByKafka++;
    }

    long nullValues() {
        return nullValues;
    }

    void countNullValue() {
        nullValues++;
    }

    OffsetRange unverifiable() {
        return unverifiable;
    }

    String unverifiableReason() {
        return unverifiableReason;
    }

    void unverifiable(OffsetRange span, String reason) {
        unverifiable = span;
        unverifiableReason = reason;
    }

    void compacted(boolean now) {
        compacted = now;
    }

    boolean isClean() {
        return missing.count() == 0
                && doubled.count() == 0
                && outside.count() == 0
                && (compacted || notInKafka.count() == 0);
    }
}
