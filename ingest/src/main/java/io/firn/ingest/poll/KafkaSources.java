package io.firn.ingest.poll;

import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.PipelineHealth;
import io.firn.ingest.record.RecordSource;
import io.firn.ingest.record.RecordSources;
import io.firn.ingest.record.SpanSource;
import io.firn.ingest.record.TopicSelection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Kafka for one pipeline of one process: consumers of one group, and an admin client for topics and their ids. */
public final class KafkaSources implements RecordSources {
    private final TopicSelection selection;
    private final ClientProperties properties;
    private final KafkaTopics topics;
    private final PipelineHealth health;
    private final @Nullable ReaderIdentity identity;

    /** As the other constructor, for callers that show nobody the state of Kafka. */
    public KafkaSources(
            ReaderIdentity identity,
            TopicSelection topics,
            Map<String, Object> properties,
            long fetchMemoryBytes,
            int workers) {
        this(identity, topics, properties, fetchMemoryBytes, workers, PipelineHealth.unwatched());
    }

    /**
     * @param identity names the consumer group
     * @param properties any Kafka client property
     * @param fetchMemoryBytes bound on fetched data that waits in all workers' consumers together
     * @param workers how many sources will be opened
     * @param health receives when Kafka does not answer
     * @throws io.firn.catalog.FirnException {@code kafka-config} if a property cannot be honoured
     */
    public KafkaSources(
            ReaderIdentity identity,
            TopicSelection topics,
            Map<String, Object> properties,
            long fetchMemoryBytes,
            int workers,
            PipelineHealth health) {
        this(
                identity,
                topics,
                new ClientProperties(identity.pipeline(), topics, properties, fetchMemoryBytes / workers),
                health);
    }

    private KafkaSources(
            @Nullable ReaderIdentity identity,
            TopicSelection topics,
            ClientProperties properties,
            PipelineHealth health) {
        this.identity = identity;
        this.selection = topics;
        this.properties = properties;
        this.topics = new KafkaTopics(topics, properties, health);
        this.health = health;
    }

    /** Sources without a consumer group, from which {@link #spans} can be read and nothing else. */
    public static KafkaSources withoutGroup(
            String pipeline, TopicSelection topics, Map<String, Object> properties, long fetchMemoryBytes) {
        return new KafkaSources(
                null,
                topics,
                new ClientProperties(pipeline, topics, properties, fetchMemoryBytes),
                PipelineHealth.unwatched());
    }

    @Override
    public RecordSource open(int worker) {
        if (identity == null) {
            throw new IllegalStateException("these sources have no consumer group");
        }
        return new KafkaRecordSource(
                worker, identity, selection, properties, topics, health.outageOf("Kafka, worker " + worker));
    }

    /** Reads spans of these topics beside the group; to be closed before this is. */
    public SpanSource spans() {
        return new KafkaSpanSource(properties, topics);
    }

    /**
     * Returns all partitions of the pipeline's topics.
     *
     * @throws io.firn.catalog.FirnException as {@link RecordSource#partitions}
     */
    public Set<SourcePartition> partitions() {
        return topics.partitions();
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
