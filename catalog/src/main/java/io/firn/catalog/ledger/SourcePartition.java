package io.firn.catalog.ledger;

import java.util.Comparator;

/**
 * One partition of one incarnation of a topic. The topic's id is part of the identity: a topic that was deleted and
 * created again is another source.
 *
 * @param topic the topic's name
 * @param topicId the topic's id as Kafka prints it (22 characters of base64)
 * @param partition from 0
 */
public record SourcePartition(String topic, String topicId, int partition) implements Comparable<SourcePartition> {
    private static final Comparator<SourcePartition> ORDER = Comparator.comparing(SourcePartition::topic)
            .thenComparing(SourcePartition::topicId)
            .thenComparingInt(SourcePartition::partition);

    public SourcePartition {
        if (topic.isEmpty() || topicId.isEmpty() || partition < 0) {
            throw new IllegalArgumentException("not a partition: " + topic + " " + topicId + " " + partition);
        }
    }

    @Override
    public int compareTo(SourcePartition other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
