package io.firn.deploy;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.parquet.NativeCodecs;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.backfill.BackfillFigures;
import io.firn.deploy.backfill.ServiceBackfills;
import io.firn.deploy.check.TopicRetention;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HostName;
import io.firn.deploy.http.BackfillRoutes;
import io.firn.deploy.http.JobRoutes;
import io.firn.deploy.http.Route;
import io.firn.deploy.http.Running;
import io.firn.deploy.jobs.JobRecord;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.maintain.JobFactory;
import io.firn.deploy.maintain.MaintainedTable;
import io.firn.deploy.maintain.MaintenanceDriver;
import io.firn.deploy.maintain.TableFigures;
import io.firn.deploy.output.Secrets;
import io.firn.deploy.watch.BrokerWatch;
import io.firn.deploy.watch.LagWatch;
import io.firn.deploy.watch.TableHead;
import io.firn.deploy.watch.TableWatch;
import io.firn.ingest.PipelineListener;
import io.firn.ingest.PipelineStatus;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All pipelines of one process, from start to an orderly stop. */
public final class Service implements Running, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Service.class);

    /** Kubernetes' default grace of 30 seconds, less what the JVM's end takes. */
    public static final Duration STOP_TIME = Duration.ofSeconds(25);

    /** What a job gets to end its step after the pipelines have stopped. */
    private static final Duration JOB_STOP_TIME = Duration.ofSeconds(2);

    /** Properties of the catalog that its REST endpoint tells engines. Never one that could hold a secret. */
    private static final Set<String> SHOWN =
            Set.of("io-impl", "s3.endpoint", "s3.path-style-access", "s3.region", "client.region");

    private static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

    private final InstanceName instance;
    private final Catalog catalog;
    private final List<String> tables;
    private final Supervisors pipelines;
    private final MaintenanceDriver maintenance;
    private final ServiceJobs jobs;
    private final Optional<IcebergRest> iceberg;
    private final TopicRetention retention;
    private final List<TableWatch> watches;
    private final BrokerWatch brokers;
    private final LagWatch lag;
    private final ServiceBackfills backfills;
    private final Secrets secrets;

    private Service(
            InstanceName instance,
            Catalog catalog,
            Optional<IcebergRest> iceberg,
            List<String> tables,
            Supervisors pipelines,
            MaintenanceDriver maintenance,
            ServiceJobs jobs,
            TopicRetention retention,
            List<TableWatch> watches,
            BrokerWatch brokers,
            LagWatch lag,
            ServiceBackfills backfills,
            Secrets secrets) {
        this.instance = instance;
        this.catalog = catalog;
        this.iceberg = iceberg;
        this.tables = tables;
        this.pipelines = pipelines;
        this.maintenance = maintenance;
        this.jobs = jobs;
        this.retention = retention;
        this.watches = watches;
        this.brokers = brokers;
        this.lag = lag;
        this.backfills = backfills;
        this.secrets = secrets;
    }

    /** As the other method; a pipeline that fails leaves the others alone. */
    public static Service start(Assembly assembly, Configuration configuration, PipelineListener listener) {
        return start(assembly, configuration, listener, OnPipelineFailure.CONTINUE);
    }

    /** What the failure of one pipeline means for the process. */
    public enum OnPipelineFailure {
        /** The others go on; the process ends when all have failed. */
        CONTINUE,
        /** The process ends. */
        END
    }

    /**
     * Starts all pipelines, each by itself and in the background.
     *
     * @throws FirnException {@code catalog-config} if the configuration names no catalog that there is
     */
    public static Service start(
            Assembly assembly,
            Configuration configuration,
            PipelineListener listener,
            OnPipelineFailure onPipelineFailure) {
        NativeCodecs.load();
        Catalog catalog = assembly.lazyCatalog(configuration);
        InstanceName instance = InstanceName.take(
                configuration.instance().or(HostName::ofThisMachine),
                Path.of(String.valueOf(System.getProperty("java.io.tmpdir"))));
        Supervisors pipelines = new Supervisors(
                assembly.supervisors(configuration, catalog, instance.name(), listener, onPipelineFailure),
                onPipelineFailure);
        List<String> tables = configuration.pipelines().values().stream()
                .flatMap(pipeline -> pipeline.tables().stream())
                .distinct()
                .toList();
        Optional<IcebergRest> iceberg = configuration.http().icebergRest()
                ? Optional.of(new IcebergRest(
                        catalog,
                        shown(configuration.catalog()),
                        LocationPolicy.of(
                                Optional.ofNullable(configuration.catalog().get("warehouse")),
                                configuration.http().icebergLocations()),
                        assembly.clock()))
                : Optional.empty();
        JobFactory jobs = assembly.jobs(configuration, catalog);
        List<TableWatch> watches = watches(configuration, catalog, pipelines, assembly.clock());
        LagWatch lag = lag(configuration, pipelines, watches, assembly.clock());
        Service service = new Service(
                instance,
                catalog,
                iceberg,
                tables,
                pipelines,
                new MaintenanceDriver(assembly.maintenance(configuration, catalog, jobs, pipelines)),
                new ServiceJobs(configuration, catalog, jobs, assembly.clock()),
                new TopicRetention(configuration.kafka(), lag::topics),
                watches,
                new BrokerWatch(configuration.kafka(), pipelines.outagesOf("Kafka")),
                lag,
                assembly.backfills(configuration, catalog, pipelines),
                assembly.secrets());
        service.pipelines.start();
        service.maintenance.start();
        service.retention.start();
        service.watches.forEach(TableWatch::start);
        service.brokers.start();
        service.lag.start();
        service.backfills.start();
        return service;
    }

    /** What an engine needs to read the files and is no secret. */
    private static Map<String, String> shown(Map<String, String> catalog) {
        Map<String, String> shown = new TreeMap<>(catalog);
        shown.keySet().retainAll(SHOWN);
        return shown;
    }

    @Override
    public Optional<IcebergRest> iceberg() {
        return iceberg;
    }

    @Override
    public List<PipelineStatus> pipelines() {
        return pipelines.statuses().stream().map(lag::complete).toList();
    }

    @Override
    public List<String> warnings() {
        return jobs.warnings();
    }

    @Override
    public List<MaintainedTable> tables() {
        return jobs.tables();
    }

    private static List<TableWatch> watches(
            Configuration configuration, Catalog catalog, Supervisors pipelines, Clock clock) {
        Tables tables = new Tables(catalog);
        return configuration.pipelines().entrySet().stream()
                .map(each -> new TableWatch(
                        each.getKey(),
                        each.getValue().tables(),
                        each.getValue().upsert().isPresent()
                                ? new TableWatch.SetOpening(
                                        tables, each.getValue().table())
                                : tables::open,
                        () -> pipelines.hasOpened(each.getKey()),
                        pipelines.health(each.getKey()),
                        clock))
                .toList();
    }

    /** @param watches in the order of the pipelines */
    private static LagWatch lag(
            Configuration configuration, Supervisors pipelines, List<TableWatch> watches, Clock clock) {
        List<LagWatch.Watched> watched = new ArrayList<>();
        configuration.pipelines().forEach((name, pipeline) -> {
            TableWatch tables = watches.get(watched.size());
            watched.add(new LagWatch.Watched(
                    name,
                    pipeline.topics(),
                    pipeline.commit().interval(),
                    () -> tables.ledger(pipeline.ingestTable()),
                    pipelines.of(name)::status,
                    pipelines.health(name)));
        });
        return new LagWatch(watched, configuration.kafka(), clock);
    }

    @Override
    public Map<String, TableHead> tableHeads() {
        Map<String, TableHead> heads = new TreeMap<>();
        watches.forEach(watch -> heads.putAll(watch.heads()));
        return heads;
    }

    @Override
    public Map<String, TableFigures.Seen> tableFigures() {
        return jobs.figures().all();
    }

    @Override
    public Map<String, JobRecord> lastAudits() {
        return jobs.lastAudits();
    }

    @Override
    public BackfillFigures backfillFigures() {
        return backfills.figures();
    }

    @Override
    public Map<String, Duration> retentions() {
        return retention.known();
    }

    @Override
    public List<Route> routes() {
        return Stream.of(JobRoutes.of(jobs), BackfillRoutes.of(backfills.desk()))
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public void pause(String pipeline) {
        pipelines.of(pipeline).pause(true);
    }

    @Override
    public void resume(String pipeline) {
        pipelines.of(pipeline).pause(false);
    }

    @Override
    public void restart(String pipeline) {
        pipelines.of(pipeline).restart();
    }

    @Override
    public Secrets secrets() {
        return secrets;
    }

    @Override
    public Table table(String name) {
        Optional<Table> table = tables.contains(name) ? new Tables(catalog).open(name) : Optional.empty();
        return table.orElseThrow(() -> FirnException.user(
                "table-missing",
                "no pipeline of this service has such a table, or it was dropped",
                "table " + name,
                "use one of " + tables));
    }

    /**
     * Waits for a stop request.
     *
     * @return whether it was requested within the time
     * @throws FirnException when all pipelines have failed, or any where that ends the process
     */
    public boolean await(StopRequest stop, Duration time) throws InterruptedException {
        long rounds = Math.max(1, time.toMillis() / LOOK_INTERVAL.toMillis());
        for (long round = 0; round < rounds; round++) {
            if (stop.await(LOOK_INTERVAL)) {
                return true;
            }
            Optional<FirnException> failure = pipelines.failure();
            if (failure.isPresent()) {
                throw failure.get();
            }
        }
        return false;
    }

    /**
     * Waits until every pipeline has opened its tables.
     *
     * @return whether a stop was requested before
     * @throws FirnException as {@link #await}
     */
    public boolean awaitOpened(StopRequest stop) throws InterruptedException {
        while (!pipelines.allOpened()) {
            if (await(stop, LOOK_INTERVAL)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Stops consuming and commits what is buffered.
     *
     * @return whether everything consumed was committed and no pipeline was failed
     */
    public boolean stop(Duration time) throws InterruptedException {
        maintenance.requestStop();
        backfills.requestStop();
        jobs.close();
        boolean clean = pipelines.stop(time);
        if (!maintenance.awaitStop(JOB_STOP_TIME) | !backfills.awaitStop(JOB_STOP_TIME)) {
            LOG.info("A job did not come to its next step in time; what it did not commit is done again");
        }
        return clean;
    }

    @Override
    public void close() {
        maintenance.requestStop();
        backfills.requestStop();
        jobs.close();
        retention.close();
        watches.forEach(TableWatch::close);
        brokers.close();
        lag.close();
        pipelines.close();
        instance.close();
        close(catalog);
    }

    /** A catalog that holds connections is closeable. */
    public static void close(Catalog catalog) {
        if (catalog instanceof Closeable) {
            try {
                ((Closeable) catalog).close();
            } catch (IOException failed) {
                LOG.debug("The catalog did not close", failed);
            }
        }
    }
}
