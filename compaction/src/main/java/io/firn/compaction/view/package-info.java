/**
 * The freshest answer: keyed rows plus staging rows that are not merged yet, one a key. In: the tables of an upsert
 * pipeline and the ledger of the keyed one. Out: a view, or its SQL. Start at {@link
 * io.firn.compaction.view.LatestView}.
 */
@NullMarked
package io.firn.compaction.view;

import org.jspecify.annotations.NullMarked;
