/** Partitions and files against Iceberg's own and another engine's reading. */
@NullMarked
package io.firn.ingest.write;

import org.jspecify.annotations.NullMarked;
