package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.javalin.http.Context;
import java.util.Map;

/** Errors as RFC 9457 has them, with Firn's code, the place and what to do beside the standard's members. */
final class Problem {
    static final String CONTENT_TYPE = "application/problem+json";

    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int TOO_LARGE = 413;
    private static final int UNPROCESSABLE = 422;
    private static final int TOO_MANY = 429;
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;

    /** Those that are not what their kind says: what is not there, not now, and too much. */
    private static final Map<String, Integer> STATUSES = Map.ofEntries(
            Map.entry("pipeline-unknown", NOT_FOUND),
            Map.entry("table-missing", NOT_FOUND),
            Map.entry("table-unknown", NOT_FOUND),
            Map.entry("compaction-unknown", NOT_FOUND),
            Map.entry("audit-unknown", NOT_FOUND),
            Map.entry("backfill-unknown", NOT_FOUND),
            Map.entry("backfill-unreadable", NOT_FOUND),
            Map.entry("backfill-over", CONFLICT),
            Map.entry("backfill-unfinished", CONFLICT),
            Map.entry("backfill-without-branch", CONFLICT),
            Map.entry("branch-exists", CONFLICT),
            Map.entry("job-over", CONFLICT),
            Map.entry("key-busy", CONFLICT),
            Map.entry("key-reused", UNPROCESSABLE),
            Map.entry(RequestBodies.TOO_LARGE, TOO_LARGE),
            Map.entry("jobs-full", TOO_MANY));

    static final Shape SHAPE = Shape.of("Problem", "Why a request was refused, as RFC 9457 has it.")
            .field("type", Shape.Type.TEXT, "about:blank")
            .field("title", Shape.Type.TEXT, "what is wrong")
            .field("status", Shape.Type.LONG, "HTTP status")
            .field("code", Shape.Type.TEXT, "stable name of what is wrong, for scripts")
            .optional("instance", Shape.Type.TEXT, "the path that was asked for")
            .optional("where", Shape.Type.TEXT, "file, key, table or position")
            .optional("action", Shape.Type.TEXT, "what to do");

    private Problem() {}

    static void answer(Context context, int status, String code, String what, String where, String action) {
        context.status(status);
        context.contentType(CONTENT_TYPE);
        context.result(text(status, code, what, context.path(), where, action));
    }

    /** @param path that was asked for; it, the place and the action are left out where they are empty */
    static String text(int status, String code, String what, String path, String where, String action) {
        return Json.object(out -> {
            out.writeStringField("type", "about:blank");
            out.writeStringField("title", what);
            out.writeNumberField("status", status);
            out.writeStringField("code", code);
            if (!path.isEmpty()) {
                out.writeStringField("instance", path);
            }
            if (!where.isEmpty()) {
                out.writeStringField("where", where);
            }
            if (!action.isEmpty()) {
                out.writeStringField("action", action);
            }
        });
    }

    static void answer(Context context, FirnException failure) {
        if (failure.code().equals(RequestBodies.FULL)) {
            context.header("Retry-After", "1");
        }
        answer(context, status(failure), failure.code(), failure.what(), failure.where(), failure.action());
    }

    /** Of something that failed after its request was answered. */
    static String text(FirnException failure) {
        return text(status(failure), failure.code(), failure.what(), "", failure.where(), failure.action());
    }

    private static int status(FirnException failure) {
        Integer known = STATUSES.get(failure.code());
        return known != null
                ? known
                : switch (failure.kind()) {
                    case USER -> BAD_REQUEST;
                    case DATA -> UNPROCESSABLE;
                    case EXTERNAL -> UNAVAILABLE;
                    case INTERNAL -> INTERNAL;
                };
    }
}
