package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.javalin.http.Context;
import java.util.Set;

/** Errors as RFC 9457 has them, with Firn's code, the place and what to do beside the standard's members. */
final class Problem {
    static final String CONTENT_TYPE = "application/problem+json";

    private static final Set<String> ABSENT = Set.of("pipeline-unknown", "table-missing");

    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int UNAVAILABLE = 503;
    private static final int INTERNAL = 500;

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
        int status;
        if (ABSENT.contains(failure.code())) {
            status = NOT_FOUND;
        } else {
            status = switch (failure.kind()) {
                case USER -> BAD_REQUEST;
                case EXTERNAL -> UNAVAILABLE;
                case INTERNAL -> INTERNAL;
            };
        }
        answer(context, status, failure.code(), failure.what(), failure.where(), failure.action());
    }
}
