package io.firn.catalog.backfill;

import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a backfill is to do, fixed when it was accepted.
 *
 * @param topicId of the incarnation that the ledger knew then
 * @param spans by partition, none of them empty; what lies above the ledger is ingestion's and not in them
 * @param chunk offsets of one commit at most, over all partitions
 * @param told what of the request is not in the spans, and why, for a person
 * @param requestedBy who asked, for a person; may be empty
 * @param branch that it takes effect on first; empty where each chunk does on main
 */
public record BackfillTask(
        String pipeline,
        String topic,
        String topicId,
        BackfillMode mode,
        SortedMap<Integer, OffsetRange> spans,
        long chunk,
        List<String> told,
        String requestedBy,
        Instant requestedAt,
        Optional<BackfillBranch> branch) {
    /** One that takes effect on main. */
    public BackfillTask(
            String pipeline,
            String topic,
            String topicId,
            BackfillMode mode,
            SortedMap<Integer, OffsetRange> spans,
            long chunk,
            List<String> told,
            String requestedBy,
            Instant requestedAt) {
        this(pipeline, topic, topicId, mode, spans, chunk, told, requestedBy, requestedAt, Optional.empty());
    }

    /** @throws IllegalArgumentException where all spans together are more offsets than a number holds */
    public BackfillTask {
        spans = Collections.unmodifiableSortedMap(new TreeMap<>(spans));
        told = List.copyOf(told);
        long room = Long.MAX_VALUE;
        for (OffsetRange span : spans.values()) {
            long offsets = span.end() - span.start();
            if (offsets > room) {
                throw new IllegalArgumentException("more offsets than can be counted in " + spans);
            }
            room -= offsets;
        }
    }

    /** The same on a branch. */
    public BackfillTask on(BackfillBranch other) {
        return new BackfillTask(
                pipeline, topic, topicId, mode, spans, chunk, told, requestedBy, requestedAt, Optional.of(other));
    }

    /** The same, with one thing more to tell. */
    public BackfillTask telling(String more) {
        List<String> all = new ArrayList<>(told);
        all.add(more);
        return new BackfillTask(pipeline, topic, topicId, mode, spans, chunk, all, requestedBy, requestedAt, branch);
    }

    public SourcePartition partition(int number) {
        return new SourcePartition(topic, topicId, number);
    }

    /** How many offsets there are in all spans. */
    public long total() {
        return spans.values().stream()
                .mapToLong(span -> span.end() - span.start())
                .sum();
    }
}
