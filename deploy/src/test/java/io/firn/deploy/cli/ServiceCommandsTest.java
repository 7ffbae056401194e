package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.ClosedPort;
import io.firn.catalog.FirnException;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.http.HttpService;
import io.firn.deploy.http.OneOrdersPipeline;
import io.firn.ingest.PipelineStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that talk to a running service, each as a person types it, against the real server. */
class ServiceCommandsTest {
    private static final String TOKEN = "geheim";

    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final HttpService service = HttpService.start(
            new HttpConfig("127.0.0.1:0", Optional.of(TOKEN)),
            orders,
            Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));
    private Map<String, String> environment = Map.of();

    @TempDir
    private Path folder;

    @BeforeEach
    void knowTheToken() {
        environment = Map.of("FIRN_TOKEN", TOKEN);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private int firn(String... arguments) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), environment::get);
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private String url() {
        return "http://127.0.0.1:" + service.port();
    }

    @Test
    void the_status_of_every_pipeline_and_partition_is_shown() {
        assertThat(firn("status", "--url", url())).isZero();
        assertThat(out.toString())
                .startsWith("ready\nservice " + url() + "\n")
                .contains("orders  running  lag 10  commits 7  last commit 2026-11-01T12:00:00Z")
                .contains("  orders-0  committed 90  end 100  lag 10");
    }

    @Test
    void the_status_for_scripts_is_the_service_s_own_json() {
        assertThat(firn("status", "--json", "--url", url())).isZero();
        assertThat(out.toString()).startsWith("{\"ready\":true,\"pipelines\":[{\"name\":\"orders\"");
    }

    @Test
    void a_pipeline_is_paused_and_resumed() {
        assertThat(firn("pause", "orders", "--url", url())).isZero();
        assertThat(orders.paused).isTrue();
        assertThat(out.toString()).contains("orders  paused");
        assertThat(firn("resume", "orders", "--json", "--url", url())).isZero();
        assertThat(orders.paused).isFalse();
        assertThat(out.toString()).contains("\"state\":\"running\"");
    }

    @Test
    void trouble_is_shown() {
        orders.trouble = Optional.of("Kafka: broker 1 does not answer");
        assertThat(firn("status", "--url", url())).isZero();
        assertThat(out.toString()).startsWith("not ready\n").contains("trouble: Kafka: broker 1 does not answer");
    }

    @Test
    void failedPipelineIsShownAndRestartedAtTheServiceThatTheEnvironmentNames() {
        environment = Map.of("FIRN_TOKEN", TOKEN, "FIRN_URL", url());
        orders.failure = Optional.of(new PipelineStatus.Failure(
                "bad-record",
                "record cannot become a row",
                "orders-0-17",
                "correct the producer",
                FirnException.Kind.DATA,
                OneOrdersPipeline.NOW));
        assertThat(firn("status")).as(err.toString()).isZero();
        assertThat(out.toString())
                .startsWith("not ready\nservice " + url())
                .contains(
                        "orders  failed",
                        "failed: record cannot become a row (bad-record) at 2026-",
                        "where: orders-0-17",
                        "do: correct the producer");
        assertThat(firn("restart", "orders")).as(err.toString()).isZero();
        assertThat(orders.restarts).hasValue(1);
    }

    @Test
    void what_the_service_refuses_is_told_in_its_own_words() {
        assertThat(firn("pause", "order", "--url", url())).isEqualTo(2);
        assertThat(err.toString())
                .contains("firn: there is no pipeline order", "where: pipelines: orders, at " + url(), "do: ");
    }

    @Test
    void a_name_is_one_segment_of_the_path_whatever_it_is() {
        assertThat(firn("pause", "../orders/pause?x=", "--url", url())).isEqualTo(2);
        assertThat(orders.paused).isFalse();
    }

    @Test
    void a_token_comes_from_the_command_line_a_file_or_the_environment() throws IOException {
        environment = Map.of();
        assertThat(firn("status", "--url", url())).isEqualTo(2);
        assertThat(err.toString()).contains("missing or invalid bearer token", "do: send 'Authorization: Bearer'");
        assertThat(firn("status", "--url", url(), "--token", TOKEN)).isZero();
        Path file = Files.writeString(folder.resolve("token"), TOKEN + "\n");
        assertThat(firn("status", "--url", url(), "--token-file", file.toString()))
                .isZero();
    }

    @Test
    void a_wrong_token_and_one_that_no_header_can_hold_are_refused_and_not_printed() {
        assertThat(firn("status", "--url", url(), "--token", "falsch")).isEqualTo(2);
        assertThat(firn("status", "--url", url(), "--token", "fal\nsch")).isEqualTo(2);
        assertThat(err.toString()).contains("one line of plain characters").doesNotContain("falsch", "sch\n");
    }

    @Test
    void a_service_that_is_not_there_is_said_with_its_address() {
        assertThat(firn("status", "--url", "http://" + ClosedPort.address())).isEqualTo(1);
        assertThat(err.toString())
                .contains("firn: no service answers", "where: --url: http://" + ClosedPort.address(), "'firn run'");
    }
}
