/**
 * Kafka, and the only package that sees its classes. In: client properties, a choice of topics. Out: records,
 * positions, bounds, through {@link io.firn.ingest.record.RecordSource}. Start at {@link
 * io.firn.ingest.poll.KafkaSources}.
 */
@NullMarked
package io.firn.ingest.poll;

import org.jspecify.annotations.NullMarked;
