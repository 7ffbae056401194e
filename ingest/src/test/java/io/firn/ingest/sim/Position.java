package io.firn.ingest.sim;

import io.firn.catalog.ledger.SourcePartition;

/** What a row says of itself: the record it came from. */
record Position(SourcePartition partition, long offset) {
    @Override
    public String toString() {
        return partition.topicId() + "/" + partition.partition() + "@" + offset;
    }
}
