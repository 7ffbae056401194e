package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.firn.deploy.rig.BrokerProcess;
import io.firn.deploy.rig.FirnProcess;
import io.firn.deploy.rig.Lake;
import io.firn.deploy.rig.OsProcess;
import io.firn.deploy.rig.Stage;
import io.firn.deploy.rig.TopicProducer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The page of a real service in a real browser, while its broker dies and comes back. */
@EnabledIfSystemProperty(named = "firn.browser", matches = "true", disabledReason = "-Dfirn.browser=true")
class LivePageIT {
    private static final int ORDERS = 5_000;
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final Path LOGS = OsProcess.logs("page");

    @TempDir
    private Path directory;

    @Test
    void a_person_sees_lag_fall_a_backfill_end_and_a_dead_broker_come_back() throws Exception {
        Optional<Path> program = Browser.program();
        assumeThat(program).as("a Chromium on the path").isPresent();
        Path profile = Files.createDirectories(directory.resolve("profile"));
        try (BrokerProcess broker = BrokerProcess.start(directory.resolve("broker"), LOGS);
                Lake lake = Lake.local(directory)) {
            broker.createTopic("paged", 2, Map.of());
            TopicProducer.orders(broker.bootstrap(), "paged", 2, ORDERS);
            Stage stage = new Stage(broker, lake, directory, LOGS, "paged");
            try (FirnProcess service =
                            stage.service("paged", stage.config("paged")).start();
                    Browser browser = Browser.open(program.get(), profile, service.url("/"))) {
                stage.awaitDrained(service);
                lagFalls(browser, broker);
                backfill(browser);
                brokerDies(browser, broker);
                assertThat(service.terminate()).as(service.tail()).isZero();
            }
        }
    }

    /** It grows while the pipeline is paused. */
    private static void lagFalls(Browser browser, BrokerProcess broker) throws Exception {
        browser.await(health("healthy") + " && " + lag() + " === '0'", LONG);
        browser.run("document.getElementById('pause-paged').click()");
        browser.await("document.getElementById('pipelines').innerText.includes('paused')", LONG);
        TopicProducer.orders(broker.bootstrap(), "paged", 2, ORDERS);
        browser.await("!['0', '–'].includes(" + lag() + ")", LONG);
        browser.run("document.getElementById('pause-paged').click()");
        browser.await(lag() + " === '0'", LONG);
        assertThat(browser.run("document.querySelectorAll('#plot-lag path.line').length"))
                .isEqualTo("1");
    }

    private static void backfill(Browser browser) throws Exception {
        browser.await("!document.getElementById('backfill').hidden", LONG);
        browser.run("document.getElementById('backfill').elements.mode.value = 'replace'");
        browser.run("document.querySelector('#backfill button').click()");
        browser.await("document.getElementById('jobs').innerText.includes('backfill')", LONG);
        browser.await("document.getElementById('jobs').innerText.includes('done')", LONG);
        assertThat(browser.run("document.getElementById('jobs').innerText.replace(/[^a-z0-9]/g, '')"))
                .contains("0rowsadded" + 2 * ORDERS + "replaced0kept");
    }

    private static void brokerDies(Browser browser, BrokerProcess broker) throws Exception {
        broker.kill9();
        browser.await("!" + health("healthy") + " && !document.getElementById('reasons').hidden", LONG);
        System.out.println("[page] " + browser.run("document.getElementById('reasons').innerText"));
        broker.restart();
        browser.await(health("healthy"), LONG);
        TopicProducer.orders(broker.bootstrap(), "paged", 2, ORDERS);
        browser.await(
                "document.getElementById('pipelines').innerText.includes('15,000') && " + lag() + " === '0'", LONG);
    }

    private static String health(String text) {
        return "(document.getElementById('health').textContent === '" + text + "')";
    }

    private static String lag() {
        return "document.getElementById('f-lag').textContent";
    }
}
