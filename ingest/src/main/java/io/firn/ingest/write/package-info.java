/**
 * From {@link io.firn.ingest.record.Row}s to Parquet data files. In: rows. Out: Iceberg {@code DataFile}s with their
 * partitions and metrics. Start at {@link io.firn.ingest.write.DataFileWriters}.
 */
@NullMarked
package io.firn.ingest.write;

import org.jspecify.annotations.NullMarked;
