package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.rest.IcebergRest;
import io.firn.catalog.rest.RestAnswer;
import io.firn.catalog.rest.RestRequest;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Iceberg's REST protocol below {@code /iceberg}, for query engines. Who may look and who may change is as elsewhere.
 */
final class IcebergRoutes {
    /** What clients have as the catalog's URI, after the service's address. */
    static final String ROOT = "/iceberg";

    private static final Logger LOG = LoggerFactory.getLogger(IcebergRoutes.class);

    /** A commit carries schemas and snapshots, never data. The widest tables need some megabytes. */
    private static final int MAX_BYTES = 32 << 20;

    private static final int NOT_FOUND = 404;
    private static final int CHANGED = 300;

    private final IcebergRest rest;
    private final RequestBodies bodies;
    private final BoundedCalls calls;
    private final Duration time;

    /** @param time that a request waits for the catalog */
    IcebergRoutes(IcebergRest rest, RequestBodies bodies, BoundedCalls calls, Duration time) {
        this.rest = rest;
        this.bodies = bodies;
        this.calls = calls;
        this.time = time;
    }

    /**
     * Returns the path below {@link #ROOT} as it was sent: names in it may hold what decoding would take for a slash.
     *
     * @return empty if the request is for something else
     */
    static Optional<String> path(Context context) {
        String sent = context.req().getRequestURI();
        return sent.startsWith(ROOT + "/") && context.path().startsWith(ROOT + "/")
                ? Optional.of(sent.substring(ROOT.length()))
                : Optional.empty();
    }

    void add(RoutesConfig routes) {
        for (HandlerType method : List.of(HandlerType.GET, HandlerType.HEAD, HandlerType.POST, HandlerType.DELETE)) {
            routes.addHttpHandler(method, ROOT + "/*", this::answer);
        }
    }

    private void answer(Context context) throws IOException {
        Optional<String> path = path(context);
        if (path.isEmpty()) {
            Problem.answer(context, NOT_FOUND, "http-404", "nothing is here", "", "write the path as " + ROOT);
            return;
        }
        String method = context.method().name();
        Map<String, String> query = new TreeMap<>();
        context.queryParamMap().forEach((name, values) -> query.put(name, values.get(0)));
        RestAnswer answer;
        try {
            RequestBodies.Held body = bodies.read(context, MAX_BYTES);
            answer = answer(new RestRequest(method, path.get(), query, body.text()), body);
        } catch (FirnException full) {
            if (!full.code().equals(RequestBodies.FULL)) {
                throw full;
            }
            context.header("Retry-After", "1");
            answer = RestAnswer.busy(full.what());
        }
        context.status(answer.status()).contentType("application/json").result(answer.body());
        if (answer.status() < CHANGED && rest.isChange(method, path.get())) {
            LOG.info("changed by {}: {} {}", Plain.text(Door.who(context)), method, Plain.text(path.get()));
        }
    }

    /** What was begun and has not ended may have taken effect; what was not begun may be asked for again. */
    private RestAnswer answer(RestRequest request, RequestBodies.Held body) {
        try {
            return calls.call(body.until(() -> rest.answer(request)), time, request.path(), "");
        } catch (FirnException failed) {
            LOG.warn("{} {} by an engine: {}", request.method(), Plain.text(request.path()), failed.what());
            if (failed.code().equals(BoundedCalls.NO_ANSWER)) {
                return RestAnswer.notInTime(request, failed.what());
            }
            body.release();
            return RestAnswer.busy(failed.what());
        }
    }
}
