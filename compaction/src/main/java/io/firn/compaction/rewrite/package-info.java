/**
 * Small files, and files with many deletes, become files of the target size. In: a table's live data files. Out: the
 * same rows in fewer files, a snapshot for every few groups. {@link io.firn.compaction.rewrite.RewriteJob} tells the
 * order: {@link io.firn.compaction.rewrite.BinPack} chooses (purely), {@link io.firn.compaction.rewrite.RewritePlanner}
 * asks the table, {@link io.firn.compaction.rewrite.RowCopy} copies row by row, the job commits.
 */
@NullMarked
package io.firn.compaction.rewrite;

import org.jspecify.annotations.NullMarked;
