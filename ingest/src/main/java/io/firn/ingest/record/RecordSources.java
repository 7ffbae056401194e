package io.firn.ingest.record;

import java.util.Map;
import java.util.Set;

/** What a process needs of Kafka for one pipeline: a member of the group for each worker, and the topics' identity. */
public interface RecordSources extends AutoCloseable {
    /**
     * A new member of the group. It joins at its first poll.
     *
     * @param worker from 0, for names in logs
     */
    RecordSource open(int worker);

    /**
     * The current ids of these topics, as Kafka prints them. Safe for use by any thread.
     *
     * @return no entry for a topic that does not exist
     * @throws io.firn.catalog.FirnException of kind external when Kafka does not answer
     */
    Map<String, String> topicIds(Set<String> topics);

    /** Ends what is shared by the workers; their sources are closed on their own. */
    @Override
    void close();
}
