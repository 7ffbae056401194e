package io.firn.ingest.poll;

import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.RecordSources;
import io.firn.ingest.record.TopicSelection;
import java.util.Map;
import java.util.Set;

/** Kafka for one pipeline of one process: consumers of one group, and an admin client for topics and their ids. */
public final class KafkaSources implements RecordSources {
    /**
     * @param pipeline names the consumer group {@code firn-<pipeline>} unless the properties have a {@code group.id}
     * @param properties any Kafka client property; those that the guarantee rests on are overridden with a warning
     * @param fetchMemoryBytes bound on fetched data that waits in all workers' consumers together
     * @param workers how many sources will be opened
     */
    public KafkaSources(
            String pipeline,
            TopicSelection topics,
            Map<String, Object> properties,
            long fetchMemoryBytes,
            int workers) {}

    @Override
    public RecordSource open(int worker) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, String> topicIds(Set<String> topics) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
