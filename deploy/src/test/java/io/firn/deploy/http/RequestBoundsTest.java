package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.rig.Eventually;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Bounds on what many requests take together. */
class RequestBoundsTest {
    private static final String TOKEN = "operators-secret-0001";

    @Test
    void bodiesBeyondTheCommonBoundAreAnsweredWith503UntilOthersAreDone() throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.routes = java.util.List.of(Route.begin(
                "/v1/slow", "slow", "a test", Shape.of("Slow", "a test"), Shape.of("Slow", "a test"), call -> {
                    working.countDown();
                    await(done);
                    return "{}";
                }));
        HttpLimits limits = HttpLimits.defaults().withBodies(1000);
        try (HttpService service = HttpService.start(
                new HttpConfig("127.0.0.1:0", Optional.of(TOKEN)), orders, Clock.systemUTC(), limits)) {
            HttpClient client = HttpClient.newHttpClient();
            CompletableFuture<HttpResponse<String>> first =
                    client.sendAsync(slow(service, 900), BodyHandlers.ofString());
            await(working);
            HttpResponse<String> second = client.send(slow(service, 200), BodyHandlers.ofString());
            assertThat(second.statusCode()).isEqualTo(503);
            assertThat(second.headers().firstValue("Retry-After")).contains("1");
            assertThat(second.body()).contains("requests-full");
            done.countDown();
            assertThat(first.get().statusCode()).isEqualTo(202);
            assertThat(client.send(slow(service, 900), BodyHandlers.ofString()).statusCode())
                    .isEqualTo(202);
            assertThat(client.send(slow(service, 1001), BodyHandlers.ofString()).statusCode())
                    .isEqualTo(413);
        }
    }

    @Test
    void aBodyThatIsCutOffGivesItsRoomBack() throws Exception {
        OneOrdersPipeline orders = new OneOrdersPipeline();
        try (HttpService service = HttpService.start(
                new HttpConfig("127.0.0.1:0", Optional.of(TOKEN)),
                orders,
                Clock.systemUTC(),
                HttpLimits.defaults().withBodies(1000))) {
            for (int i = 0; i < 5; i++) {
                try (Socket socket = new Socket("127.0.0.1", service.port())) {
                    socket.setSoTimeout((int) Eventually.PATIENCE.toMillis());
                    socket.getOutputStream()
                            .write(
                                    ("POST /v1/pipelines/orders/pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                                    + TOKEN + "\r\nContent-Length: 990\r\n\r\n" + " ".repeat(900))
                                            .getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                    byte[] answer = socket.getInputStream().readAllBytes();
                    assertThat(new String(answer, StandardCharsets.US_ASCII)).doesNotStartWith("HTTP/1.1 503");
                }
            }
            assertThat(orders.paused).isFalse();
        }
    }

    private static HttpRequest slow(HttpService service, int bytes) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + "/v1/slow"))
                .header("Authorization", "Bearer " + TOKEN)
                .POST(BodyPublishers.ofString("{}" + " ".repeat(bytes - 2)))
                .build();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Eventually.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                    .isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    @Test
    void keptAnswersHaveABoundInBytesAndRequestsAreKeptAsDigests() {
        Repeats repeats = new Repeats(100_000);
        for (int i = 0; i < 1000; i++) {
            String answer = "x".repeat(5_000) + i;
            assertThat(repeats.once("me", "key" + i, "r".repeat(60_000), () -> answer))
                    .isEqualTo(answer);
            assertThat(repeats.bytes()).isLessThanOrEqualTo(100_000);
            assertThat(repeats.once("me", "key" + i, "r".repeat(60_000), () -> "again"))
                    .isEqualTo(answer);
        }
        assertThat(repeats.once("me", "key0", "r", () -> "forgotten")).isEqualTo("forgotten");
    }

    @Test
    void theKeyOfAChangeThatIsWorkedOnIsNotForgotten() {
        Repeats repeats = new Repeats(1_000);
        repeats.once("me", "outer", "r", () -> {
            for (int i = 0; i < 100; i++) {
                repeats.once("me", "inner" + i, "r", () -> "x".repeat(500));
            }
            assertThatThrownBy(() -> repeats.once("me", "outer", "r", () -> "twice"))
                    .isInstanceOfSatisfying(FirnException.class, failure -> assertThat(failure.code())
                            .isEqualTo("key-busy"));
            return "done";
        });
    }

    @Test
    void addressesOfOneNetworkOfIpv6CountTogether() {
        assertThat(RequestRates.network("[2001:db8:1:2:3:4:5:6]"))
                .isEqualTo(RequestRates.network("2001:db8:1:2::9"))
                .isNotEqualTo(RequestRates.network("2001:db8:1:3::9"));
        assertThat(RequestRates.network("10.0.0.1"))
                .isEqualTo("10.0.0.1")
                .isNotEqualTo(RequestRates.network("10.0.0.2"));
        assertThat(RequestRates.network("::ffff:10.0.0.1")).isEqualTo("10.0.0.1");
    }
}
