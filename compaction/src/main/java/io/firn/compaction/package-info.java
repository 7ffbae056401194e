/**
 * Jobs that keep tables fast: merge, rewrite, manifests, expire, orphans, metadata. In: a table, a budget, a clock.
 * Out: snapshots that carry the ledger, and a {@link io.firn.compaction.JobResult}. Start at {@link
 * io.firn.compaction.Job}.
 */
@NullMarked
package io.firn.compaction;

import org.jspecify.annotations.NullMarked;
