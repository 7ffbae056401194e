/** Parquet files written page by page from values as they come, without an object or a virtual call for each. */
@NullMarked
package io.firn.catalog.parquet;

import org.jspecify.annotations.NullMarked;
