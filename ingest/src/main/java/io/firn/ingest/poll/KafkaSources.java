package io.firn.ingest.poll;

import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.RecordSources;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.record.TopicSelection;
import java.util.Map;
import java.util.Set;

/** Kafka for one pipeline of one process: consumers of one group, and an admin client for topics and their ids. */
public final class KafkaSources implements RecordSources {
    private final TopicSelection selection;
    private final ClientProperties properties;
    private final KafkaTopics topics;
    private final PipelineHealth health;

    /** As the other constructor, for callers that show nobody the state of Kafka. */
    public KafkaSources(
            String pipeline,
            TopicSelection topics,
            Map<String, Object> properties,
            long fetchMemoryBytes,
            int workers) {
        this(pipeline, topics, properties, fetchMemoryBytes, workers, PipelineHealth.unwatched());
    }

    /**
     * @param pipeline names the consumer group {@code firn-<pipeline>} unless the properties have a {@code group.id}
     * @param properties any Kafka client property; those that the guarantee rests on are overridden with a warning
     * @param fetchMemoryBytes bound on fetched data that waits in all workers' consumers together
     * @param workers how many sources will be opened
     * @param health receives when Kafka does not answer
     */
    public KafkaSources(
            String pipeline,
            TopicSelection topics,
            Map<String, Object> properties,
            long fetchMemoryBytes,
            int workers,
            PipelineHealth health) {
        this.selection = topics;
        this.properties = new ClientProperties(pipeline, topics, properties, fetchMemoryBytes / workers);
        this.topics = new KafkaTopics(topics, this.properties, health);
        this.health = health;
    }

    @Override
    public RecordSource open(int worker) {
        return new KafkaRecordSource(worker, selection, properties, topics, health.outageOf("Kafka, worker " + worker));
    }

    /** Reads spans of these topics beside the group; to be closed before this is. */
    public SpanSource spans() {
        return new KafkaSpanSource(properties, topics);
    }

    @Override
    public Map<String, String> topicIds(Set<String> names) {
        return topics.ids(names);
    }

    @Override
    public void close() {
        topics.close();
    }
}
