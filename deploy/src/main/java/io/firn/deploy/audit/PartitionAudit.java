package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.List;

/** What the audit found about one partition. Filled by {@link Audit}, read by {@link AuditReport}. */
final class PartitionAudit {
    static final String RETENTION = "below Kafka's retention";
    static final String RECREATED = "the topic was deleted or created again";

    private final SourcePartition partition;
    private final OffsetRange delivered;
    private final List<OffsetRange> gaps;
    private final boolean ofEarlierTopic;
    private final Spans missing = new Spans();
    private final Spans doubled = new Spans();
    private final Spans outside = new Spans();
    private final Spans notInKafka = new Spans();
    private final Unverifiable unverifiable = new Unverifiable();
    private long rows;
    private long gapOffsets;
    private long skippedByKafka;
    private long folded;
    private long nullValues;
    private long nullsToBeCounted;
    private long nullsCounted;
    private long countedFrom;
    private long windowsFrom;
    private boolean inChain;
    private Compaction compaction = Compaction.NEVER;

    /**
     * @param delivered what the ledger says took effect, from its start to its next offset
     * @param gaps of the ledger, ascending
     */
    PartitionAudit(SourcePartition partition, OffsetRange delivered, List<OffsetRange> gaps) {
        this(partition, delivered, gaps, false);
    }

    private PartitionAudit(
            SourcePartition partition, OffsetRange delivered, List<OffsetRange> gaps, boolean ofEarlierTopic) {
        this.partition = partition;
        this.delivered = delivered;
        this.gaps = List.copyOf(gaps);
        this.ofEarlierTopic = ofEarlierTopic;
        this.countedFrom = delivered.end();
        this.windowsFrom = delivered.start();
    }

    /** Of a topic that was deleted and created again since; Kafka cannot show it. */
    static PartitionAudit ofEarlierTopic(SourcePartition partition, OffsetRange delivered, List<OffsetRange> gaps) {
        return new PartitionAudit(partition, delivered, gaps, true);
    }

    boolean isOfEarlierTopic() {
        return ofEarlierTopic;
    }

    /** Where windows over its history begin; at or before what was delivered. */
    long windowsFrom() {
        return windowsFrom;
    }

    void windowsFrom(long offset) {
        windowsFrom = offset;
    }

    SourcePartition partition() {
        return partition;
    }

    OffsetRange delivered() {
        return delivered;
    }

    /** Spans of the ledger, ascending. */
    List<OffsetRange> gaps() {
        return gaps;
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

    Unverifiable unverifiable() {
        return unverifiable;
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

    /** Records of Kafka that are merged and not in staging: the fold check holds them against the keyed table. */
    long folded() {
        return folded;
    }

    void countFolded() {
        folded++;
    }

    long skippedByKafka() {
        return skippedByKafka;
    }

    void countSkippedByKafka() {
        skippedByKafka++;
    }

    /** Records without a value that are no rows. */
    long nullValues() {
        return nullValues;
    }

    /** {@link SkippedCounts} is through by now. */
    void countNullValue(long offset) {
        nullValues++;
        nullsToBeCounted += offset >= countedFrom ? 1 : 0;
    }

    /** Of {@link #nullValues}, those that only expired snapshots can have counted. */
    long nullsOfExpiredSnapshots() {
        return nullValues - nullsToBeCounted;
    }

    /** Records without a value that are neither rows nor counted by any snapshot. */
    long nullsUncounted() {
        return Math.max(0, nullsToBeCounted - nullsCounted);
    }

    /** Records without a value that snapshots counted and Kafka, which still holds all of that span, does not have. */
    long nullsOvercounted() {
        boolean allThere = compaction == Compaction.NEVER
                && unverifiable.first().stream().allMatch(span -> span.offsets().end() <= countedFrom)
                && unverifiable.first().size() == unverifiable.spanCount();
        return allThere ? Math.max(0, nullsCounted - nullsToBeCounted) : 0;
    }

    /** Before each snapshot, from the head down. */
    void forgetRange() {
        inChain = false;
    }

    /** What a snapshot added; ranges of an earlier incarnation of the topic do not end where ours begin. */
    void summaryRange(OffsetRange range) {
        for (int index = gaps.size() - 1; index >= 0; index--) {
            if (gaps.get(index).end() == countedFrom && range.end() != countedFrom) {
                countedFrom = gaps.get(index).start();
            }
        }
        if (range.end() == countedFrom && range.start() >= delivered.start() && !range.isEmpty()) {
            countedFrom = range.start();
            inChain = true;
        }
    }

    void summarySkipped(long nulls) {
        nullsCounted += inChain ? nulls : 0;
    }

    Compaction compaction() {
        return compaction;
    }

    void compaction(Compaction told) {
        compaction = told;
    }

    /** Rows that Kafka does not show are excused only by compaction that is known to be on. */
    boolean isClean() {
        return missing.count() == 0
                && doubled.count() == 0
                && outside.count() == 0
                && nullsUncounted() == 0
                && nullsOvercounted() == 0
                && (compaction == Compaction.ON || notInKafka.count() == 0);
    }
}
