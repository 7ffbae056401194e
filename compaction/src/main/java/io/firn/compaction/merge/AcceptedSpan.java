package io.firn.compaction.merge;

import io.firn.catalog.ledger.OffsetRange;

/**
 * Offsets that a person has decided to go on without, because staging lacks them and Kafka no longer holds them.
 *
 * @param topic empty text for every topic of the pipeline
 */
public record AcceptedSpan(String topic, int partition, OffsetRange offsets) {}
