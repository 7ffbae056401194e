package io.firn.deploy.audit;

import io.firn.catalog.ledger.OffsetRange;
import java.util.List;

/** Walks up the offsets of one partition as Kafka delivers them. */
final class Matching implements KafkaLog.Seen {
    private final PartitionAudit found;
    private final OffsetSet inTable;
    private final List<OffsetRange> gaps;
    private final long mergedBelow;
    private long next;

    /**
     * @param start the first offset that Kafka will be asked for
     * @param mergedBelow of a staging table: what lies below that offset is merged, and the fold check judges it
     */
    Matching(PartitionAudit found, OffsetSet inTable, List<OffsetRange> gaps, long start, long mergedBelow) {
        this.mergedBelow = mergedBelow;
        this.found = found;
        this.inTable = inTable;
        this.gaps = gaps;
        this.next = start;
    }

    @Override
    public void deletedBefore(long offset) {
        if (offset > next) {
            found.unverifiable().add(new OffsetRange(next, offset), PartitionAudit.RETENTION);
            next = offset;
        }
    }

    @Override
    public void record(long offset, boolean nullValue) {
        upTo(offset);
        next = offset + 1;
        if (inTable.contains(offset)) {
            return;
        }
        if (isIn(gaps, offset)) {
            found.countGap();
        } else if (offset < mergedBelow) {
            found.countFolded();
        } else if (nullValue) {
            found.countNullValue(offset);
        } else {
            found.missing().add(offset);
        }
    }

    /** Offsets that Kafka did not deliver. */
    void upTo(long end) {
        for (; next < end; next++) {
            if (inTable.contains(next)) {
                found.notInKafka().add(next);
            } else if (isIn(gaps, next)) {
                found.countGap();
            } else {
                found.countSkippedByKafka();
            }
        }
    }

    /** @param spans ascending, apart from each other */
    static boolean isIn(List<OffsetRange> spans, long offset) {
        int low = 0;
        int high = spans.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (spans.get(middle).end() <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < spans.size() && spans.get(low).start() <= offset;
    }
}
