package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.HttpConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpServiceTest {
    private static final Instant NOW = OneOrdersPipeline.NOW;

    private final HttpClient client = HttpClient.newHttpClient();
    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private final List<HttpService> opened = new ArrayList<>();

    @AfterEach
    void stop() {
        opened.forEach(HttpService::close);
    }

    @Test
    void aHealthyServiceIsLiveAndReady() throws Exception {
        int port = open(Optional.empty());
        assertThat(get(port, "/health/live").statusCode()).isEqualTo(200);
        HttpResponse<String> ready = get(port, "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("{\"ready\":true,\"status\":\"green\",\"reasons\":[]}");
    }

    @Test
    void aServiceInTroubleIsNotReadyAndSaysWhy() throws Exception {
        int port = open(Optional.empty());
        orders.trouble = Optional.of("Kafka: broker 1 does not answer");
        HttpResponse<String> ready = get(port, "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("pipeline orders is running: Kafka: broker 1 does not answer");
        assertThat(get(port, "/health/live").statusCode()).isEqualTo(200);
    }

    @Test
    void noAnswerShowsASecret() throws Exception {
        int port = open(Optional.empty());
        orders.secrets.add("hidden-value");
        orders.secrets.add("topic-id");
        orders.trouble = Optional.of("Kafka: hidden-value:9092 says \"no\"\n to hidden-value");
        orders.warnings = List.of("the catalog hidden-value is slow");
        for (String path : List.of(
                "/health/ready",
                "/v1/status",
                "/v1/pipelines",
                "/v1/pipelines/orders",
                "/v1/pipelines/hidden-value",
                "/v1/tables",
                "/hidden-value",
                "/metrics",
                "/openapi.json",
                "/")) {
            assertThat(get(port, path).body()).as(path).doesNotContain("hidden-value", "\"topic-id\"");
        }
        assertThat(get(port, "/health/ready").body()).contains("Kafka: ***1:9092 says");
        assertThat(get(port, "/v1/pipelines/hidden-value").body()).contains("there is no pipeline ***1");
    }

    @Test
    void aWarningTurnsReadinessAmberAndLeavesItReady() throws Exception {
        int port = open(Optional.empty());
        orders.warnings = List.of("audit 7 of pipeline orders found differences");
        HttpResponse<String> ready = get(port, "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).startsWith("{\"ready\":true,\"status\":\"amber\",\"reasons\":[\"audit 7 of");
        orders.trouble = Optional.of("Kafka: broker 1 does not answer");
        assertThat(get(port, "/health/ready").body()).contains("\"status\":\"red\"", "audit 7");
    }

    @Test
    void aPipelineIsShownWithItsCountersAndLag() throws Exception {
        int port = open(Optional.empty());
        assertThat(get(port, "/v1/pipelines/orders").body())
                .contains("\"state\":\"running\"")
                .contains("\"effective\":90")
                .contains("\"lag\":10")
                .contains("\"lastCommit\":\"2026-11-01T12:00:00Z\"")
                .contains("{\"topic\":\"orders\",\"partition\":0,\"committed\":90,\"end\":100,\"lag\":10");
        assertThat(get(port, "/v1/status").body()).startsWith("{\"ready\":true,\"pipelines\":[{\"name\":\"orders\"");
    }

    @Test
    void metricsHaveThePublishedNamesAndGoWithTheirPartitions() throws Exception {
        int port = open(Optional.empty());
        String metrics = get(port, "/metrics").body();
        assertThat(metrics)
                .contains("firn_records_effective_total{partition=\"0\",pipeline=\"orders\",topic=\"orders\"} 90.0")
                .contains("firn_records_delivered_total{")
                .contains("firn_records_processed_total{")
                .contains("firn_lag_records{partition=\"0\",pipeline=\"orders\",topic=\"orders\"} 10.0")
                .contains("firn_commits_total{outcome=\"committed\",pipeline=\"orders\"} 7.0")
                .contains("firn_commit_age_seconds{pipeline=\"orders\"} 10.0")
                .contains("firn_buffer_bytes{pipeline=\"orders\"} 2048.0");
        orders.assigned = false;
        assertThat(get(port, "/metrics").body())
                .doesNotContain("firn_lag_records{")
                .contains("firn_commits_total{");
    }

    @Test
    void aPipelineIsPausedAndResumed() throws Exception {
        int port = open(Optional.empty());
        assertThat(send(port, "POST", "/v1/pipelines/orders/pause", null).body())
                .contains("\"state\":\"paused\"");
        assertThat(get(port, "/health/ready").statusCode()).isEqualTo(200);
        assertThat(send(port, "POST", "/v1/pipelines/orders/resume", null).body())
                .contains("\"state\":\"running\"");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,  /v1/pipelines/nowhere,        404, pipeline-unknown",
        "POST, /v1/pipelines/nowhere/pause,  404, pipeline-unknown",
        "GET,  /v1/tables/shop.no/ledger,    404, table-missing",
        "GET,  /nowhere,                     404, http-404",
        "GET,  /v1/../../etc/passwd,         400, http-400",
        "GET,  /v1/%2e%2e/%2e%2e/etc/passwd,  400, http-400",
        "POST, /v1/status,                   405, http-405"
    })
    void everyErrorIsAProblemDocument(String method, String path, int status, String code) throws Exception {
        HttpResponse<String> answer = send(open(Optional.empty()), method, path, null);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("application/problem+json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"", "\"status\":" + status, "\"title\":");
    }

    @Test
    void withATokenOnlyWhoKnowsItIsAnswered() throws Exception {
        int port = open(Optional.of("geheim"));
        for (String wrong : new String[] {null, "Bearer falsch", "Bearer geheim2", "Basic geheim", "geheim"}) {
            HttpResponse<String> refused = send(port, "GET", "/v1/status", wrong);
            assertThat(refused.statusCode()).as(wrong).isEqualTo(401);
            assertThat(refused.body()).contains("\"code\":\"http-401\"").doesNotContain("geheim");
            assertThat(send(port, "POST", "/v1/pipelines/orders/pause", wrong).statusCode())
                    .isEqualTo(401);
            assertThat(send(port, "GET", "/metrics", wrong).statusCode()).isEqualTo(401);
        }
        assertThat(orders.paused).isFalse();
        assertThat(send(port, "GET", "/v1/status", "Bearer geheim").statusCode())
                .isEqualTo(200);
        assertThat(get(port, "/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void whatOthersCanReachNeedsAToken() {
        FirnException open = catchThrowableOfType(
                FirnException.class,
                () -> HttpService.start(
                        new HttpConfig("0.0.0.0:0", Optional.empty()), orders, Clock.fixed(NOW, ZoneOffset.UTC)));
        assertThat(open.code()).isEqualTo("http-open");
        assertThat(open).hasMessageContaining("http.token");
    }

    @Test
    void anAddressInUseIsSaid() {
        int port = open(Optional.empty());
        FirnException taken = catchThrowableOfType(
                FirnException.class,
                () -> HttpService.start(
                        new HttpConfig("127.0.0.1:" + port, Optional.empty()),
                        orders,
                        Clock.fixed(NOW, ZoneOffset.UTC)));
        assertThat(taken.code()).isEqualTo("http-address");
    }

    @Test
    void twoHundredClientsAtOnceAreAllAnswered() throws Exception {
        int port = open(Optional.empty());
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 200)
                .mapToObj(
                        each -> client.sendAsync(request(port, "GET", "/v1/pipelines", null), BodyHandlers.ofString()))
                .toList();
        for (CompletableFuture<HttpResponse<String>> answer : answers) {
            assertThat(answer.get().statusCode()).isEqualTo(200);
        }
    }

    private int open(Optional<String> token) {
        HttpService service =
                HttpService.start(new HttpConfig("127.0.0.1:0", token), orders, Clock.fixed(NOW, ZoneOffset.UTC));
        opened.add(service);
        return service.port();
    }

    private HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        return send(port, "GET", path, null);
    }

    private HttpResponse<String> send(int port, String method, String path, @Nullable String authorization)
            throws IOException, InterruptedException {
        return client.send(request(port, method, path, authorization), BodyHandlers.ofString());
    }

    private static HttpRequest request(int port, String method, String path, @Nullable String authorization) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (authorization != null) {
            builder.header("Authorization", authorization);
        }
        return builder.build();
    }
}
