/**
 * Parquet files put together column by column without decoding their values: pages are copied as they are, and only
 * where dictionaries differ are the ids of a page translated. In: files of one schema. Out: one file with few, large
 * row groups. Start at {@link io.firn.compaction.parquet.PageConcat}. Knows nothing of tables.
 */
@NullMarked
package io.firn.compaction.parquet;

import org.jspecify.annotations.NullMarked;
