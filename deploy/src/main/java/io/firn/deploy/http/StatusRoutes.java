package io.firn.deploy.http;

import io.firn.catalog.ledger.LedgerCodec;
import io.firn.catalog.ledger.LedgerReader;
import io.firn.catalog.ledger.LedgerState;
import io.firn.ingest.PipelineStatus;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Probes, and what can be seen of pipelines and tables. */
final class StatusRoutes {
    private static final int UNAVAILABLE = 503;

    private final Running running;
    private final Supplier<List<String>> warnings;

    private StatusRoutes(Running running, Supplier<List<String>> warnings) {
        this.running = running;
        this.warnings = warnings;
    }

    /**
     * @param warnings of the service, besides those of its pipelines
     * @param clock for the time of an answer
     */
    static List<Route> of(Running running, Supplier<List<String>> warnings, Clock clock) {
        StatusRoutes routes = new StatusRoutes(running, warnings);
        return List.of(
                Route.get(
                                "/health/live",
                                "live",
                                "whether the process runs",
                                Shapes.LIVE,
                                call -> "{\"status\":\"live\"}")
                        .open(),
                Route.get("/health/ready", "ready", "whether the service does its work", Shapes.READY, routes::ready)
                        .open()
                        .orUnavailable(),
                Route.get(
                        "/v1/status",
                        "status",
                        "all pipelines without their partitions",
                        Shapes.PIPELINES,
                        call -> Pages.all(running.pipelines(), false, clock.instant())),
                Route.get(
                        "/v1/pipelines",
                        "pipelines",
                        "all pipelines with their partitions",
                        Shapes.PIPELINES,
                        call -> Pages.all(running.pipelines(), true, clock.instant())),
                Route.get("/v1/pipelines/{name}", "pipeline", "one pipeline", Shapes.PIPELINE, routes::pipeline),
                Route.post(
                        "/v1/pipelines/{name}/pause",
                        "pause",
                        "stops reading; what was read is committed",
                        Shapes.PIPELINE,
                        call -> {
                            running.pause(call.path("name"));
                            return routes.pipeline(call);
                        }),
                Route.post("/v1/pipelines/{name}/resume", "resume", "reads again", Shapes.PIPELINE, call -> {
                    running.resume(call.path("name"));
                    return routes.pipeline(call);
                }),
                Route.post(
                        "/v1/pipelines/{name}/restart",
                        "restart",
                        "ends the pipeline's run, if there is one, and starts it again, also after it has failed",
                        Shapes.PIPELINE,
                        call -> {
                            running.restart(call.path("name"));
                            return routes.pipeline(call);
                        }),
                Route.get(
                                "/v1/tables/{table}/ledger",
                                "ledger",
                                "how far every pipeline and partition of a table is",
                                Shapes.LEDGER,
                                routes::ledger)
                        .asking());
    }

    private String ready(Route.Call call) {
        List<PipelineStatus> pipelines = running.pipelines();
        List<String> reasons = Pages.unready(pipelines);
        List<String> doubts = new ArrayList<>(Pages.warnings(pipelines));
        doubts.addAll(warnings.get());
        if (!reasons.isEmpty()) {
            call.status(UNAVAILABLE);
        }
        return Pages.readiness(reasons, doubts);
    }

    private String pipeline(Route.Call call) {
        String name = call.path("name");
        List<PipelineStatus> all = running.pipelines();
        return Pages.one(all.stream()
                .filter(pipeline -> pipeline.pipeline().equals(name))
                .findFirst()
                .orElseThrow(() -> HttpService.unknown(name, all)));
    }

    private String ledger(Route.Call call) {
        String name = call.path("table");
        LedgerState state = LedgerReader.read(running.table(name));
        if (state instanceof LedgerState.Unknown) {
            throw LedgerReader.noLedger(name, (LedgerState.Unknown) state);
        }
        return state instanceof LedgerState.Present ? LedgerCodec.write(((LedgerState.Present) state).ledger()) : "{}";
    }
}
