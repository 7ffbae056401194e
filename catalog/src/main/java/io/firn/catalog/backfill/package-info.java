/**
 * What a table knows of its backfills: {@link io.firn.catalog.backfill.BackfillState}, a table property for each,
 * changed by compare and swap ({@link io.firn.catalog.backfill.Backfills}) or in one commit with a chunk of rows.
 */
@NullMarked
package io.firn.catalog.backfill;

import org.jspecify.annotations.NullMarked;
