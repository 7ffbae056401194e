package io.firn.compaction.merge;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Records that a merge has to take in and that staging lacks.
 *
 * @param refusal what the merge fails with
 * @param spans offsets without a row by partition, ascending; some of them may be absent from Kafka by nature
 */
public record UnstagedRecords(FirnException refusal, SortedMap<SourcePartition, List<OffsetRange>> spans) {
    public UnstagedRecords {
        spans = Collections.unmodifiableSortedMap(new TreeMap<>(spans));
    }
}
