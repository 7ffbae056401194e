/**
 * What is kept no longer: snapshots by age and number ({@link io.firn.compaction.expire.ExpireJob}), staging files that
 * are merged ({@link io.firn.compaction.expire.StagingRetention}). What goes is chosen purely, in
 * {@link io.firn.compaction.expire.ExpirePlan} and {@link io.firn.compaction.expire.MergedFiles}.
 */
@NullMarked
package io.firn.compaction.expire;

import org.jspecify.annotations.NullMarked;
