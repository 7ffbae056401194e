package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.catalog.ClosedPort;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.Assembly;
import io.firn.deploy.PipelineStates;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.HttpConfig;
import io.firn.deploy.fuzz.Fuzzer;
import io.firn.deploy.fuzz.Mutations;
import io.firn.deploy.jobs.ServiceJobs;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests as anybody may send them who reaches the port. No broker is there. */
final class HttpFuzzTest {
    private static final int PATIENCE_MILLIS = (int) Eventually.PATIENCE.toMillis();

    private static final List<String> PATHS = List.of(
            "/v1/backfills",
            "/v1/tables/shop.none/compactions",
            "/v1/audits",
            "/v1/pipelines/nobody/pause",
            "/v1/backfills/1f",
            "/v1/tables/shop.orders/ledger",
            "/v1/status",
            "/iceberg/v1/namespaces/shop/tables",
            "/iceberg/v1/namespaces/shop/register",
            "/iceberg/v1/namespaces/shop/tables/orders",
            "/metrics",
            "/openapi.json");

    private static final List<String> BODIES = List.of(
            "{\"pipeline\":\"nowhere\",\"topic\":\"orders\",\"mode\":\"replace\",\"from\":5,"
                    + "\"to\":\"2026-11-01T00:00:00Z\",\"partitions\":[0,3],\"chunk\":1000}",
            "{\"pipeline\":\"nowhere\",\"mode\":\"missing\"}",
            "{\"job\":\"rewrite\"}",
            "{\"pipeline\":\"nowhere\"}",
            "{\"name\":\"t\",\"location\":\"file:/etc/t\",\"schema\":{\"type\":\"struct\",\"fields\":[]},"
                    + "\"properties\":{\"write.data.path\":\"http://127.0.0.1:1/\"}}",
            "{\"name\":\"t\",\"metadata-location\":\"http://127.0.0.1:1/00001.metadata.json\"}",
            "{\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"file:/etc\"},"
                    + "{\"action\":\"set-properties\",\"updates\":{\"write.metadata.path\":\"..\"}}]}",
            "");

    private final Mutations mutations = new Mutations(List.of(
            "\r\n",
            "\r\n\r\n",
            " ",
            "/",
            "..",
            "%00",
            "%2e%2e",
            "%",
            "?",
            "#",
            "Content-Length: -1\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Expect: 100-continue\r\n",
            "Host: x\r\n",
            "Idempotency-Key: \u0001\r\n",
            "Authorization: Bearer x\r\n",
            "HTTP/1.0",
            "HTTP/9.9",
            "OPTIONS",
            "DELETE",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"mode\":\"missing\"",
            "\"chunk\":1e30",
            "\"partitions\":[1.5]",
            "\"from\":-1"));

    @TempDir
    private Path folder;

    @Test
    void a_request_is_answered_or_refused_and_never_a_fault_of_the_service() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        Path file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '" + ClosedPort.address()
                        + "', default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                        + "catalog: " + lake + "}\npipelines:\n  orders:\n    topics: [orders]\n"
                        + "    table: shop.orders\n    schema: id long\n");
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        Configuration configuration = assembly.configuration(file);
        Catalog catalog = Catalogs.open(configuration.catalog());
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.iceberg = Optional.of(new IcebergRest(
                catalog,
                Map.of(),
                LocationPolicy.of(Optional.ofNullable(configuration.catalog().get("warehouse")), List.of()),
                assembly.clock()));
        HttpConfig config = new HttpConfig("127.0.0.1:0", Map.of(), Map.of(), Optional.empty(), 1_000_000, false);
        try (ServiceJobs jobs =
                new ServiceJobs(configuration, catalog, assembly.jobs(configuration, catalog), assembly.clock())) {
            orders.routes = Stream.of(
                            JobRoutes.of(jobs),
                            BackfillRoutes.of(assembly.backfills(configuration, catalog, PipelineStates.none())
                                    .desk()))
                    .flatMap(List::stream)
                    .toList();
            try (HttpService service = HttpService.start(config, orders, assembly.clock())) {
                new Fuzzer("HTTP bodies", 0.002)
                        .run(random -> withBody(random), request -> answered(service.port(), request));
                new Fuzzer("HTTP requests", 0.002)
                        .run(
                                random -> mutations.of(withBody(random), random),
                                request -> answered(service.port(), request));
                assertThat(answered(
                                service.port(),
                                "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII)))
                        .isTrue();
            }
        }
    }

    private byte[] withBody(SplittableRandom random) {
        byte[] body = mutations.of(BODIES.get(random.nextInt(BODIES.size())).getBytes(StandardCharsets.UTF_8), random);
        String head = (random.nextInt(4) == 0 ? "GET " : "POST ") + PATHS.get(random.nextInt(PATHS.size()))
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length + "\r\n\r\n";
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[start.length + body.length];
        System.arraycopy(start, 0, request, 0, start.length);
        System.arraycopy(body, 0, request, start.length, body.length);
        return request;
    }

    /** @return whether it was answered with success */
    private static boolean answered(int port, byte[] request) throws IOException {
        byte[] answer;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            answer = socket.getInputStream().readAllBytes();
        } catch (SocketException cutOff) {
            // What is no request, or one that is too large, may end with its connection.
            return false;
        }
        String text = new String(answer, StandardCharsets.UTF_8);
        if (text.isEmpty()) {
            return false;
        }
        assertThat(text).matches("(?s)HTTP/1\\.[01] (1\\d\\d|2\\d\\d|3\\d\\d|4\\d\\d|501|503|505) .*");
        return text.startsWith("HTTP/1.1 2");
    }
}
