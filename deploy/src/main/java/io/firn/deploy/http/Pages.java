package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.firn.ingest.PipelineStatus;
import io.firn.ingest.PipelineStatus.PartitionStatus;
import io.firn.ingest.record.PipelineHealth;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** What the service says of its pipelines, as JSON. */
final class Pages {
    private Pages() {}

    /** Why the service is not ready; empty where it is. */
    static List<String> unready(List<PipelineStatus> pipelines) {
        List<String> reasons = new ArrayList<>();
        for (PipelineStatus pipeline : pipelines) {
            if (!pipeline.works()) {
                reasons.add("pipeline " + pipeline.pipeline() + " is " + state(pipeline)
                        + pipeline.trouble().map(trouble -> ": " + trouble).orElse(""));
            }
        }
        return reasons;
    }

    /** What somebody should look at in pipelines that do their work. */
    static List<String> warnings(List<PipelineStatus> pipelines) {
        return pipelines.stream()
                .filter(PipelineStatus::works)
                .flatMap(pipeline -> pipeline.troubles().stream()
                        .map(trouble -> "pipeline " + pipeline.pipeline() + ", " + trouble.component() + ": "
                                + trouble.reason()))
                .toList();
    }

    /** @param warnings with which it works, and somebody should look */
    static String readiness(List<String> reasons, List<String> warnings) {
        return Json.object(out -> {
            out.writeBooleanField("ready", reasons.isEmpty());
            String status = warnings.isEmpty() ? "green" : "amber";
            out.writeStringField("status", reasons.isEmpty() ? status : "red");
            out.writeArrayFieldStart("reasons");
            for (String reason : reasons) {
                out.writeString(reason);
            }
            for (String warning : warnings) {
                out.writeString(warning);
            }
            out.writeEndArray();
        });
    }

    static String all(List<PipelineStatus> pipelines, boolean withPartitions, Instant now) {
        return Json.object(out -> {
            out.writeBooleanField("ready", unready(pipelines).isEmpty());
            out.writeArrayFieldStart("pipelines");
            for (PipelineStatus pipeline : pipelines) {
                out.writeStartObject();
                write(out, pipeline, withPartitions);
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeStringField("at", now.toString());
        });
    }

    static String one(PipelineStatus pipeline) {
        return Json.object(out -> write(out, pipeline, true));
    }

    private static void write(JsonGenerator out, PipelineStatus pipeline, boolean withPartitions) throws IOException {
        List<PartitionStatus> partitions = pipeline.partitions();
        out.writeStringField("name", pipeline.pipeline());
        out.writeStringField("state", state(pipeline));
        out.writeNumberField("commits", pipeline.commits());
        out.writeNumberField("resets", pipeline.resets());
        out.writeNumberField("bufferedBytes", pipeline.bufferedBytes());
        if (pipeline.lastCommit().isPresent()) {
            out.writeStringField("lastCommit", pipeline.lastCommit().get().toString());
        }
        Json.identifier(out, "lastSnapshotId", pipeline.lastSnapshotId());
        out.writeNumberField(
                "assignedPartitions",
                partitions.stream()
                        .filter(partition -> partition.place() == PipelineStatus.Place.HERE)
                        .count());
        out.writeNumberField(
                "delivered",
                partitions.stream().mapToLong(PartitionStatus::delivered).sum());
        out.writeNumberField(
                "processed",
                partitions.stream().mapToLong(PartitionStatus::processed).sum());
        out.writeNumberField(
                "effective",
                partitions.stream().mapToLong(PartitionStatus::effective).sum());
        OptionalLong lag = lag(partitions);
        Json.number(out, "lag", lag);
        out.writeBooleanField("lagKnown", lag.isPresent());
        troubles(out, pipeline);
        if (withPartitions) {
            out.writeArrayFieldStart("partitions");
            for (PartitionStatus partition : partitions) {
                write(out, partition);
            }
            out.writeEndArray();
        }
    }

    private static void troubles(JsonGenerator out, PipelineStatus pipeline) throws IOException {
        if (pipeline.trouble().isPresent()) {
            out.writeStringField("trouble", pipeline.trouble().get());
        }
        out.writeArrayFieldStart("troubles");
        for (PipelineHealth.Trouble trouble : pipeline.troubles()) {
            out.writeStartObject();
            out.writeStringField("component", trouble.component());
            out.writeStringField("level", trouble.level().name().toLowerCase(Locale.ROOT));
            out.writeStringField("reason", trouble.reason());
            out.writeStringField("since", trouble.since().toString());
            out.writeEndObject();
        }
        out.writeEndArray();
        if (pipeline.failure().isPresent()) {
            PipelineStatus.Failure failure = pipeline.failure().get();
            out.writeObjectFieldStart("failure");
            out.writeStringField("code", failure.code());
            out.writeStringField("what", failure.what());
            out.writeStringField("where", failure.where());
            out.writeStringField("action", failure.action());
            out.writeStringField("at", failure.at().toString());
            out.writeEndObject();
        }
    }

    private static void write(JsonGenerator out, PartitionStatus partition) throws IOException {
        out.writeStartObject();
        out.writeStringField("topic", partition.partition().topic());
        out.writeNumberField("partition", partition.partition().partition());
        Json.number(out, "committed", partition.committed());
        Json.number(out, "end", partition.end());
        Json.number(out, "lag", partition.lag());
        if (partition.measuredAt().isPresent()) {
            out.writeStringField("measuredAt", partition.measuredAt().get().toString());
        }
        out.writeBooleanField("here", partition.place() == PipelineStatus.Place.HERE);
        if (partition.holder().isPresent()) {
            out.writeStringField("holder", partition.holder().get());
        }
        out.writeNumberField("delivered", partition.delivered());
        out.writeNumberField("processed", partition.processed());
        out.writeNumberField("effective", partition.effective());
        out.writeEndObject();
    }

    /** Of all partitions; unknown as long as that of one is, or no partition is known. */
    static OptionalLong lag(List<PartitionStatus> partitions) {
        if (partitions.isEmpty()) {
            return OptionalLong.empty();
        }
        long lag = 0;
        for (PartitionStatus partition : partitions) {
            if (partition.lag().isEmpty()) {
                return OptionalLong.empty();
            }
            lag += partition.lag().getAsLong();
        }
        return OptionalLong.of(lag);
    }

    private static String state(PipelineStatus pipeline) {
        return pipeline.state().name().toLowerCase(Locale.ROOT);
    }
}
