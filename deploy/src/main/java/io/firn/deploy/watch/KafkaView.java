package io.firn.deploy.watch;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.TopicSelection;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;

/** What {@link LagWatch} reads from Kafka. What Kafka does not answer is missing in the answers. */
interface KafkaView extends AutoCloseable {
    /** Returns the topics that a selection chooses now, with their IDs. */
    Map<String, TopicDescription> topics(Collection<TopicSelection> selections) throws InterruptedException;

    /** Returns the ends of these partitions as a reader of committed records sees them. */
    Map<SourcePartition, Long> ends(Set<SourcePartition> partitions) throws InterruptedException;

    /** Returns by group and partition the member that holds it. */
    Map<String, Map<TopicPartition, GroupMember>> holders(Set<String> groups) throws InterruptedException;

    /** Returns by group and partition the offset that members have committed to Kafka. */
    Map<String, Map<TopicPartition, Long>> reported(Set<String> groups) throws InterruptedException;

    @Override
    void close();
}
