package io.firn.deploy.check;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.compaction.Budget;
import io.firn.compaction.Foreign;
import io.firn.compaction.JobProgress;
import io.firn.compaction.merge.MergeJob;
import io.firn.compaction.merge.MergeSettings;
import io.firn.compaction.merge.UnstagedRecords;
import io.firn.deploy.Assembly;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.MergeConfig;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.maintain.Scratch;
import io.firn.ingest.poll.KafkaSources;
import io.firn.ingest.record.SpanSource;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Finds out whether the next merge of an upsert pipeline could prove its step, by the merge's own proof. */
final class MergeCheck {
    private final String pipeline;
    private final UpsertTables tables;
    private final UpsertParts parts;
    private final Clock clock;

    /** @param tables handles of this check alone */
    MergeCheck(String pipeline, UpsertTables tables, UpsertParts parts, Clock clock) {
        this.pipeline = pipeline;
        this.tables = tables;
        this.parts = parts;
        this.clock = clock;
    }

    /**
     * Reads what the next merge would read, and writes nothing but spill files.
     *
     * @return what staging lacks
     * @throws FirnException what the merge would fail with for another reason
     */
    Optional<UnstagedRecords> run() {
        MergeConfig merge = parts.config().merge();
        try (Scratch scratch = Scratch.create()) {
            MergeSettings settings = MergeSettings.defaults(scratch.folder())
                    .withMemoryBytes(merge.memoryBytes())
                    .withBudget(Budget.UNLIMITED.withRows(merge.rows()));
            MergeSettings marked =
                    parts.deleteWhen().map(settings::withDeleteWhen).orElse(settings);
            MergeJob job = new MergeJob(tables, pipeline, marked, clock, new SplittableRandom(0), JobProgress.NONE);
            return Foreign.call(
                    "what the next merge reads cannot be read",
                    "table " + parts.request().identifier(),
                    job::proveNextStep);
        }
    }

    /** Returns the refusal with what Kafka still holds of the missing records. */
    static FirnException inKafka(
            UnstagedRecords missing, String name, PipelineConfig pipeline, Configuration configuration) {
        FirnException refusal = missing.refusal();
        List<String> gone = new ArrayList<>();
        try (KafkaSources sources = Assembly.sources(name, pipeline, configuration);
                SpanSource kafka = sources.spans()) {
            Map<SourcePartition, OffsetRange> held =
                    kafka.bounds(missing.spans().keySet());
            missing.spans().forEach((partition, spans) -> {
                OffsetRange log = held.get(partition);
                spans.stream()
                        .filter(span -> log == null || span.start() < log.start() || span.end() > log.end())
                        .forEach(span -> gone.add(partition.topic() + "-" + partition.partition() + " " + span
                                + (log == null ? " (topic deleted)" : " (Kafka holds " + log + ")")));
            });
        }
        String kafka = gone.isEmpty()
                ? "; Kafka still holds all of them"
                : "; Kafka no longer holds all of them: " + String.join(", ", gone);
        return FirnException.user(refusal.code(), refusal.what() + kafka, refusal.where(), refusal.action());
    }
}
