package io.firn.deploy.http;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.HttpConfig;
import io.firn.ingest.PipelineStatus;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP interface of a service. Whatever happens here, the pipelines go on: it only reads what they publish, and
 * asks.
 */
public final class HttpService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);

    private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String VERSION = "0.1.0";
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int INTERNAL = 500;

    private final Running running;
    private final Clock clock;
    private final History history;
    private final Access access;
    private final RequestRates rates;
    private final RequestBodies bodies;
    private final RouteRunner runner;
    private final BoundedCalls engines;
    private final HttpLimits limits;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final PipelineMetrics metrics;
    private final TableMetrics tables;
    private final BackfillMetrics backfills;
    private final Optional<ClientCertificates> clients;
    private final Optional<CertificateReload> certificates;
    private final Javalin server;

    private HttpService(HttpConfig config, Running running, Clock clock, HttpLimits limits) {
        URI address = address(config);
        this.running = running;
        this.clock = clock;
        this.history = new History(running, clock);
        this.clients = ClientCertificates.of(config.tls());
        this.access = Access.of(config, address.getHost(), clients);
        this.limits = limits;
        this.bodies = new RequestBodies(limits.bodyBytes());
        this.runner = new RouteRunner(running, bodies, limits, clock);
        this.engines = new BoundedCalls("firn-http-engine", limits.asking(), clock);
        this.rates = new RequestRates(config.requestsPerSecond(), clock);
        this.metrics = new PipelineMetrics(registry, running::pipelines, running::retentions, clock);
        this.tables = new TableMetrics(registry, running, clock);
        this.backfills = new BackfillMetrics(registry, running.backfillFigures(), clock);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
        Connectors connectors = new Connectors(config, limits.slowClientMillis());
        this.certificates = connectors.reload(clients);
        this.server = Javalin.create(
                javalin -> configure(javalin, connectors, address.getHost(), Math.max(0, address.getPort())));
    }

    /**
     * Listens from now on.
     *
     * @throws FirnException {@code http-open}, {@code http-address}
     */
    public static HttpService start(HttpConfig config, Running running, Clock clock) {
        return start(config, running, clock, HttpLimits.defaults());
    }

    static HttpService start(HttpConfig config, Running running, Clock clock, HttpLimits limits) {
        HttpService service = new HttpService(config, running, clock, limits);
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
        service.certificates.ifPresent(CertificateReload::start);
        service.history.start();
        return service;
    }

    /**
     * Says before anything else is started whether it may listen there.
     *
     * @throws FirnException {@code http-open}, {@code http-address}, {@code tls-file}
     */
    public static void check(HttpConfig config) {
        Access.of(config, address(config).getHost(), ClientCertificates.of(config.tls()));
        new Connectors(config, SlowClients.LOOK_MILLIS);
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

    /** Takes changed certificates now instead of at the next look. */
    void lookForCertificates() {
        certificates.ifPresent(CertificateReload::look);
    }

    public int port() {
        return server.port();
    }

    private void configure(JavalinConfig config, Connectors connectors, String host, int port) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.http.prefer405over404 = true;
        config.jetty.addConnector((server, http) -> connectors.connector(server, http, host, port));
        config.jetty.modifyServer(server -> server.setErrorHandler(HttpService::refuse));
        List<Route> routes = routes();
        config.routes.before(door(routes)::admit);
        for (Route route : routes) {
            config.routes.addHttpHandler(route.method(), route.path(), context -> runner.serve(route, context));
        }
        running.iceberg()
                .ifPresent(rest -> new IcebergRoutes(rest, bodies, engines, limits.engine()).add(config.routes));
        config.routes.after(new MaskedAnswers(running.secrets())::mask);
        failures(config);
    }

    private Door door(List<Route> routes) {
        return new Door(
                access,
                rates,
                routes.stream().filter(Route::isOpen).map(Route::path).collect(Collectors.toSet()),
                running.iceberg());
    }

    private List<Route> routes() {
        List<Route> all = new ArrayList<>(StatusRoutes.of(running, this::warnings, clock));
        all.addAll(PageRoutes.of());
        all.add(Route.get(
                "/v1/history",
                "history",
                "lag and throughput of the last hour",
                Shapes.HISTORY,
                call -> history.json()));
        TablePage tablePage = new TablePage(running);
        all.add(Route.get(
                "/v1/tables", "tables", "all tables and what they need", Shapes.TABLES, call -> tablePage.json()));
        all.add(Route.text("/metrics", "metrics", "figures for Prometheus", METRICS_TYPE, call -> scrape()));
        all.addAll(running.routes());
        String description = OpenApi.document(all, running.iceberg().map(IcebergApi::new), VERSION);
        all.add(Route.text("/openapi.json", "openApi", "this description", "application/json", call -> description));
        return List.copyOf(all);
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
        config.routes.exception(
                HttpException.RuntimeException.class,
                (broken, context) -> Problem.answer(
                        context, broken.getCode(), "http-" + broken.getCode(), "the request is cut off", "", ""));
        config.routes.exception(IOException.class, (broken, context) -> {
            LOG.debug("a body did not come as a whole", broken);
            Problem.answer(
                    context, BAD_REQUEST, "http-400", "the body is malformed or cut off", "body", "send it again");
        });
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
            // Iceberg's clients read of which kind the missing thing is.
            boolean said = context.path().startsWith(IcebergRoutes.ROOT + "/");
            if (!said && !Problem.CONTENT_TYPE.equals(context.res().getContentType())) {
                Problem.answer(context, NOT_FOUND, "http-404", "nothing is here", "", "see /v1/status");
            }
        });
    }

    private static String said(HttpResponseException failure) {
        return failure.getMessage() == null ? "refused" : failure.getMessage();
    }

    private List<String> warnings() {
        List<String> all = new ArrayList<>(running.warnings());
        clients.ifPresent(known -> all.addAll(known.warnings()));
        return all;
    }

    private String scrape() {
        metrics.refresh();
        tables.refresh();
        backfills.refresh();
        return registry.scrape();
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

    @Override
    public void close() {
        certificates.ifPresent(CertificateReload::close);
        history.close();
        server.stop();
        runner.close();
        engines.close();
        collections.close();
        registry.close();
    }
}
