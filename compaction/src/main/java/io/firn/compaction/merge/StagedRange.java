package io.firn.compaction.merge;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.compaction.fold.Sources.Source;

/** What of one partition is to be merged. */
record StagedRange(Source source, OffsetRange offsets) {}
