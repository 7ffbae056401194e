package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.rig.Eventually;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a running service takes of a request, and of many. */
class HttpLimitsTest {
    private static final String OPERATOR = "geheim-op-1f0c-0001";
    private static final String READER = "geheim-reader-9b2e";
    private static final String PAUSE = "/v1/pipelines/orders/pause";

    private final OneOrdersPipeline orders = new OneOrdersPipeline();
    private @Nullable HttpService service;
    private int port;

    private void start(int perSecond) {
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0", Map.of("me", OPERATOR), Map.of("you", READER), Optional.empty(), perSecond);
        HttpService started = HttpService.start(config, orders, Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));
        service = started;
        port = started.port();
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz\r\n\r\n",
                "5\r\nab\r\n0\r\n\r\n",
                "-1\r\n\r\n",
                "2\r\n{}xx\r\n0\r\n\r\n",
                "fffffffffffffffff\r\n{}",
                "2\n{}\n0\n\n"
            })
    void aMalformedChunkIsRefusedAndChangesNothing(String chunks) throws Exception {
        start(1000);
        String answer = send(head("POST " + PAUSE, OPERATOR) + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
        assertThat(answer).startsWith("HTTP/1.1 400 ");
        assertThat(orders.paused).isFalse();
    }

    @Test
    void aLineThatEndsWithALineFeedAloneIsRefused() throws Exception {
        start(1000);
        assertThat(send(head("GET /v1/status", READER).replace("\r\n", "\n") + "\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(send("GET /v1/status HTTP/1.1\r\nHost: localhost\nAuthorization: Bearer " + READER
                        + "\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(send(head("GET /v1/status", READER) + "\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "DELETE", "OPTIONS"})
    void aMethodWithoutBodyBringsNone(String method) throws Exception {
        start(1000);
        for (String path : new String[] {"/v1/status", "/health/live", "/iceberg/v1/config"}) {
            assertThat(send(head(method + " " + path, READER) + "Content-Length: 2\r\n\r\n{}"))
                    .as(path)
                    .startsWith("HTTP/1.1 413 ");
            assertThat(send(head(method + " " + path, READER)
                            + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void fortyConnectionsThatSendLargeBodiesAreRefusedBeforeTheirBodiesAreRead() throws Exception {
        start(1000);
        for (int connection = 0; connection < 40; connection++) {
            try (Socket socket = open()) {
                OutputStream out = socket.getOutputStream();
                out.write((head("GET /iceberg/v1/config", READER) + "Content-Length: " + (32 << 20) + "\r\n\r\n{")
                        .getBytes(StandardCharsets.US_ASCII));
                byte[] begin = socket.getInputStream().readNBytes("HTTP/1.1 413".length());
                assertThat(new String(begin, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
            }
        }
        assertThat(send(head("GET /v1/status", READER) + "\r\n")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aBodyOfChunksHasTheSameBoundAsOneOfAKnownLength() throws Exception {
        start(1000);
        String chunk = "8000\r\n" + " ".repeat(0x8000) + "\r\n";
        String answer = send(
                head("POST " + PAUSE, OPERATOR) + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(4) + "0\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 413 ");
        assertThat(orders.paused).isFalse();
    }

    @Test
    void requestsThatFailAtAnAddressNeverLockOutAnOperatorThere() throws Exception {
        start(20);
        String wrong = head("GET /v1/status", "guessed-token-0000") + "\r\n";
        for (int guess = 0; guess < 50; guess++) {
            assertThat(send(wrong)).startsWith(guess < 2 ? "HTTP/1.1 401 " : "HTTP/1.1 429 ");
            if (guess % 10 == 0) {
                assertThat(send(head("GET /v1/status", OPERATOR) + "\r\n")).startsWith("HTTP/1.1 200 ");
                assertThat(send(head("GET /v1/status", READER) + "\r\n")).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @Test
    void aKnownCallerHasALimitOfItsOwn() throws Exception {
        start(2);
        for (int request = 0; request < 4; request++) {
            assertThat(send(head("GET /v1/status", READER) + "\r\n")).startsWith("HTTP/1.1 200 ");
        }
        assertThat(send(head("GET /v1/status", READER) + "\r\n"))
                .startsWith("HTTP/1.1 429 ")
                .contains("Retry-After: 1");
        assertThat(send(head("GET /v1/status", OPERATOR) + "\r\n")).startsWith("HTTP/1.1 200 ");
    }

    private static String head(String line, String token) {
        return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + token + "\r\n";
    }

    private Socket open() throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout((int) Eventually.PATIENCE.toMillis());
        return socket;
    }

    private String send(String request) throws IOException {
        try (Socket socket = open()) {
            try {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
            } catch (SocketException refusedAlready) {
                assertThat(request.length()).as("%s", refusedAlready).isGreaterThan(1000);
            }
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
