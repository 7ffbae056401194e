/** Files written page by page, held against Iceberg's own writer and readers. */
@NullMarked
package io.firn.catalog.parquet;

import org.jspecify.annotations.NullMarked;
