package io.firn.catalog;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes what is sent to S3 and STS, and remembers it. It holds no object; STS gives keys to whoever asks. */
final class FakeAws implements AutoCloseable {
    private final HttpServer server;
    private final List<Sent> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();

    /** Header names are in lower case. */
    record Sent(String method, String path, Map<String, String> headers, String body) {
        /** Of the signature: key, day, region and service. */
        String credential() {
            return headers.getOrDefault("authorization", "").replaceFirst(".*Credential=([^,]*),.*", "$1");
        }
    }

    private FakeAws(HttpServer server) {
        this.server = server;
    }

    static FakeAws start() {
        try {
            FakeAws aws = new FakeAws(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
            aws.server.createContext("/", aws::answer);
            aws.server.start();
            return aws;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    String endpoint() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    /** So many requests to come are told to slow down. */
    void throttle(int many) {
        refusals.set(many);
    }

    List<Sent> requests() {
        return List.copyOf(requests);
    }

    Sent last() {
        return requests.get(requests.size() - 1);
    }

    private void answer(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1);
        String method = exchange.getRequestMethod();
        requests.add(new Sent(method, exchange.getRequestURI().getPath(), headers, body));
        if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            send(exchange, 503, "<Error><Code>SlowDown</Code><Message>slow down</Message></Error>");
        } else if (method.equals("POST")) {
            send(exchange, 200, """
                    <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                    <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>of-the-role</AccessKeyId>
                    <SecretAccessKey>secret</SecretAccessKey><SessionToken>token-of-the-role</SessionToken>
                    <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
                    </AssumeRoleWithWebIdentityResponse>""");
        } else if (method.equals("HEAD")) {
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        } else {
            exchange.getResponseHeaders().set("ETag", "\"1\"");
            send(exchange, 200, "");
        }
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
