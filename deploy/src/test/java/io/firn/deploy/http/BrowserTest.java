package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.catalog.backfill.BackfillBranch;
import io.firn.catalog.backfill.BackfillMode;
import io.firn.catalog.backfill.BackfillState;
import io.firn.catalog.backfill.BackfillState.Change;
import io.firn.catalog.backfill.BackfillState.Phase;
import io.firn.catalog.backfill.BackfillState.Standing;
import io.firn.catalog.backfill.BackfillTask;
import io.firn.catalog.backfill.Backfills;
import io.firn.catalog.ledger.OffsetRange;
import io.firn.deploy.Assembly;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.rig.Lake;
import io.firn.ingest.PipelineStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a person meets it. Skipped where no Chromium is on the path (Debian's package chromium). */
class BrowserTest {
    private static final String TOKEN = "geheim";

    @TempDir
    private Path folder;

    @Test
    void a_person_signs_in_sees_the_service_fall_ill_and_recover_runs_a_compaction_and_ends_backfills()
            throws Exception {
        Optional<Path> program = Browser.program();
        assumeThat(program).as("a Chromium on the path").isPresent();
        Files.createDirectories(folder.resolve("warehouse"));
        Configuration configuration = configuration();
        Assembly assembly = assembly();
        Catalog catalog = Catalogs.open(configuration.catalog());
        Table table = new Tables(catalog)
                .openOrCreate(Assembly.request(
                        Objects.requireNonNull(configuration.pipelines().get("orders"))));
        table.newFastAppend().commit();
        OneOrdersPipeline orders = new OneOrdersPipeline();
        Path profile = Files.createDirectories(folder.resolve("profile"));
        try (ServiceJobs jobs =
                new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock())) {
            Backfills backfills = new Backfills(table, new SplittableRandom(2), assembly.clock());
            orders.routes = Stream.concat(
                            JobRoutes.of(jobs).stream(),
                            BackfillRoutes.of(assembly.backfills(configuration, catalog, PipelineStates.none())
                                            .desk())
                                    .stream())
                    .toList();
            orders.tables = jobs.tables();
            orders.table = Optional.of(table);
            try (HttpService service = HttpService.start(
                            new HttpConfig("127.0.0.1:0", Optional.of(TOKEN)), orders, assembly.clock());
                    Browser browser =
                            Browser.open(program.get(), profile, "http://127.0.0.1:" + service.port() + "/")) {
                signIn(browser);
                fallIll(browser, orders);
                compact(browser);
                backfill(browser, backfills, table);
            }
        }
    }

    private static void signIn(Browser browser) throws Exception {
        browser.await("document.getElementById('health').textContent === 'token needed'");
        browser.run("document.getElementById('token').value = '" + TOKEN + "'");
        browser.run("document.querySelector('#signing button').click()");
        browser.await("document.getElementById('health').textContent === 'healthy'");
        assertThat(browser.run("document.getElementById('f-lag').textContent")).isEqualTo("10");
        assertThat(browser.run("document.getElementById('partitions').innerText"))
                .contains("orders-0", "90", "100");
        assertThat(browser.run("document.getElementById('tables').innerText")).contains("shop.orders");
    }

    private static void fallIll(Browser browser, OneOrdersPipeline orders) throws Exception {
        orders.trouble = Optional.of("Kafka: <b>broker 1</b> does not answer");
        see(browser, "document.getElementById('health').textContent === 'in trouble'");
        assertThat(browser.run("document.getElementById('reasons').innerText"))
                .contains("Kafka: <b>broker 1</b> does not answer");
        orders.trouble = Optional.empty();
        see(browser, "document.getElementById('health').textContent === 'healthy'");
        assertThat(browser.run("document.getElementById('reasons').hidden")).isEqualTo("true");
        failAndRestart(browser, orders);
        browser.run("document.getElementById('pause-orders').click()");
        see(browser, "document.getElementById('pipelines').innerText.includes('paused')");
        assertThat(orders.paused).isTrue();
    }

    private static void failAndRestart(Browser browser, OneOrdersPipeline orders) throws Exception {
        orders.failure = Optional.of(new PipelineStatus.Failure(
                "bad-record", "bad", "orders-0-17", "correct it", FirnException.Kind.DATA, OneOrdersPipeline.NOW));
        see(browser, "document.getElementById('pipelines').innerText.includes('orders-0-17')");
        browser.run("document.getElementById('restart-orders').click()");
        see(browser, "!document.getElementById('pipelines').innerText.includes('orders-0-17')");
        assertThat(orders.restarts).hasValue(1);
    }

    private static void compact(Browser browser) throws Exception {
        browser.run("document.getElementById('compact').elements.job.value = 'expire'");
        browser.run("document.querySelector('#compact button').click()");
        see(browser, "document.getElementById('jobs').innerText.includes('nothing: 0 files became 0')");
        assertThat(browser.run("document.getElementById('jobs').innerText")).contains("expire", "operator from");
        browser.run("document.getElementById('theme').click()");
        assertThat(browser.picture()).hasSizeGreaterThan(10_000);
    }

    /** One is cancelled; another one, all of it on its branch, is published, and while that goes on it is dropped. */
    private static void backfill(Browser browser, Backfills backfills, Table table) throws Exception {
        BackfillState running = backfills.accept(task());
        Snapshot head = Objects.requireNonNull(table.currentSnapshot());
        BackfillState branched = backfills.accept(
                task().on(new BackfillBranch("second-reading", head.snapshotId(), head.sequenceNumber())));
        Change change = new Change(UUID.randomUUID(), "", Instant.EPOCH);
        backfills.replace(branched, branched.with(new Standing(Phase.READY, Optional.empty()), change));
        see(browser, "!!document.getElementById('cancel-" + running.id() + "')");
        browser.run("document.getElementById('cancel-" + running.id() + "').click()");
        see(browser, "document.getElementById('jobs').innerText.includes('cancelled')");
        assertThat(backfills.find(running.id()).orElseThrow().standing().phase())
                .isEqualTo(Phase.CANCELLED);

        assertThat(browser.run("document.getElementById('cancel-" + branched.id() + "').textContent"))
                .isEqualTo("Drop");
        assertThat(browser.run("document.getElementById('jobs').innerText")).contains("ready", "branch second-reading");
        browser.run("document.getElementById('publish-" + branched.id() + "').click()");
        see(browser, "document.getElementById('jobs').innerText.includes('publishing')");
        assertThat(browser.run("String(document.getElementById('publish-" + branched.id() + "'))"))
                .isEqualTo("null");
        browser.run("document.getElementById('cancel-" + branched.id() + "').click()");
        see(browser, "!document.getElementById('cancel-" + branched.id() + "')");
        assertThat(backfills.find(branched.id()).orElseThrow().standing().phase())
                .isEqualTo(Phase.CANCELLED);
    }

    private static BackfillTask task() {
        return new BackfillTask(
                "orders",
                "orders",
                "topic-id",
                BackfillMode.REPLACE,
                new TreeMap<>(Map.of(0, new OffsetRange(5, 9))),
                100,
                List.of(),
                "a test",
                Instant.EPOCH);
    }

    /** Looks now instead of at the next look. */
    private static void see(Browser browser, String expression) throws Exception {
        browser.run("look()");
        browser.await("(Math.random() > 0.2 || look(), " + expression + ")");
    }

    private Configuration configuration() throws Exception {
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        return assembly()
                .configuration(Files.writeString(
                        folder.resolve("firn.yaml"),
                        "kafka: {bootstrap.servers: '127.0.0.1:1'}\ncatalog: " + lake
                                + "}\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n"
                                + "    schema: id long\n"));
    }

    private static Assembly assembly() {
        return new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
    }
}
