package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.deploy.backfill.BackfillDesk;
import io.firn.deploy.http.Shape.Type;
import io.firn.ingest.backfill.BackfillRequest;
import io.firn.ingest.backfill.BackfillRequest.Position;
import io.firn.ingest.backfill.BackfillSettings;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Backfills: begin, look, publish, end. */
public final class BackfillRoutes {
    private static final List<String> MODES =
            Arrays.stream(BackfillMode.values()).map(BackfillMode::text).toList();

    private static final List<String> STATES =
            Arrays.stream(Phase.values()).map(Phase::text).toList();

    private static final Shape REQUEST = Shape.of("BackfillRequest", "Which records are to be read once more.")
            .field("pipeline", Type.TEXT, "as in the configuration")
            .optional("topic", Type.TEXT, "needed where the pipeline has several")
            .optional("partitions", Type.listOf(Type.LONG), "default: all")
            .optional(
                    "from", Type.TEXT_OR_LONG, "offset or ISO-8601 instant, inclusive; default: the first that is held")
            .optional("to", Type.TEXT_OR_LONG, "offset or ISO-8601 instant, exclusive; default: the ledger")
            .optional("chunk", Type.LONG, "offsets of one commit at most; default and most: 250000")
            .optional("branch", Type.TEXT, "a new one that it takes effect on until it is published; default: main")
            .field("mode", Type.choice(MODES), "replace: rows are swapped for new ones; missing: only those not there");

    private static final Shape BACKFILL = Shape.of("Backfill", "A backfill, as its table knows it.")
            .field("id", Type.TEXT, "its name")
            .field("table", Type.TEXT, "the pipeline's table")
            .field("pipeline", Type.TEXT, "as in the configuration")
            .field("topic", Type.TEXT, "name of the topic")
            .field("mode", Type.choice(MODES), "replace or missing")
            .field("state", Type.choice(STATES), "whether it goes on; ready: it waits to be published or dropped")
            .optional("branch", Type.TEXT, "that it takes effect on until it is published")
            .field("spans", Type.OBJECT, "by partition: first offset, and the one after the last")
            .field("told", Type.listOf(Type.TEXT), "what was asked for and is not done, and why")
            .field("total", Type.LONG, "offsets of all spans")
            .field("done", Type.LONG, "offsets that are done")
            .field("chunks", Type.LONG, "commits so far")
            .field("records", Type.LONG, "that Kafka delivered")
            .field("added", Type.LONG, "rows that are new")
            .field("replaced", Type.LONG, "rows that were swapped for new ones")
            .field("kept", Type.LONG, "rows left as they are: there already, or Kafka delivers them no longer")
            .field("nulls", Type.LONG, "records without a value that are counted instead of kept as rows")
            .field("restarts", Type.LONG, "how often it began again because its commits were rolled back")
            .field("recordsPerSecond", Type.LONG, "of the last chunk")
            .optional("secondsLeft", Type.LONG, "at that rate")
            .optional("error", Type.TEXT, "why it failed")
            .field("owner", Type.TEXT, "the process that works on it")
            .field("requestedBy", Type.TEXT, "who asked for it")
            .field("requestedAt", Type.TIME, "when")
            .field("updatedAt", Type.TIME, "when anything of this changed last");

    private static final Shape PLAN = Shape.of("BackfillPlan", "What a backfill would read.")
            .field("pipeline", Type.TEXT, "as in the configuration")
            .field("topic", Type.TEXT, "name of the topic")
            .field("mode", Type.choice(MODES), "replace or missing")
            .field("spans", Type.OBJECT, "by partition: first offset, and the one after the last")
            .field("told", Type.listOf(Type.TEXT), "what is asked for and would not be done, and why")
            .field("total", Type.LONG, "offsets of all spans");

    private static final Shape UNREADABLE = Shape.of(
                    "UnreadableBackfill", "A property that somebody else wrote, or that is damaged: remove it.")
            .field("table", Type.TEXT, "the table that has it")
            .field("property", Type.TEXT, "its key")
            .field("problem", Type.TEXT, "what is wrong with it");

    private static final Shape BACKFILLS = Shape.of("Backfills", "All backfills that the tables know of.")
            .field("backfills", Type.listOf(Type.of(BACKFILL)), "the one that was asked for last first")
            .field("unreadable", Type.listOf(Type.of(UNREADABLE)), "table properties that are no states of backfills");

    private final BackfillDesk desk;

    private BackfillRoutes(BackfillDesk desk) {
        this.desk = desk;
    }

