package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.FirnException;
import io.firn.catalog.upsert.AcceptedSpan;
import io.firn.compaction.plan.JobKind;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.http.Shape.Type;
import io.firn.deploy.jobs.JobBoard;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.jobs.ServiceJobs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Compactions and audits: asking for them, and what becomes of them. */
public final class JobRoutes {
    private static final String COMPACTION = "compaction";
    private static final String AUDIT = "audit";
    private static final String ACCEPT_MISSING = "acceptMissing";
    private static final List<String> KINDS =
            Arrays.stream(JobKind.values()).map(JobKind::jobName).toList();

    private static final Shape ASKED_COMPACTION = Shape.of("AskedCompaction", "A job to run on a table.")
            .field("job", Type.choice(KINDS), "which")
            .optional(
                    ACCEPT_MISSING,
                    Type.listOf(Type.TEXT),
                    "of a merge: spans of offsets, as orders-0:50-70, that staging and Kafka lack and that it"
                            + " goes on without for good");

    private static final Shape ASKED_AUDIT = Shape.of("AskedAudit", "A pipeline to audit.")
            .field("pipeline", Type.TEXT, "its name in the configuration")
            .optional("deep", Type.FLAG, "whether to read every column of every file as well");

    private static final Shape COMPACTION_SHAPE = progress(
            Shape.of("Compaction", "A job on a table.")
                    .field("id", Type.TEXT, "of its own")
                    .field("table", Type.TEXT, "namespace and name")
                    .field("job", Type.choice(KINDS), "which")
                    .optional("cancelledBy", Type.TEXT, "who asked that it ends early"),
            List.of("queued", "running", "done", "failed", "cancelled", "stopped"),
            "what it did; its \"end\" says whether more is to do");

    private static final Shape AUDIT_SHAPE = progress(
                    Shape.of("Audit", "A comparison of a pipeline's tables with Kafka.")
                            .field("id", Type.TEXT, "of its own")
                            .field("pipeline", Type.TEXT, "its name")
                            .optional("cancelledBy", Type.TEXT, "who asked that it ends early"),
                    List.of("queued", "running", "done", "failed", "cancelled", "stopped"),
                    "every difference and every explained gap, by partition")
            .optional("clean", Type.FLAG, "whether there is no difference")
            .optional("report", Type.TEXT, "the result for people");

    private static final Shape COMPACTIONS = Shape.of("Compactions", "Jobs asked of this process, the latest first.")
            .field("compactions", Type.listOf(Type.of(COMPACTION_SHAPE)), "without those long over");

    private static final Shape AUDITS = Shape.of("Audits", "Audits asked of this process, the latest first.")
            .field("audits", Type.listOf(Type.of(AUDIT_SHAPE)), "without those long over");

    private JobRoutes() {}

    private static Shape progress(Shape begun, List<String> states, String result) {
        Shape problem = Problem.SHAPE;
        return begun.field("state", Type.choice(states), "where it is")
                .field("by", Type.TEXT, "who asked for it")
                .field("queuedAt", Type.TIME, "when it was asked for")
                .optional("begunAt", Type.TIME, "when it began")
                .optional("endedAt", Type.TIME, "when it was over")
                .field("phase", Type.TEXT, "what it is doing")
                .field("unit", Type.TEXT, "what is counted in this phase")
                .field("done", Type.LONG, "of this phase")
                .optional("total", Type.LONG, "of this phase, where it is known")
                .optional("secondsLeft", Type.LONG, "of this phase, where it can be told")
                .optional("result", Type.OBJECT, result)
                .optional("problem", Type.of(problem), "why it failed");
    }

