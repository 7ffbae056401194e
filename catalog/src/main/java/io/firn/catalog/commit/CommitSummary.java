package io.firn.catalog.commit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.catalog.ledger.LedgerKeys;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The snapshot summary keys of a commit. Pure. */
final class CommitSummary {
    private static final JsonFactory JSON = new JsonFactory();

    private CommitSummary() {}

    static Map<String, String> keys(TableCommit commit, String ledger, Optional<Instant> watermark) {
        TreeMap<String, String> keys = new TreeMap<>();
        keys.put(LedgerKeys.OFFSETS, ledger);
        keys.put(LedgerKeys.RANGES, json(commit, step -> !step.range().isEmpty(), CommitSummary::range));
        keys.put(LedgerKeys.COMMIT_ID, commit.id().toString());
        keys.put(LedgerKeys.OPERATION, commit.operation().summaryValue());
        watermark.ifPresent(instant -> keys.put(LedgerKeys.WATERMARK, instant.toString()));
        if (commit.steps().values().stream().anyMatch(step -> !step.gaps().isEmpty())) {
            keys.put(LedgerKeys.GAPS, json(commit, step -> !step.gaps().isEmpty(), CommitSummary::gaps));
        }
        if (commit.steps().values().stream().anyMatch(step -> !step.skipped().isEmpty())) {
            keys.put(LedgerKeys.SKIPPED, json(commit, step -> !step.skipped().isEmpty(), CommitSummary::skipped));
        }
        return keys;
    }

    /** {@code {"pipeline":{"topic":{"partition":…}}}} of the steps chosen; {@code {}} where none is. */
    private static String json(
            TableCommit commit, java.util.function.Predicate<PartitionStep> chosen, StepWriter value) {
        TreeMap<String, SortedMap<Integer, PartitionStep>> topics = new TreeMap<>();
        for (Map.Entry<SourcePartition, PartitionStep> each : commit.steps().entrySet()) {
            if (chosen.test(each.getValue())) {
                topics.computeIfAbsent(each.getKey().topic(), topic -> new TreeMap<>())
                        .put(each.getKey().partition(), each.getValue());
            }
        }
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartObject();
            if (!topics.isEmpty()) {
                out.writeObjectFieldStart(commit.pipeline());
                for (Map.Entry<String, SortedMap<Integer, PartitionStep>> topic : topics.entrySet()) {
                    out.writeObjectFieldStart(topic.getKey());
                    for (Map.Entry<Integer, PartitionStep> step :
                            topic.getValue().entrySet()) {
                        out.writeFieldName(Integer.toString(step.getKey()));
                        value.write(out, step.getValue());
                    }
                    out.writeEndObject();
                }
                out.writeEndObject();
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static void range(JsonGenerator out, PartitionStep step) throws IOException {
        span(out, step.range());
    }

    private static void gaps(JsonGenerator out, PartitionStep step) throws IOException {
        out.writeStartArray();
        for (OffsetRange gap : step.gaps()) {
            span(out, gap);
        }
        out.writeEndArray();
    }

    private static void skipped(JsonGenerator out, PartitionStep step) throws IOException {
        out.writeStartObject();
        for (Map.Entry<String, Long> reason : step.skipped().entrySet()) {
            out.writeNumberField(reason.getKey(), reason.getValue());
        }
        out.writeEndObject();
    }

    private static void span(JsonGenerator out, OffsetRange span) throws IOException {
        out.writeArray(new long[] {span.start(), span.end()}, 0, 2);
    }

    private interface StepWriter {
        void write(JsonGenerator out, PartitionStep step) throws IOException;
    }
}
