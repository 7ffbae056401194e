package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.rig.Eventually;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What people try who should not, against the real server. */
class SecurityTest {
    private static final String OPERATOR = "geheim-op-1f0c";
    private static final String ALICE = "geheim-alice-77a1";
    private static final String READER = "geheim-reader-9b2e";
    private static final String PAUSE = "/v1/pipelines/orders/pause";
    private static final String BEARER = "Bearer ";

    private final HttpClient client = HttpClient.newHttpClient();
    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private @Nullable HttpService service;

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    private int open(int perSecond) {
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0",
                Map.of(HttpConfig.OPERATOR, OPERATOR, "alice", ALICE),
                Map.of("grafana", READER),
                Optional.empty(),
                perSecond);
        return open(config);
    }

    private int open(HttpConfig config) {
        HttpService started = HttpService.start(config, orders, Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));
        service = started;
        return started.port();
    }

    @Test
    void a_reader_sees_everything_and_changes_nothing() throws Exception {
        int port = open(1000);
        for (String path : List.of("/v1/status", "/v1/pipelines/orders", "/metrics", "/openapi.json")) {
            assertThat(get(port, path, BEARER + READER).statusCode()).as(path).isEqualTo(200);
        }
        HttpResponse<String> refused = post(port, PAUSE, BEARER + READER);
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("\"code\":\"http-403\"", "http.operators");
        assertThat(orders.paused).isFalse();
    }

    @Test
    void every_operator_of_the_configuration_may_change_things_and_the_log_says_who_did() throws Exception {
        int port = open(1000);
        String log = logged(() -> {
            assertThat(post(port, PAUSE, BEARER + ALICE).statusCode()).isEqualTo(200);
            assertThat(post(port, "/v1/pipelines/orders/resume", BEARER + OPERATOR)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(post(port, PAUSE, BEARER + "falsch").statusCode()).isEqualTo(401);
        });
        assertThat(log)
                .contains("changed by alice from 127.0.0.1: POST /v1/pipelines/orders/pause")
                .contains("changed by operator from 127.0.0.1: POST /v1/pipelines/orders/resume")
                .contains("refused POST /v1/pipelines/orders/pause of somebody from 127.0.0.1 with 401");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/status",
                "/metrics",
                "/openapi.json",
                "/v1/tables/shop.orders/ledger",
                "/nowhere",
                "/health/ready/",
                "/health/ready/x",
                "/health/ready;x=1",
                "/health/live/../../v1/status",
                "/health/live/%2e%2e/%2e%2e/v1/status",
                "/health/live/..%2f..%2fv1/status",
                "/health/live%00/v1/status",
                "//v1/status",
                "/v1//status",
                "/V1/status",
                "/v1/status%20",
                "/..%5c..%5cetc/passwd",
                "/%c0%ae%c0%ae/etc/passwd"
            })
    void without_a_token_no_way_of_writing_a_path_shows_anything(String path) throws Exception {
        String answer = raw(open(1000), "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer).matches("(?s)HTTP/1.1 (400|401|404) .*");
        assertThat(answer).contains("application/problem+json").doesNotContain("effective", "paths", "firn_", "root:");
    }

    @Test
    void a_body_that_is_too_large_is_refused_and_the_service_goes_on() throws Exception {
        int port = open(1000);
        HttpResponse<String> refused = client.send(
                request(port, PAUSE, BEARER + OPERATOR)
                        .header("Idempotency-Key", "large")
                        .POST(BodyPublishers.ofByteArray(new byte[200_000]))
                        .build(),
                BodyHandlers.ofString());
        assertThat(refused.statusCode()).isEqualTo(413);
        assertThat(refused.body()).contains("\"code\":\"http-413\"");
        assertThat(orders.paused).isFalse();
        assertThat(get(port, "/v1/status", BEARER + READER).statusCode()).isEqualTo(200);
    }

    @Test
    void headers_that_are_too_large_are_refused() throws Exception {
        String answer =
                raw(open(1000), "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(20_000) + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 431 ").contains("\"code\":\"http-431\"");
    }

    @Test
    void a_body_that_trickles_in_is_not_waited_for() throws Exception {
        service = HttpService.start(
                new HttpConfig("127.0.0.1:0", Optional.of(OPERATOR)),
                orders,
                Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC),
                HttpLimits.defaults().clientsWithin(200));
        int port = service.port();
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream()
                    .write(("POST " + PAUSE + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + OPERATOR
                                    + "\r\nContent-Length: 5000\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(trickle(socket, 50)).doesNotContain(" 200 ", "orders");
        }
        assertThat(orders.paused).isFalse();
    }

    @Test
    void two_hundred_clients_at_once_are_all_answered_as_each_of_them_should_be() throws Exception {
        int port = open(1000);
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int client = 0; client < 200; client++) {
                Socket socket = new Socket("127.0.0.1", port);
                socket.setSoTimeout((int) Eventually.PATIENCE.toMillis());
                sockets.add(socket);
            }
            for (int client = 0; client < sockets.size(); client++) {
                String line = client % 2 == 0 ? "GET /v1/status" : "POST " + PAUSE;
                sockets.get(client)
                        .getOutputStream()
                        .write((line + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + READER
                                        + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
            }
            for (int client = 0; client < sockets.size(); client++) {
                byte[] answer = sockets.get(client).getInputStream().readAllBytes();
                assertThat(new String(answer, StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 " + (client % 2 == 0 ? 200 : 403) + " ");
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        assertThat(orders.paused).isFalse();
        assertThat(get(port, "/health/live", null).statusCode()).isEqualTo(200);
    }

    @Test
    void whoever_asks_too_often_has_to_wait_and_guessing_costs_more() throws Exception {
        int port = open(20);
        assertThat(get(port, "/v1/status", BEARER + "falsch").statusCode()).isEqualTo(401);
        assertThat(get(port, "/v1/status", BEARER + "falsch").statusCode()).isEqualTo(401);
        HttpResponse<String> refused = get(port, "/v1/status", BEARER + "falsch");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(refused.body()).contains("\"code\":\"http-429\"");
        assertThat(get(port, "/health/ready", null).statusCode()).isEqualTo(200);
    }

    @Test
    void a_page_of_another_site_can_ask_for_nothing_even_where_no_token_is_needed() throws Exception {
        int port = open(loopback());
        String pause = "POST " + PAUSE + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n";
        assertThat(raw(port, pause + "Host: localhost\r\nOrigin: https://evil.example\r\n\r\n"))
                .startsWith("HTTP/1.1 403 ");
        assertThat(raw(port, pause + "Host: evil.example:8383\r\nOrigin: http://evil.example:8383\r\n\r\n"))
                .startsWith("HTTP/1.1 403 ");
        assertThat(raw(port, pause + "Host: localhost\r\nOrigin: null\r\n\r\n")).startsWith("HTTP/1.1 403 ");
        assertThat(orders.paused).isFalse();
        assertThat(raw(port, pause + "Host: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
        assertThat(orders.paused).isTrue();
    }

    private static HttpConfig loopback() {
        return new HttpConfig("127.0.0.1:0", Optional.empty());
    }

    @Test
    void every_answer_has_the_headers_that_a_browser_needs() throws Exception {
        int port = open(1000);
        for (String path : List.of("/v1/status", "/nowhere", "/health/ready")) {
            HttpResponse<String> answer = get(port, path, null);
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(answer.headers().firstValue("X-Frame-Options")).contains("DENY");
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
            assertThat(answer.headers().firstValue("Server")).isEmpty();
        }
    }

    @Test
    void a_change_with_an_idempotency_key_takes_effect_once() throws Exception {
        int port = open(1000);
        HttpResponse<String> first = post(port, PAUSE, BEARER + OPERATOR, "k1");
        orders.paused = false;
        HttpResponse<String> again = post(port, PAUSE, BEARER + OPERATOR, "k1");
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(first.body()).contains("\"state\":\"paused\"");
        assertThat(orders.paused).isFalse();
        assertThat(post(port, "/v1/pipelines/orders/resume", BEARER + OPERATOR, "k1")
                        .statusCode())
                .isEqualTo(422);
        assertThat(post(port, PAUSE, BEARER + ALICE, "k1").statusCode()).isEqualTo(200);
        assertThat(orders.paused).as("the key of another person is another key").isTrue();
    }

    @Test
    void what_was_refused_may_be_asked_again_with_the_same_key() throws Exception {
        int port = open(1000);
        assertThat(post(port, "/v1/pipelines/nowhere/pause", BEARER + OPERATOR, "k2")
                        .statusCode())
                .isEqualTo(404);
        assertThat(post(port, PAUSE, BEARER + OPERATOR, "k2").statusCode()).isEqualTo(200);
    }

    @Test
    void no_secret_is_in_any_answer_or_line_of_the_log() throws Exception {
        StringBuilder answers = new StringBuilder();
        String log = logged(() -> {
            int port = open(1000);
            for (String path : List.of("/v1/status", "/v1/pipelines", "/metrics", "/openapi.json", "/nowhere", "/")) {
                for (String token : List.of(OPERATOR, READER, READER + "x")) {
                    answers.append(get(port, path, BEARER + token).body());
                    answers.append(post(port, path, BEARER + token).body());
                }
            }
            answers.append(raw(port, "GET /v1/status HTTP/9\r\nAuthorization: Bearer " + OPERATOR + "\r\n\r\n"));
            Thread.getAllStackTraces()
                    .forEach((thread, stack) -> answers.append(thread.getName()).append(List.of(stack)));
        });
        assertThat(answers + log).doesNotContain("geheim");
        assertThat(new HttpConfig("h:1", Map.of("a", OPERATOR), Map.of("b", READER), Optional.empty(), 1).toString())
                .doesNotContain("geheim");
    }

    /** What Firn logs meanwhile, whatever the tests' configuration leaves out. */
    private static String logged(Work work) throws Exception {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger firn = (Logger) LoggerFactory.getLogger("io.firn");
        firn.addAppender(lines);
        firn.setAdditive(false);
        firn.setLevel(Level.ALL);
        try {
            work.run();
        } finally {
            firn.setLevel(null);
            firn.setAdditive(true);
            firn.detachAppender(lines);
        }
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).collect(Collectors.joining("\n"));
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Sends a byte now and then until something is answered. */
    static String trickle(Socket socket, int millis) throws IOException {
        socket.setSoTimeout(millis);
        while (true) {
            try {
                byte[] answer = new byte[1000];
                int length = socket.getInputStream().read(answer);
                return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.US_ASCII);
            } catch (SocketException closed) {
                return "";
            } catch (SocketTimeoutException nothingYet) {
                socket.getOutputStream().write('x');
            }
        }
    }

    private static String raw(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout((int) Eventually.PATIENCE.toMillis());
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private HttpResponse<String> get(int port, String path, @Nullable String authorization) throws Exception {
        return client.send(request(port, path, authorization).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(int port, String path, String authorization) throws Exception {
        return client.send(
                request(port, path, authorization).POST(BodyPublishers.noBody()).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(int port, String path, String authorization, String key) throws Exception {
        return client.send(
                request(port, path, authorization)
                        .header("Idempotency-Key", key)
                        .POST(BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(int port, String path, @Nullable String authorization) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
        return authorization == null ? request : request.header("Authorization", authorization);
    }
}
