package io.firn.deploy.watch;

import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far a partition's table is behind Kafka, whichever process reads it.
 *
 * @param committed the next offset according to the table's ledger; empty if it is not known
 * @param until the Kafka time up to which the table has everything, in milliseconds; empty if it is not known
 * @param end Kafka's end of the partition, committed transactions only; empty if it is not known
 * @param measuredAt when the older of the two was read; empty if one is not known
 * @param holder the member of the consumer group that holds the partition; empty if there is none
 * @param holdersKnown whether Kafka has told who holds what
 */
record PartitionLag(
        SourcePartition partition,
        OptionalLong committed,
        OptionalLong until,
        OptionalLong end,
        Optional<Instant> measuredAt,
        Optional<GroupMember> holder,
        HoldersKnown holdersKnown) {
    /** Whether Kafka has told who holds what. */
    enum HoldersKnown {
        YES,
        NO
    }

    /** Whether Kafka has answered lately with the end and the holder. */
    boolean isKnownByKafka() {
        return end.isPresent() && holdersKnown == HoldersKnown.YES;
    }
}
