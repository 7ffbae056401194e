/**
 * The merge of an upsert pipeline: records of the staging table that the keyed table has not seen go in, one snapshot
 * of the keyed table with the last record of each key comes out. Start at {@link io.firn.compaction.merge.MergeJob},
 * which tells the order of the steps: plan, read what is staged, probe what is there, write, commit.
 */
@NullMarked
package io.firn.compaction.merge;

import org.jspecify.annotations.NullMarked;
