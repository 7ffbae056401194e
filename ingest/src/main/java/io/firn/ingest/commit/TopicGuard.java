package io.firn.ingest.commit;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.ingest.record.Outage;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the topics are still those that the work was consumed from. Asked after the last record was consumed and
 * before the commit: ids never come back, so what is the same then was the same all the while.
 *
 * <p>A topic that does not exist any more is not another one: what was consumed of it is committed.
 */
public final class TopicGuard {
    private static final Logger LOG = LoggerFactory.getLogger(TopicGuard.class);

    /** The answer. */
    enum Identity {
        SAME,
        RECREATED,
        UNKNOWN
    }

    /** What to do about a topic that was created again. */
    public enum Recreated {
        FAIL,
        BEGIN_AGAIN
    }

    private final Function<Set<String>, Map<String, String>> currentIds;
    private final Recreated policy;
    private final Outage kafka;

    /** @param currentIds as {@link io.firn.ingest.record.RecordSources#topicIds} */
    public TopicGuard(Function<Set<String>, Map<String, String>> currentIds, Recreated policy) {
        this(currentIds, policy, Outage.Listener.NONE);
    }

    /** @param outages receives when Kafka does not answer */
    public TopicGuard(
            Function<Set<String>, Map<String, String>> currentIds, Recreated policy, Outage.Listener outages) {
        this.currentIds = currentIds;
        this.policy = policy;
        this.kafka = new Outage("Kafka", LOG::warn, outages);
    }

    /** @throws FirnException {@code topic-recreated} where the policy is to fail */
    Identity confirm(Set<SourcePartition> partitions) {
        Set<String> names = new TreeSet<>();
        partitions.forEach(partition -> names.add(partition.topic()));
        Map<String, String> ids;
        try {
            ids = currentIds.apply(names);
            kafka.over();
        } catch (FirnException failure) {
            if (failure.kind() != FirnException.Kind.EXTERNAL) {
                throw failure;
            }
            kafka.met(String.valueOf(failure.getMessage()));
            return Identity.UNKNOWN;
        }
        for (SourcePartition partition : partitions) {
            String current = ids.getOrDefault(partition.topic(), partition.topicId());
            if (!current.equals(partition.topicId())) {
                if (policy == Recreated.FAIL) {
                    throw recreated(partition.topic(), partition.topicId(), current);
                }
                LOG.warn("topic {} was created again: {} is now {}", partition.topic(), partition.topicId(), current);
                return Identity.RECREATED;
            }
        }
        return Identity.SAME;
    }

    /** The failure that says so. */
    public static FirnException recreated(String topic, String known, String current) {
        return FirnException.user(
                "topic-recreated",
                "topic " + topic + " was deleted and created again: the table holds records of another topic",
                "the ledger says id " + known + ", Kafka says " + current,
                "set on-gap: record to go on with the new topic from its start, or use another table");
    }
}
