package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.deploy.config.HttpConfig;
import io.firn.ingest.PipelineStatus;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP interface of a service. Whatever happens here, the pipelines go on: it only reads what they publish, and asks.
 */
public final class HttpService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);

    /** Requests carry a few words at most. */
    private static final long MAX_REQUEST_BYTES = 64 << 10;

    /** A client that says nothing for so long is not waited for. */
    private static final long IDLE_MILLIS = 10_000;

    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;

    private final Running running;
    private final Access access;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final PipelineMetrics metrics;
    private final Javalin server;

    private HttpService(Running running, Access access, Clock clock, String host, int port) {
        this.running = running;
        this.access = access;
        this.metrics = new PipelineMetrics(registry, running::pipelines, clock);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        collections.bindTo(registry);
        this.server = Javalin.create(config -> configure(config, host, port));
    }

    /**
     * Listens from now on.
     *
     * @throws FirnException {@code http-open}, {@code http-address}
     */
    public static HttpService start(HttpConfig config, Running running, Clock clock) {
        URI address = address(config);
        HttpService service =
                new HttpService(running, access(config), clock, address.getHost(), Math.max(0, address.getPort()));
        try {
            service.server.start();
        } catch (JavalinBindException taken) {
            service.close();
            throw FirnException.user(
                    "http-address",
                    "cannot listen: the address is in use or not one of this machine",
                    "http.listen: " + config.listen(),
                    "stop who listens there, or set http.listen to another port (0 takes a free one)");
        }
        return service;
    }

    /**
     * Says before anything else is started whether it may listen there.
     *
     * @throws FirnException {@code http-open}, {@code http-address}
     */
    public static void check(HttpConfig config) {
        access(config);
    }

    private static Access access(HttpConfig config) {
        return Access.of(config, address(config).getHost());
    }

    private static URI address(HttpConfig config) {
        URI address = URI.create("http://" + config.listen());
        if (address.getHost() == null) {
            throw FirnException.user(
                    "http-address",
                    "the host to listen on cannot be read",
                    "http.listen: " + config.listen(),
                    "write 127.0.0.1:8383");
        }
        return address;
    }

    public int port() {
        return server.port();
    }

    private void configure(JavalinConfig config, String host, int port) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.jetty.host = host;
        config.jetty.port = port;
        config.http.maxRequestSize = MAX_REQUEST_BYTES;
        config.http.prefer405over404 = true;
        config.jetty.modifyServer(server -> server.setErrorHandler(HttpService::refuse));
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setIdleTimeout(IDLE_MILLIS);
            http.setRequestHeaderSize(MAX_HEADER_BYTES);
        });
        config.routes.before(this::admit);
        config.routes.get("/health/live", context -> context.contentType("application/json")
                .result("{\"status\":\"live\"}"));
        config.routes.get("/health/ready", this::ready);
        config.routes.get("/metrics", this::scrape);
        config.routes.get("/v1/status", context -> json(context, Pages.all(running.pipelines(), false)));
        config.routes.get("/v1/pipelines", context -> json(context, Pages.all(running.pipelines(), true)));
        config.routes.get("/v1/pipelines/{name}", this::pipeline);
        config.routes.post("/v1/pipelines/{name}/pause", context -> {
            running.pause(context.pathParam("name"));
            changed(context, "paused");
        });
        config.routes.post("/v1/pipelines/{name}/resume", context -> {
            running.resume(context.pathParam("name"));
            changed(context, "resumed");
        });
        config.routes.get("/v1/tables/{table}/ledger", this::ledger);
        failures(config);
    }

    /** What the server refuses before it comes to a handler, as a path that climbs out of its root. */
    private static boolean refuse(Request request, Response response, Callback done) {
        int status = response.getStatus();
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        String body = Problem.text(status, "http-" + status, "the request is not one that is served", "", "", "");
        Content.Sink.write(response, true, body, done);
        return true;
    }

    private static void failures(JavalinConfig config) {
        config.routes.exception(FirnException.class, (failure, context) -> Problem.answer(context, failure));
        config.routes.exception(
                HttpResponseException.class,
                (failure, context) -> Problem.answer(
                        context, failure.getStatus(), "http-" + failure.getStatus(), said(failure), "", ""));
        config.routes.exception(Exception.class, (failure, context) -> {
            LOG.error("a request to {} failed", context.path(), failure);
            Problem.answer(
                    context,
                    INTERNAL,
                    "internal",
                    "the service met what it did not expect",
                    "",
                    "please report this with the service's log");
        });
        config.routes.error(NOT_FOUND, context -> {
            if (!Problem.CONTENT_TYPE.equals(context.res().getContentType())) {
                Problem.answer(context, NOT_FOUND, "http-404", "nothing is here", "", "see /v1/status");
            }
        });
    }

    private static String said(HttpResponseException failure) {
        return failure.getMessage() == null ? "refused" : failure.getMessage();
    }

    private void admit(Context context) {
        context.header("X-Content-Type-Options", "nosniff");
        context.header("X-Frame-Options", "DENY");
        context.header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
        context.header("Referrer-Policy", "no-referrer");
        context.header("Cache-Control", "no-store");
        if (!context.path().startsWith("/health/") && !access.allows(context.header("Authorization"))) {
            context.header("WWW-Authenticate", "Bearer");
            Problem.answer(
                    context,
                    UNAUTHORIZED,
                    "http-401",
                    "a token is needed, and this is none or not the one",
                    "header Authorization",
                    "send 'Authorization: Bearer' with the token of http.token");
            context.skipRemainingHandlers();
        }
    }

    private void ready(Context context) {
        List<String> reasons = Pages.unready(running.pipelines());
        context.status(reasons.isEmpty() ? 200 : UNAVAILABLE);
        json(context, Pages.readiness(reasons));
    }

    private void scrape(Context context) {
        metrics.refresh();
        context.contentType("text/plain; version=0.0.4; charset=utf-8").result(registry.scrape());
    }

    private void pipeline(Context context) {
        json(context, Pages.one(find(context.pathParam("name"))));
    }

    private PipelineStatus find(String name) {
        return running.pipelines().stream()
                .filter(pipeline -> pipeline.pipeline().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name, running.pipelines()));
    }

    /** There is no pipeline of that name. */
    public static FirnException unknown(String name, List<PipelineStatus> pipelines) {
        return FirnException.user(
                "pipeline-unknown",
                "there is no pipeline " + name,
                "pipelines: "
                        + String.join(
                                ", ",
                                pipelines.stream().map(PipelineStatus::pipeline).toList()),
                "use one of these names");
    }

    private void changed(Context context, String done) {
        String name = context.pathParam("name");
        LOG.info("pipeline {}: {} by a request from {}", name, done, context.ip());
        json(context, Pages.one(find(name)));
    }

    private void ledger(Context context) {
        String name = context.pathParam("table");
        LedgerState state = LedgerReader.read(running.table(name));
        if (state instanceof LedgerState.Unknown) {
            throw LedgerReader.noLedger(name, (LedgerState.Unknown) state);
        }
        json(
                context,
                state instanceof LedgerState.Present
                        ? LedgerCodec.write(((LedgerState.Present) state).ledger())
                        : "{}");
    }

    private static void json(Context context, String body) {
        context.contentType("application/json").result(body);
    }

    @Override
    public void close() {
        server.stop();
        collections.close();
        registry.close();
    }
}
