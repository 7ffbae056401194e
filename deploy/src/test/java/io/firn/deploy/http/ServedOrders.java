package io.firn.deploy.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.firn.catalog.Catalogs;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillBranch;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.commit.MissingLedger;
import io.firn.catalog.commit.PartitionStep;
import io.firn.catalog.commit.TableCommit;
import io.firn.catalog.commit.TableCommitter;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.catalog.ledger.SourcePartition;
import io.firn.deploy.Assembly;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.rig.Lake;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/**
 * The real server over one real table of a SQLite catalog, with its jobs and a backfill that was accepted. No broker is
 * there: port 1 answers nobody.
 */
public final class ServedOrders implements AutoCloseable {
    public static final String OPERATOR = "geheim";
    public static final String READER = "neugierig";

    private final Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
    private final Path file;
    private final Table table;
    private final ServiceJobs jobs;
    private final Backfills backfills;
    private final String backfill;
    private final String ready;
    private final String dropped;
    private final HttpService service;
    private final List<Route> routes;

    public ServedOrders(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '" + ClosedPort.address()
                        + "', default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                        + "catalog: " + lake
                        + "}\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n"
                        + "    schema: id long\n");
        Configuration configuration = assembly.configuration(file);
        Catalog catalog = Catalogs.open(configuration.catalog());
        table = new Tables(catalog)
                .openOrCreate(Assembly.request(
                        Objects.requireNonNull(configuration.pipelines().get("orders"))));
        begin();
        jobs = new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock());
        backfills = new Backfills(table, new SplittableRandom(2), assembly.clock());
        backfill = accept(task());
        ready = ready("to-publish");
        dropped = ready("to-drop");
        OneOrdersPipeline orders = new OneOrdersPipeline();
        routes = new ArrayList<>(JobRoutes.of(jobs));
        List<Route> desk = BackfillRoutes.of(assembly.backfills(configuration, catalog, PipelineStates.none())
                .desk());
        desk.forEach(route -> routes.add(
                switch (route.operation()) {
                    case "startBackfill" -> accepting(route, desk);
                    case "planBackfill" -> planned(route);
                    default -> route;
                }));
        orders.routes = routes;
        orders.tables = jobs.tables();
        orders.table = Optional.of(table);
        // Every wrong token counts as many requests.
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0", Map.of("me", OPERATOR), Map.of("you", READER), Optional.empty(), 10_000, false);
        service = HttpService.start(config, orders, assembly.clock());
    }

    /** The first commit: where the only partition starts. */
    private void begin() {
        TreeMap<SourcePartition, PartitionStep> steps = new TreeMap<>();
        steps.put(
                new SourcePartition("orders", "topic-id", 0),
                new PartitionStep(
                        OptionalLong.empty(), new OffsetRange(3, 3), OptionalLong.empty(), List.of(), new TreeMap<>()));
        new TableCommitter(table, new Random(1), MissingLedger.REFUSE)
                .attempt(new TableCommit(UUID.randomUUID(), "orders", TableCommit.Operation.APPEND, List.of(), steps));
    }

    private String accept(BackfillTask task) {
        return backfills.accept(task).id();
    }

    /** All of it is on its branch. */
    private String ready(String branch) {
        Snapshot head = table.currentSnapshot();
        BackfillState accepted =
                backfills.accept(task().on(new BackfillBranch(branch, head.snapshotId(), head.sequenceNumber())));
        Standing standing = new Standing(Phase.READY, Optional.empty());
        backfills.replace(
                accepted,
                accepted.with(
                        standing,
                        new Change(UUID.randomUUID(), "", assembly.clock().instant())));
        return accepted.id();
    }

    private BackfillTask task() {
        return new BackfillTask(
                "orders",
                "orders",
                "topic-id",
                BackfillMode.REPLACE,
                new TreeMap<>(Map.of(0, new OffsetRange(5, 9))),
                100,
                List.of("offsets below 5 are not held any more"),
                "a test",
                assembly.clock().instant());
    }

    /** The same for what a request would read. */
    private static Route planned(Route plan) {
        return Route.plan(
                plan.path(),
                plan.operation(),
                plan.summary(),
                plan.takes().orElseThrow(),
                plan.answers().shape().orElseThrow(),
                call -> "{\"pipeline\":\"orders\",\"topic\":\"orders\",\"mode\":\"replace\",\"spans\":{\"0\":[0,1234]},"
                        + "\"told\":[],\"total\":1234}");
    }

    /** Without Kafka no request can be resolved; what is answered is the backfill that is there. */
    private Route accepting(Route start, List<Route> desk) {
        Route one = desk.stream()
                .filter(route -> route.operation().equals("backfill"))
                .findFirst()
                .orElseThrow();
        return new Route(
                HandlerType.POST,
                start.path(),
                start.operation(),
                start.summary(),
                start.takes(),
                start.status(),
                start.answers(),
                start.unwell(),
                start.isOpen(),
                start.asks(),
                call -> one.handler().apply(named(call)));
    }

    private Route.Call named(Route.Call call) {
        return new Route.Call() {
            @Override
            public String path(String name) {
                return backfill;
            }

            @Override
            public JsonNode body() {
                return call.body();
            }

            @Override
            public String who() {
                return call.who();
            }

            @Override
            public void status(int status) {
                call.status(status);
            }
        };
    }

    /** Besides those of every service. */
    List<Route> routes() {
        return List.copyOf(routes);
    }

    public String url() {
        return "http://127.0.0.1:" + service.port();
    }

    /** Its configuration, for commands that need no service. */
    public Path configuration() {
        return file;
    }

    /** Of a backfill that goes on. */
    public String backfill() {
        return backfill;
    }

    /** Of one whose branch can be published, again and again. */
    public String ready() {
        return ready;
    }

    /** Of one whose branch can be dropped, again and again. */
    public String dropped() {
        return dropped;
    }

    /** Of a compaction that goes on until it is told to end. */
    public String compaction() {
        JobRecord held = jobs.compactions()
                .submit(
                        "rewrite",
                        "shop.orders",
                        "a test",
                        run -> {
                            while (!run.isEnding()) {
                                run.await(Duration.ofMinutes(1));
                            }
                            return new JobRecord.Outcome(true, "{\"job\":\"rewrite\",\"end\":\"stopped\"}", "");
                        },
                        over -> {});
        return held.id();
    }

    @Override
    public void close() {
        service.close();
        jobs.close();
    }
}
