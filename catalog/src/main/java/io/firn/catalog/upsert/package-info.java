/**
 * The tables of an upsert pipeline: staging (one row a record), keyed (one row a key) and deletes (what is known of
 * deleted keys). A schema, a key and a configuration come in, three open tables with all they need come out. Start at
 * {@link io.firn.catalog.upsert.UpsertTables}.
 */
@NullMarked
package io.firn.catalog.upsert;

import org.jspecify.annotations.NullMarked;
