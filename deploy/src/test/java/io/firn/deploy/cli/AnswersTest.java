package io.firn.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.firn.catalog.ClosedPort;
import io.firn.deploy.Assembly;
import io.firn.deploy.StopRequest;
import io.firn.deploy.http.Described;
import io.firn.deploy.http.ServedOrders;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command that asks a service, as a script uses it and as it fails, against the real server. */
class AnswersTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static ServedOrders orders;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** The commands that ask, each with something that is there. */
    enum Asking {
        STATUS("status", "Pipelines", ""),
        PAUSE("pause orders", "Pipeline", "pause nowhere"),
        RESUME("resume orders", "Pipeline", "resume nowhere"),
        RESTART("restart orders", "Pipeline", "restart nowhere"),
        LEDGER("ledger shop.orders", "Ledger", "ledger shop.nowhere"),
        AUDIT("audit orders", "", "audit nowhere"),
        COMPACT("compact shop.orders --job expire", "", "compact shop.nowhere --job expire"),
        CANCEL_COMPACTION("compact --cancel COMPACTION", "Compaction", "compact --cancel nowhere"),
        START("backfill start orders --mode replace --all", "Backfill", ""),
        LIST("backfill list", "Backfills", ""),
        ONE("backfill status BACKFILL", "Backfill", "backfill status nowhere"),
        CANCEL("backfill cancel BACKFILL", "Backfill", "backfill cancel nowhere"),
        PUBLISH("backfill publish READY", "Backfill", "backfill publish nowhere"),
        DROP("backfill drop DROPPED", "Backfill", "backfill drop nowhere");

        private final String line;
        private final String shape;
        private final String unknown;

        /**
         * @param shape of its JSON in /openapi.json; empty where that says only that it is an object
         * @param unknown of something that is not there; empty where it names nothing
         */
        Asking(String line, String shape, String unknown) {
            this.line = line;
            this.shape = shape;
            this.unknown = unknown;
        }

        boolean changes() {
            return !Set.of(STATUS, LEDGER, LIST, ONE).contains(this);
        }
    }

    @BeforeAll
    static void serve(@TempDir Path folder) throws Exception {
        orders = new ServedOrders(folder);
    }

    @AfterAll
    static void stop() {
        orders.close();
    }

    @Test
    void no_command_that_asks_is_forgotten() {
        Set<String> tested = new TreeSet<>();
        for (Asking each : Asking.values()) {
            String[] words = each.line.split(" ");
            tested.add(words[0].equals("backfill") ? words[0] + " " + words[1] : words[0]);
        }
        Set<String> asking = HelpTest.commands()
                .filter(command ->
                        HelpTest.help((command + " --help").split(" ")).contains("--url="))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(tested).isEqualTo(asking);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUDIT")
    void each_prints_for_scripts_one_line_of_json_as_it_is_described(Asking asking) throws Exception {
        assertThat(firn(asking.line + " --json", orders.url(), ServedOrders.OPERATOR))
                .as(err.toString())
                .isZero();
        assertThat(out.toString().lines()).hasSize(1);
        JsonNode said = JSON.readTree(out.toString());
        assertThat(said.isObject()).isTrue();
        assertThat(said.isEmpty()).isFalse();
        if (!asking.shape.isEmpty()) {
            Described.fits(document(), asking.shape, said);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUDIT")
    void each_prints_for_people_no_json(Asking asking) {
        assertThat(firn(asking.line, orders.url(), ServedOrders.OPERATOR))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).isNotBlank().doesNotContain("{\"", "null");
    }

    @Test
    void what_is_on_no_branch_is_not_published_and_one_that_was_dropped_neither() {
        assertThat(firn("backfill publish BACKFILL", orders.url(), ServedOrders.OPERATOR))
                .isEqualTo(2);
        explained("firn: the backfill is on no branch", "do: there is nothing to publish");
        assertThat(firn("backfill drop DROPPED", orders.url(), ServedOrders.OPERATOR))
                .isZero();
        assertThat(out.toString()).contains("cancelled", "on branch to-drop");
        assertThat(firn("backfill publish DROPPED", orders.url(), ServedOrders.OPERATOR))
                .isEqualTo(2);
        explained("firn: the backfill is cancelled already");
    }

    @Test
    void an_audit_that_kafka_does_not_answer_fails_and_says_so() {
        assertThat(firn("audit orders --json", orders.url(), ServedOrders.OPERATOR))
                .isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        explained("firn: Kafka does not answer", "where: topic orders", "do: check kafka.bootstrap.servers");
    }

    @ParameterizedTest
    @EnumSource
    void each_says_that_no_service_is_there(Asking asking) {
        assertThat(firn(asking.line, "http://" + ClosedPort.address(), ServedOrders.OPERATOR))
                .isEqualTo(1);
        explained(
                "firn: no service answers",
                "where: --url: http://" + ClosedPort.address(),
                "do: start it with 'firn run'");
    }

    @ParameterizedTest
    @EnumSource
    void each_says_that_the_token_is_not_the_one_and_does_not_print_it(Asking asking) {
        assertThat(firn(asking.line, orders.url(), "falsch")).isEqualTo(2);
        explained("firn: missing or invalid bearer token", orders.url(), "do: send 'Authorization: Bearer'");
        assertThat(err.toString()).doesNotContain("falsch");
    }

    @ParameterizedTest
    @EnumSource
    void each_that_changes_something_says_that_a_reader_may_not(Asking asking) {
        if (asking.changes()) {
            assertThat(firn(asking.line, orders.url(), ServedOrders.READER)).isEqualTo(2);
            explained("firn: this token is for looking alone", orders.url(), "do: use an operator's token");
        } else {
            assertThat(firn(asking.line, orders.url(), ServedOrders.READER)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void each_says_of_what_there_is_not_that_it_is_not_there(Asking asking) {
        if (!asking.unknown.isEmpty()) {
            assertThat(firn(asking.unknown, orders.url(), ServedOrders.OPERATOR))
                    .isEqualTo(2);
            explained("nowhere", orders.url());
        }
    }

    @ParameterizedTest
    @EnumSource
    void each_says_that_what_answers_is_not_firn(Asking asking) throws Exception {
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            byte[] page = "<html>".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        other.start();
        try {
            String url = "http://127.0.0.1:" + other.getAddress().getPort();
            assertThat(firn(asking.line, url, ServedOrders.OPERATOR)).isEqualTo(1);
            explained("firn: what answers is not Firn", "where: --url: " + url, "do: say with --url");
        } finally {
            other.stop(0);
        }
    }

    @Test
    void backfillWithoutASpanNeedsAllAndTellsTheCount() {
        assertThat(firn("backfill start orders --mode replace", orders.url(), ServedOrders.OPERATOR))
                .isEqualTo(2);
        explained(
                "firn: without a span the whole topic is read again: 1,234 offsets of orders",
                "where: firn backfill start",
                "do: add --all, or name a span with --from, --to or --partitions");
        assertThat(out.toString()).isEmpty();
        assertThat(firn("backfill start orders --mode replace --from 5", orders.url(), ServedOrders.OPERATOR))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pause                           | Missing required parameter: 'PIPELINE'",
                "resume                          | Missing required parameter: 'PIPELINE'",
                "restart                         | Missing required parameter: 'PIPELINE'",
                "ledger                          | Missing required parameter: 'TABLE'",
                "compact shop.orders --job tidy  | there is no job tidy; name one of merge",
                "backfill                        | say one of start, list, status, cancel, publish, drop",
                "backfill start                  | Missing required",
                "backfill start orders           | Missing required option: '--mode=MODE'",
                "backfill status                 | Missing required parameter: 'ID'",
                "backfill cancel                 | Missing required parameter: 'ID'",
                "backfill publish                | Missing required parameter: 'ID'",
                "backfill drop                   | Missing required parameter: 'ID'",
                "backfill begin                  | backfill",
                "status now                      | Unmatched argument at index 1: 'now'",
                "run                             | Missing required option: '--config=FILE'",
                "check                           | Missing required option: '--config=FILE'",
                "quickstart --records none       | Invalid value for option '--records'",
                "quickstart --records 0          | --records must be at least 1",
                "begin                           | begin",
            })
    void wrongUsageIsToldInThreeLines(String line, String wrong) {
        assertThat(firn(line.split(" "))).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(3);
        explained("firn: ", "  where: firn", " --help");
        assertThat(err.toString()).contains(wrong);
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rewrite", "manifests", "expire", "orphans"})
    void jobs_without_a_service_print_one_line_of_json_too(String job) throws Exception {
        String config = orders.configuration().toString();
        assertThat(firn("compact", "shop.orders", "--job", job, "--json", "--config", config))
                .as(err.toString())
                .isZero();
        JsonNode said = JSON.readTree(out.toString());
        assertThat(said.path("job").asText()).isEqualTo(job);
        assertThat(said.path("end").asText()).isIn("nothing", "done");
        out.getBuffer().setLength(0);
        assertThat(firn("compact", "shop.orders", "--job", job, "--json", "--dry-run", "--config", config))
                .isZero();
        assertThat(JSON.readTree(out.toString()).path("job").asText()).isEqualTo(job);
    }

    @Test
    void a_ledger_without_a_service_is_the_same_json() throws Exception {
        String config = orders.configuration().toString();
        assertThat(firn("ledger", "shop.orders", "--json", "--config", config)).isZero();
        String here = out.toString();
        out.getBuffer().setLength(0);
        assertThat(firn("ledger shop.orders --json", orders.url(), ServedOrders.READER))
                .isZero();
        assertThat(JSON.readTree(out.toString())).isEqualTo(JSON.readTree(here));
        assertThat(JSON.readTree(here).at("/orders/orders/next/0").asLong()).isEqualTo(3);
    }

    /** What, where and what to do, a line each and no stack trace. */
    private void explained(String... parts) {
        assertThat(err.toString())
                .contains(parts)
                .contains("firn: ", "\n  where: ", "\n  do: ")
                .doesNotContain("\tat ", "Exception");
    }

    private static JsonNode document() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(orders.url() + "/openapi.json"))
                .header("Authorization", "Bearer " + ServedOrders.READER)
                .build();
        return JSON.readTree(HttpClient.newHttpClient()
                .send(request, BodyHandlers.ofString())
                .body());
    }

    private int firn(String line, String url, String token) {
        List<String> arguments = new ArrayList<>();
        // One that is not cancelled would hold up the others.
        boolean succeeds = url.equals(orders.url()) && token.equals(ServedOrders.OPERATOR);
        for (String word : line.split(" ")) {
            arguments.add(
                    word.equals("COMPACTION") && succeeds
                            ? orders.compaction()
                            : word.replace("BACKFILL", orders.backfill())
                                    .replace("READY", orders.ready())
                                    .replace("DROPPED", orders.dropped()));
        }
        arguments.addAll(List.of("--url", url, "--token", token));
        return firn(arguments.toArray(new String[0]));
    }

    private int firn(String... arguments) {
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        return FirnCommand.run(
                assembly, new StopRequest(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }
}