    public static List<Route> of(ServiceJobs jobs) {
        return List.of(
                Route.begin(
                        "/v1/tables/{table}/compactions",
                        "compact",
                        "runs a job on a table",
                        ASKED_COMPACTION,
                        COMPACTION_SHAPE,
                        call -> compaction(jobs.compact(
                                call.path("table"),
                                kind(call.body().path("job").asText()),
                                accepted(call.body().path(ACCEPT_MISSING)),
                                call.who()))),
                Route.get(
                        "/v1/compactions",
                        "compactions",
                        "jobs asked for",
                        COMPACTIONS,
                        call -> list(jobs.compactions(), COMPACTION)),
                Route.get(
                        "/v1/compactions/{id}",
                        "compaction",
                        "one job",
                        COMPACTION_SHAPE,
                        call -> compaction(find(jobs.compactions(), COMPACTION, call.path("id")))),
                Route.end(
                        "/v1/compactions/{id}",
                        "cancelCompaction",
                        "ends it: at once where it has not begun, else at its next step; what it committed stays",
                        COMPACTION_SHAPE,
                        call -> compaction(known(
                                jobs.compactions().cancel(call.path("id"), call.who()), COMPACTION, call.path("id")))),
                Route.begin(
                        "/v1/audits",
                        "audit",
                        "compares a pipeline's tables with Kafka",
                        ASKED_AUDIT,
                        AUDIT_SHAPE,
                        call -> audit(jobs.audit(
                                call.body().path("pipeline").asText(),
                                call.body().path("deep").asBoolean()
                                        ? PipelineAudit.Depth.EVERY_COLUMN
                                        : PipelineAudit.Depth.SOURCE_COLUMNS,
                                call.who()))),
                Route.get("/v1/audits", "audits", "audits asked for", AUDITS, call -> list(jobs.audits(), AUDIT)),
                Route.get(
                        "/v1/audits/{id}",
                        "auditOf",
                        "one audit",
                        AUDIT_SHAPE,
                        call -> audit(find(jobs.audits(), AUDIT, call.path("id")))),
                Route.end(
                        "/v1/audits/{id}",
                        "cancelAudit",
                        "ends it: at once where it has not begun, else within a second",
                        AUDIT_SHAPE,
                        call -> audit(
                                known(jobs.audits().cancel(call.path("id"), call.who()), AUDIT, call.path("id")))));
    }

    private static JobKind kind(String name) {
        return JobKind.valueOf(name.toUpperCase(Locale.ROOT));
    }

    private static List<AcceptedSpan> accepted(JsonNode spans) {
        List<AcceptedSpan> accepted = new ArrayList<>();
        spans.forEach(span -> accepted.add(AcceptedSpan.parse(Plain.text(span.asText()))));
        return accepted;
    }

    private static JobRecord find(JobBoard board, String what, String id) {
        return known(board.find(id), what, id);
    }

    private static JobRecord known(Optional<JobRecord> found, String what, String id) {
        return found.orElseThrow(() -> FirnException.user(
                what + "-unknown",
                "this process knows of no such " + what,
                what + " " + Plain.text(id),
                "ask the process that answered when it was begun; it forgets at its end"));
    }

    private static String list(JobBoard board, String what) {
        return Json.object(out -> {
            out.writeArrayFieldStart(what + "s");
            for (JobRecord record : board.all()) {
                out.writeStartObject();
                write(out, record, what);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static String compaction(JobRecord record) {
        return Json.object(out -> write(out, record, COMPACTION));
    }

    private static String audit(JobRecord record) {
        return Json.object(out -> write(out, record, AUDIT));
    }

    private static void write(JsonGenerator out, JobRecord record, String what) throws IOException {
        boolean isAudit = what.equals(AUDIT);
        out.writeStringField("id", record.id());
        out.writeStringField(isAudit ? "pipeline" : "table", record.target());
        if (!isAudit) {
            out.writeStringField("job", record.kind());
        }
        out.writeStringField("state", record.state().name().toLowerCase(Locale.ROOT));
        out.writeStringField("by", record.by());
        out.writeStringField("queuedAt", record.queued().toString());
        if (record.begun().isPresent()) {
            out.writeStringField("begunAt", record.begun().get().toString());
        }
        if (record.ended().isPresent()) {
            out.writeStringField("endedAt", record.ended().get().toString());
        }
        if (record.cancelledBy().isPresent()) {
            out.writeStringField("cancelledBy", record.cancelledBy().get());
        }
        out.writeStringField("phase", record.step().phase());
        out.writeStringField("unit", record.step().unit());
        out.writeNumberField("done", record.step().done());
        Json.number(out, "total", record.step().total());
        Json.number(out, "secondsLeft", record.step().secondsLeft());
        if (record.outcome().isPresent()) {
            JobRecord.Outcome outcome = record.outcome().get();
            out.writeFieldName("result");
            out.writeRawValue(outcome.json());
            if (isAudit) {
                out.writeBooleanField("clean", outcome.good());
                out.writeStringField("report", outcome.text());
            }
        }
        if (record.failure().isPresent()) {
            out.writeFieldName("problem");
            out.writeRawValue(Problem.text(record.failure().get()));
        }
    }
}
