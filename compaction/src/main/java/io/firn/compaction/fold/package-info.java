/**
 * Which record of a key wins. Keys and positions of records go in, in any order and any number of times; for each key
 * the one record that comes last by {@link io.firn.compaction.fold.WinnerTable}'s order comes out, within a memory
 * budget. Knows neither Iceberg nor files other than its own spill files.
 */
@NullMarked
package io.firn.compaction.fold;

import org.jspecify.annotations.NullMarked;
