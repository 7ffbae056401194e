package io.firn.deploy.check;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.Ledger;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.config.PipelineConfig;
import io.firn.ingest.PipelineSettings.OnGap;
import io.firn.ingest.StartPosition;
import io.firn.ingest.record.SpanSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where a pipeline begins or resumes, and why it could not.
 *
 * @param held what Kafka holds, by partition; without those about which Kafka did not answer
 * @param next the offset that is read next, by partition
 * @param refusals why the pipeline would stop at its start
 */
record ResumePositions(
        Map<SourcePartition, OffsetRange> held, Map<SourcePartition, Long> next, List<FirnException> refusals) {
    static ResumePositions of(
            String name, PipelineConfig pipeline, Ledger ledger, Set<SourcePartition> partitions, SpanSource kafka) {
        Map<SourcePartition, OffsetRange> held = kafka.bounds(partitions);
        Map<SourcePartition, Long> starts =
                starts(pipeline, ledger.partitions(name).isEmpty(), held, kafka);
        Map<SourcePartition, Long> next = new HashMap<>();
        List<FirnException> refusals = new ArrayList<>();
        Set<String> recreated = new TreeSet<>();
        held.forEach((partition, range) -> {
            next.put(partition, ledger.next(name, partition).orElse(starts.getOrDefault(partition, range.start())));
            Optional<String> known = ledger.topicId(name, partition.topic());
            boolean isSame = known.isEmpty() || known.get().equals(partition.topicId());
            if (isSame) {
                refusal(partition, next.get(partition), range, pipeline.onGap()).ifPresent(refusals::add);
            } else if (pipeline.onGap() == OnGap.STOP && recreated.add(partition.topic())) {
                refusals.add(FirnException.user(
                        "topic-recreated",
                        "the topic " + partition.topic() + " was created again since the table's last commit",
                        "topic id " + partition.topicId() + ", the ledger has " + known.get(),
                        "set on-gap: record to accept the new topic as another source"));
            }
        });
        return new ResumePositions(held, next, refusals);
    }

    private static Map<SourcePartition, Long> starts(
            PipelineConfig pipeline, boolean isFirst, Map<SourcePartition, OffsetRange> held, SpanSource kafka) {
        Map<SourcePartition, Long> starts = new HashMap<>();
        StartPosition start = pipeline.start();
        if (isFirst && start.time().isPresent()) {
            return kafka.offsetsAt(held.keySet(), start.time().get().toEpochMilli());
        }
        boolean isLatest = isFirst && start.where() == StartPosition.Where.LATEST;
        held.forEach((partition, range) -> starts.put(partition, isLatest ? range.end() : range.start()));
        return starts;
    }

    private static Optional<FirnException> refusal(
            SourcePartition partition, long next, OffsetRange held, OnGap onGap) {
        String where = "expected offset " + next + ", Kafka holds " + held;
        if (next > held.end()) {
            return Optional.of(FirnException.user(
                    "log-truncated",
                    "the log of " + partition
                            + " ends before the table's ledger: Kafka lost records that the table has",
                    where,
                    "roll the table back to a snapshot whose ledger is within the log, or create the topic again"));
        }
        if (next < held.start() && onGap == OnGap.STOP) {
            return Optional.of(FirnException.user(
                    "offsets-lost",
                    "Kafka no longer holds records of " + partition + " that the table does not have yet",
                    where,
                    "set on-gap: record to continue and write the gap into the table's snapshot"));
        }
        return Optional.empty();
    }
}
