package io.firn.compaction.merge;

import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.MergedBackfills;
import io.firn.catalog.commit.PropertySwap;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.fold.Sources.Source;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.FileScanTask;

/**
 * What one commit of a merge takes in below the keyed table's ledger, because backfills staged it once more. Immutable.
 *
 * @param ranges of it
 * @param known ranges of other records that are merged and staged still: where a key's last record is one of them, none
 *     of the ranges' counts, even where somebody deleted the key's row
 * @param knownFiles of the staging table that can hold such records
 * @param before how far the keyed table was with backfills
 * @param after how far it is after the commit
 * @param property the text that the keyed table's property had
 */
record Restaged(
        List<Range> ranges,
        List<StagedRange> known,
        List<FileScanTask> knownFiles,
        MergedBackfills before,
        MergedBackfills after,
        Optional<String> property) {
    /** Offsets of one partition. */
    record Range(Source source, OffsetRange offsets, BackfillMode mode) {
        StagedRange staged() {
            return new StagedRange(source, offsets);
        }
    }

    Restaged {
        ranges = List.copyOf(ranges);
        known = List.copyOf(known);
        knownFiles = List.copyOf(knownFiles);
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Lets the commit through only where no other merge did the same meanwhile. */
    PropertySwap swap(UUID commit) {
        return before.equals(after)
                ? PropertySwap.NONE
                : PropertySwap.of(LedgerKeys.MERGED_BACKFILLS, property, Optional.of(after.text(commit)));
    }
}
