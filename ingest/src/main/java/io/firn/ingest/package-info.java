/**
 * From Kafka to data files and commits. In: a pipeline's configuration and its table. Out: snapshots. The story is in
 * {@link io.firn.ingest.IngestLoop}; the stages (poll, decode, write, commit) do not know each other.
 */
@NullMarked
package io.firn.ingest;

import org.jspecify.annotations.NullMarked;
