/**
 * Schemas: text from the configuration to Iceberg types and partition specs, the source columns, and whether a table
 * can take a pipeline's records.
 */
@NullMarked
package io.firn.catalog.schema;

import org.jspecify.annotations.NullMarked;
