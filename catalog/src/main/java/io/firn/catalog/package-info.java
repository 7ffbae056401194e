/**
 * Iceberg state. In: catalog properties, table names. Out: opened catalogs and tables that carry a ledger. Start at
 * {@link io.firn.catalog.ledger.Ledger} for what a table knows and {@link io.firn.catalog.commit.TableCommitter} for
 * how it learns more.
 */
@NullMarked
package io.firn.catalog;

import org.jspecify.annotations.NullMarked;
