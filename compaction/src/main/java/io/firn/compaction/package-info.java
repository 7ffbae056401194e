/**
 * Jobs that keep tables fast: merge, rewrite, manifests, expire, orphans. In: a table and a budget. Out: snapshots that
 * carry the ledger. Nothing here yet but the words.
 */
@NullMarked
package io.firn.compaction;

import org.jspecify.annotations.NullMarked;
