package io.firn.deploy.check;

import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.NearestKey;
import io.firn.deploy.config.PipelineConfig;
import io.firn.deploy.config.UpsertConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a sample means for the person who configured the pipeline. */
final class SampleFindings {
    /** Of names in one message. */
    private static final int MAX_NAMES = 20;

    private final PipelineConfig pipeline;
    private final String key;
    private final SampleReport sample;

    /** @param key of the pipeline, with the file, as {@code firn.yaml, pipelines.orders} */
    SampleFindings(PipelineConfig pipeline, String key, SampleReport sample) {
        this.pipeline = pipeline;
        this.key = key;
        this.sample = sample;
    }

    List<ConfigProblem> problems() {
        List<ConfigProblem> problems = new ArrayList<>();
        boolean stops = sample.firstBad().stream().anyMatch(SampleReport.BadRecord::ahead);
        if (stops) {
            boolean stands = sample.firstBad().stream().anyMatch(SampleReport.BadRecord::next);
            problems.add(new ConfigProblem(
                    (stands
                                    ? "the pipeline would stop at once, its next record cannot be decoded: "
                                    : "the pipeline would stop, records cannot be decoded: ")
                            + bad(),
                    key,
                    "correct the schema or the pipeline's decoding (timestamp-unit, on-unknown-field, on-null-value,"
                            + " key-format), or what is produced"));
        }
        if (sample.matchesNothing()) {
            problems.add(new ConfigProblem(
                    "no field of any record has a column: " + names(sample.unmatchedFields()),
                    key + ".schema",
                    "correct the schema, or the pipeline's topics"));
        }
        return problems;
    }

    List<ConfigProblem> hints() {
        List<ConfigProblem> hints = new ArrayList<>();
        if (sample.badRecords() > 0 && sample.firstBad().stream().noneMatch(SampleReport.BadRecord::ahead)) {
            hints.add(
                    new ConfigProblem("records that the pipeline does not read cannot be decoded: " + bad(), key, ""));
        }
        if (!sample.unmatchedFields().isEmpty() && !sample.matchesNothing()) {
            hints.add(new ConfigProblem(
                    "fields without a column are ignored: " + names(sample.unmatchedFields()),
                    key + ".schema",
                    "add columns for those you want, or set on-unknown-field: stop"));
        }
        if (!sample.absentColumns().isEmpty() && !sample.matchesNothing()) {
            hints.add(new ConfigProblem(
                    "columns that no record of the sample has: " + absent(),
                    key + ".schema",
                    "check their names: JSON fields and columns are matched exactly"));
        }
        if (sample.quotedKeys() > 0
                && pipeline.upsert()
                        .filter(upsert -> upsert.keyFormat() == UpsertConfig.KeyFormat.TEXT)
                        .isPresent()) {
            hints.add(new ConfigProblem(
                    "Kafka keys are JSON strings, and key-format: text takes the quotes for a part of the key",
                    key + ".key-format",
                    "set key-format: json"));
        }
        if (!sample.complete()) {
            hints.add(new ConfigProblem(
                    "the sample was not read to its end within " + PipelineSample.MAX_TIME.toSeconds() + " s: "
                            + sample.records() + " records were",
                    key,
                    "run it again with a smaller --sample"));
        }
        return hints;
    }

    private String bad() {
        return sample.badRecords() + " of " + sample.records() + " sampled; "
                + sample.firstBad().stream()
                        .map(record -> record.position() + ": " + record.reason())
                        .collect(Collectors.joining("; "));
    }

    private String absent() {
        TreeSet<String> fields = new TreeSet<>(sample.unmatchedFields().keySet());
        return sample.absentColumns().stream()
                .limit(MAX_NAMES)
                .map(column -> NearestKey.close(column, fields)
                        .map(field -> column + " (records have " + field + ")")
                        .orElse(column))
                .collect(Collectors.joining(", "));
    }

    private static String names(Map<String, Long> fields) {
        String named = fields.entrySet().stream()
                .limit(MAX_NAMES)
                .map(field -> field.getKey() + " (" + field.getValue() + " records)")
                .collect(Collectors.joining(", "));
        return fields.size() > MAX_NAMES ? named + " and " + (fields.size() - MAX_NAMES) + " more" : named;
    }
}