    public static List<Route> of(BackfillDesk desk) {
        BackfillRoutes routes = new BackfillRoutes(desk);
        return Stream.of(
                        Route.begin(
                                "/v1/backfills",
                                "startBackfill",
                                "reads records once more, beside live ingestion",
                                REQUEST,
                                BACKFILL,
                                call -> one(desk.start(routes.request(call)))),
                        Route.plan(
                                "/v1/backfills/plan",
                                "planBackfill",
                                "says what a request would read, and begins nothing",
                                REQUEST,
                                PLAN,
                                call -> plan(desk.plan(routes.request(call)))),
                        Route.get("/v1/backfills", "backfills", "all backfills", BACKFILLS, call -> routes.all()),
                        Route.get(
                                "/v1/backfills/{id}",
                                "backfill",
                                "one backfill",
                                BACKFILL,
                                call -> one(desk.find(call.path("id")))),
                        Route.delete(
                                "/v1/backfills/{id}",
                                "cancelBackfill",
                                "ends it; what it committed to main stays, its branch is dropped",
                                BACKFILL,
                                call -> one(desk.cancel(call.path("id"), call.who()))),
                        Route.proceed(
                                "/v1/backfills/{id}/publish",
                                "publishBackfill",
                                "brings its branch to main in one commit; asked again, nothing happens twice",
                                BACKFILL,
                                call -> one(desk.publish(call.path("id")))))
                .map(Route::asking)
                .toList();
    }

    private BackfillRequest request(Route.Call call) {
        JsonNode body = call.body();
        String pipeline = body.path("pipeline").asText();
        TreeSet<Integer> partitions = new TreeSet<>();
        for (JsonNode each : body.path("partitions")) {
            if (!each.canConvertToInt()) {
                throw FirnException.user(
                        "body-invalid",
                        "not a partition: " + each,
                        "body.partitions",
                        "write their numbers, as [0, 3]");
            }
            partitions.add(each.intValue());
        }
        return new BackfillRequest(
                pipeline,
                body.hasNonNull("topic") ? body.path("topic").asText() : desk.onlyTopic(pipeline),
                partitions,
                position(body, "from"),
                position(body, "to"),
                BackfillMode.of(body.path("mode").asText()).orElseThrow(),
                body.path("chunk").asLong(BackfillSettings.DEFAULT_CHUNK_RECORDS),
                call.who(),
                body.hasNonNull("branch") ? Optional.of(body.path("branch").asText()) : Optional.empty());
    }

    private static Optional<Position> position(JsonNode body, String field) {
        return body.hasNonNull(field)
                ? Optional.of(Position.parse(body.path(field).asText(), "body." + field))
                : Optional.empty();
    }

    private String all() {
        BackfillDesk.Listing listing = desk.list();
        return Json.object(out -> {
            out.writeArrayFieldStart("backfills");
            for (BackfillDesk.Entry entry : listing.entries()) {
                out.writeStartObject();
                write(out, entry);
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeArrayFieldStart("unreadable");
            for (BackfillDesk.Unreadable each : listing.unreadable()) {
                out.writeStartObject();
                out.writeStringField("table", each.table());
                out.writeStringField("property", each.property());
                out.writeStringField("problem", each.problem());
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static String one(BackfillDesk.Entry entry) {
        return Json.object(out -> write(out, entry));
    }

    private static String plan(BackfillTask task) {
        return Json.object(out -> {
            out.writeStringField("pipeline", task.pipeline());
            out.writeStringField("topic", task.topic());
            out.writeStringField("mode", task.mode().text());
            spans(out, task);
        });
    }

    private static void spans(JsonGenerator out, BackfillTask task) throws IOException {
        out.writeObjectFieldStart("spans");
        for (Map.Entry<Integer, OffsetRange> each : task.spans().entrySet()) {
            out.writeFieldName(each.getKey().toString());
            out.writeArray(new long[] {each.getValue().start(), each.getValue().end()}, 0, 2);
        }
        out.writeEndObject();
        out.writeArrayFieldStart("told");
        for (String told : task.told()) {
            out.writeString(told);
        }
        out.writeEndArray();
        out.writeNumberField("total", task.total());
    }

    private static void write(JsonGenerator out, BackfillDesk.Entry entry) throws IOException {
        BackfillState state = entry.state();
        out.writeStringField("id", state.id());
        out.writeStringField("table", entry.table());
        out.writeStringField("pipeline", state.task().pipeline());
        out.writeStringField("topic", state.task().topic());
        out.writeStringField("mode", state.task().mode().text());
        out.writeStringField("state", state.standing().phase().text());
        if (state.task().branch().isPresent()) {
            out.writeStringField("branch", state.task().branch().get().name());
        }
        spans(out, state.task());
        out.writeNumberField("done", state.done());
        out.writeNumberField("chunks", state.counts().chunks());
        out.writeNumberField("records", state.counts().records());
        out.writeNumberField("added", state.counts().added());
        out.writeNumberField("replaced", state.counts().replaced());
        out.writeNumberField("kept", state.counts().kept());
        out.writeNumberField("nulls", state.counts().nulls());
        out.writeNumberField("restarts", state.counts().restarts());
        out.writeNumberField("recordsPerSecond", state.counts().recordsPerSecond());
        Json.number(out, "secondsLeft", state.secondsLeft());
        if (state.standing().error().isPresent()) {
            out.writeStringField("error", state.standing().error().get());
        }
        out.writeStringField("owner", state.owner());
        out.writeStringField("requestedBy", state.task().requestedBy());
        out.writeStringField("requestedAt", state.task().requestedAt().toString());
        out.writeStringField("updatedAt", state.updatedAt().toString());
    }
}
