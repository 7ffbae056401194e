package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.rest.IcebergRest;
import io.firn.catalog.rest.RestAnswer;
import io.firn.catalog.rest.RestRequest;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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

    private static final int TOO_LARGE = 413;
    private static final int CHANGED = 300;

    private final IcebergRest rest;
    private final BoundedCalls calls;
    private final Duration time;

    /** @param time that a request waits for the catalog */
    IcebergRoutes(IcebergRest rest, BoundedCalls calls, Duration time) {
        this.rest = rest;
        this.calls = calls;
        this.time = time;
    }

    void add(RoutesConfig routes) {
        for (HandlerType method : List.of(HandlerType.GET, HandlerType.HEAD, HandlerType.POST, HandlerType.DELETE)) {
            routes.addHttpHandler(method, ROOT + "/*", this::answer);
        }
    }

    private void answer(Context context) throws IOException {
        byte[] body;
        try (ServletInputStream input = context.req().getInputStream()) {
            body = input.readNBytes(MAX_BYTES + 1);
        }
        if (body.length > MAX_BYTES) {
            Problem.answer(
                    context, TOO_LARGE, "http-413", "the request has more than " + MAX_BYTES + " bytes", "body", "");
            return;
        }
        Map<String, String> query = new TreeMap<>();
        context.queryParamMap().forEach((name, values) -> query.put(name, values.get(0)));
        // As it was sent: names in it may hold what decoding would take for a slash.
        String path = context.req().getRequestURI().substring(ROOT.length());
        String method = context.method().name();
        RestAnswer answer = answer(new RestRequest(method, path, query, new String(body, StandardCharsets.UTF_8)));
        context.status(answer.status()).contentType("application/json").result(answer.body());
        if (answer.status() < CHANGED && isChange(context, path)) {
            LOG.info("changed by {}: {} {}", Plain.text(Door.who(context)), method, Plain.text(path));
        }
    }

    /** What was begun and has not ended may have taken effect; what was not begun may be asked for again. */
    private RestAnswer answer(RestRequest request) {
        try {
            return calls.call(() -> rest.answer(request), time, request.path(), "");
        } catch (FirnException failed) {
            LOG.warn("{} {} by an engine: {}", request.method(), Plain.text(request.path()), failed.what());
            return failed.code().equals(BoundedCalls.NO_ANSWER)
                    ? RestAnswer.notInTime(request, failed.what())
                    : RestAnswer.busy(failed.what());
        }
    }

    private static boolean isChange(Context context, String path) {
        return (context.method().equals(HandlerType.POST) || context.method().equals(HandlerType.DELETE))
                && !path.endsWith("/metrics");
    }
}
