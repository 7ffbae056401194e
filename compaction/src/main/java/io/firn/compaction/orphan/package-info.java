/**
 * Files that no snapshot and no metadata of a table references, and that are too old to be somebody's work in progress,
 * are removed. {@link io.firn.compaction.orphan.OrphanJob} tells the order: what is referenced, what is there, what is
 * left over, whether it still is, removal.
 */
@NullMarked
package io.firn.compaction.orphan;

import org.jspecify.annotations.NullMarked;
