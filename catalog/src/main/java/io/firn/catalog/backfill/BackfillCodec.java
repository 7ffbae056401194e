package io.firn.catalog.backfill;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.ledger.OffsetRange;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** A backfill's state as JSON. Pure. Members that it does not know are ignored. */
public final class BackfillCodec {
    private static final int MAX_PROBLEM = 200;
    private static final JsonFactory JSON = new JsonFactory();

    private BackfillCodec() {}

    public static String write(BackfillState state) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartObject();
            out.writeStringField("id", state.id());
            out.writeStringField("revision", state.revision().toString());
            write(out, state.task());
            out.writeObjectFieldStart("next");
            for (Map.Entry<Integer, Long> each : state.next().entrySet()) {
                out.writeNumberField(each.getKey().toString(), each.getValue());
            }
            out.writeEndObject();
            write(out, state.counts());
            if (state.lastCommit().isPresent()) {
                out.writeStringField("lastCommit", state.lastCommit().get().toString());
            }
            out.writeStringField("state", state.standing().phase().text());
            if (state.standing().error().isPresent()) {
                out.writeStringField("error", state.standing().error().get());
            }
            out.writeStringField("owner", state.owner());
            out.writeStringField("updatedAt", state.updatedAt().toString());
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, BackfillTask task) throws IOException {
        out.writeStringField("pipeline", task.pipeline());
        out.writeStringField("topic", task.topic());
        out.writeStringField("topicId", task.topicId());
        out.writeStringField("mode", task.mode().text());
        out.writeObjectFieldStart("spans");
        for (Map.Entry<Integer, OffsetRange> each : task.spans().entrySet()) {
            out.writeFieldName(each.getKey().toString());
            out.writeArray(new long[] {each.getValue().start(), each.getValue().end()}, 0, 2);
        }
        out.writeEndObject();
        out.writeNumberField("chunk", task.chunk());
        out.writeArrayFieldStart("told");
        for (String each : task.told()) {
            out.writeString(each);
        }
        out.writeEndArray();
        out.writeStringField("requestedBy", task.requestedBy());
        out.writeStringField("requestedAt", task.requestedAt().toString());
        if (task.branch().isPresent()) {
            BackfillBranch branch = task.branch().get();
            out.writeObjectFieldStart("branch");
            out.writeStringField("name", branch.name());
            out.writeNumberField("base", branch.base());
            out.writeNumberField("sequence", branch.sequence());
            out.writeEndObject();
        }
    }

    private static void write(JsonGenerator out, BackfillCounts counts) throws IOException {
        out.writeObjectFieldStart("counts");
        out.writeNumberField("chunks", counts.chunks());
        out.writeNumberField("records", counts.records());
        out.writeNumberField("added", counts.added());
        out.writeNumberField("replaced", counts.replaced());
        out.writeNumberField("kept", counts.kept());
        out.writeNumberField("nulls", counts.nulls());
        out.writeNumberField("restarts", counts.restarts());
        out.writeNumberField("recordsPerSecond", counts.recordsPerSecond());
        out.writeEndObject();
    }

    /**
     * Reads a state, and requires that a request could have led to it.
     *
     * @param key of the property
     * @param table for the error
     * @throws FirnException {@code backfill-unreadable}
     */
    public static BackfillState read(String key, String text, String table) {
        try {
            BackfillState state = state(text);
            BackfillRules.require(key, state);
            return state;
        } catch (IOException | IllegalArgumentException | DateTimeParseException broken) {
            throw FirnException.external(
                    "backfill-unreadable",
                    "the state of a backfill cannot be read: " + problem(broken),
                    "table " + table + ", property " + key,
                    "remove the table property, and start the backfill again",
                    broken);
        }
    }

    /** Others wrote the text, which the message may quote. */
    private static String problem(Exception broken) {
        String said = String.valueOf(
                        broken instanceof JsonProcessingException json
                                ? json.getOriginalMessage()
                                : broken.getMessage())
                .replaceAll("\\p{Cntrl}", "?");
        return said.length() > MAX_PROBLEM ? said.substring(0, MAX_PROBLEM) + "..." : said;
    }

    private static BackfillState state(String text) throws IOException {
        JsonNode json = StrictJson.object(text);
        JsonNode last = json.path("lastCommit");
        JsonNode error = json.path("error");
        return new BackfillState(
                text(json, "id"),
                UUID.fromString(text(json, "revision")),
                task(json),
                StrictJson.numbers(StrictJson.object(json, "next"), "next"),
                counts(StrictJson.object(json, "counts")),
                last.isMissingNode() ? Optional.empty() : Optional.of(UUID.fromString(text(json, "lastCommit"))),
                new Standing(
                        Phase.valueOf(text(json, "state").toUpperCase(Locale.ROOT)),
                        error.isMissingNode() ? Optional.empty() : Optional.of(text(json, "error"))),
                text(json, "owner"),
                Instant.parse(text(json, "updatedAt")));
    }

    private static BackfillTask task(JsonNode json) {
        TreeMap<Integer, OffsetRange> spans = new TreeMap<>();
        StrictJson.object(json, "spans")
                .properties()
                .forEach(each -> spans.put(StrictJson.partition(each.getKey(), "spans"), span(each.getValue())));
        List<String> told = new ArrayList<>();
        StrictJson.array(json, "told").forEach(each -> told.add(StrictJson.text(each, "told")));
        return new BackfillTask(
                text(json, "pipeline"),
                text(json, "topic"),
                text(json, "topicId"),
                BackfillMode.valueOf(text(json, "mode").toUpperCase(Locale.ROOT)),
                spans,
                StrictJson.number(json.path("chunk"), "chunk"),
                told,
                text(json, "requestedBy"),
                Instant.parse(text(json, "requestedAt")),
                branch(json));
    }

    private static Optional<BackfillBranch> branch(JsonNode json) {
        if (json.path("branch").isMissingNode()) {
            return Optional.empty();
        }
        JsonNode branch = StrictJson.object(json, "branch");
        return Optional.of(new BackfillBranch(text(branch, "name"), count(branch, "base"), count(branch, "sequence")));
    }

    private static OffsetRange span(JsonNode ends) {
        if (ends.size() != 2) {
            throw new IllegalArgumentException("a span has a start and an end");
        }
        return new OffsetRange(StrictJson.number(ends.path(0), "spans"), StrictJson.number(ends.path(1), "spans"));
    }

    private static BackfillCounts counts(JsonNode json) {
        return new BackfillCounts(
                count(json, "chunks"),
                count(json, "records"),
                count(json, "added"),
                count(json, "replaced"),
                count(json, "kept"),
                count(json, "nulls"),
                count(json, "restarts"),
                count(json, "recordsPerSecond"));
    }

    private static long count(JsonNode json, String name) {
        return StrictJson.number(json.path(name), name);
    }

    private static String text(JsonNode json, String name) {
        return StrictJson.text(json.path(name), name);
    }
}
