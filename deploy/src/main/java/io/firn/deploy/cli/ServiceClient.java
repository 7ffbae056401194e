package io.firn.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.firn.catalog.FirnException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * A running service, for commands. What it refuses is thrown as a {@link FirnException} with the service's own code,
 * what it says and what to do: of kind user where asking again would be refused again.
 */
final class ServiceClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);

    /** Every answer is short and none waits for a job; a ledger is read from the catalog. */
    private static final Duration ANSWER_TIME = Duration.ofSeconds(60);

    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;

    /** Refused now, and not for what was asked: too slow, too many. */
    private static final Set<Integer> PASSING = Set.of(408, 429);

    private final HttpClient http;
    private final URI service;
    private final Optional<String> token;

    /** @param tls how connections are secured where the address begins with https */
    ServiceClient(URI service, Optional<String> token, SSLContext tls) {
        this.http = HttpClient.newBuilder()
                .connectTimeout(CONNECT_TIME)
                .sslContext(tls)
                .build();
        this.service = service;
        this.token = token;
    }

    /** A name as one segment of a path. */
    static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /**
     * Asks for something.
     *
     * @param path from the root, its segments encoded
     */
    JsonNode get(String path) throws InterruptedException {
        return send(request(path).GET());
    }

    /** Asks to do something; if the answer is lost and it is asked once more, it is still done once. */
    JsonNode post(String path, JsonNode body) throws InterruptedException {
        String text = body.isMissingNode() ? "" : body.toString();
        return send(request(path)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", UUID.randomUUID().toString())
                .POST(BodyPublishers.ofString(text)));
    }

    /** As {@link #post(String, JsonNode)}, where the path says it all. */
    JsonNode post(String path) throws InterruptedException {
        return post(path, MissingNode.getInstance());
    }

    JsonNode delete(String path) throws InterruptedException {
        return send(request(path).DELETE());
    }

    private HttpRequest.Builder request(String path) {
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(service.resolve(path))
                    .timeout(ANSWER_TIME)
                    .header("Accept", "application/json");
            token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
            return request;
        } catch (IllegalArgumentException unusable) {
            // Its message would quote the header.
            throw FirnException.user(
                    "service-url",
                    "the address or the token cannot be used in a request",
                    "--url: " + service,
                    "write the address as http://host:8383 and the token in one line of plain characters");
        }
    }

    private JsonNode send(HttpRequest.Builder builder) throws InterruptedException {
        HttpRequest request = builder.build();
        HttpResponse<String> answer;
        try {
            answer = http.send(request, BodyHandlers.ofString());
        } catch (HttpTimeoutException late) {
            throw FirnException.external(
                    "service-timeout", "the service did not answer in time", where(), "look at its log", late);
        } catch (SSLException refused) {
            throw FirnException.external(
                    "service-tls",
                    "no secure connection can be made: " + Failures.reason(refused),
                    where(),
                    "check the certificates on both sides",
                    refused);
        } catch (IOException away) {
            throw FirnException.external(
                    "service-unreachable",
                    "no service answers",
                    where(),
                    "start it with 'firn run', or say with --url where it listens",
                    away);
        }
        JsonNode body = json(answer);
        if (answer.statusCode() >= CLIENT_ERROR) {
            throw refusal(answer.statusCode(), body, service.toString());
        }
        return body;
    }

    private JsonNode json(HttpResponse<String> answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (JsonProcessingException strange) {
            throw FirnException.external(
                    "service-strange",
                    "what answers is not Firn: HTTP status " + answer.statusCode() + " without JSON",
                    where(),
                    "say with --url where Firn listens",
                    strange);
        }
    }

    /**
     * A problem document as what it says.
     *
     * @param from who says so
     */
    static FirnException refusal(int status, JsonNode problem, String from) {
        boolean mine = status < SERVER_ERROR && !PASSING.contains(status);
        String place = problem.path("where").asText();
        return new FirnException(
                problem.path("code").asText("http-" + status),
                mine ? FirnException.Kind.USER : FirnException.Kind.EXTERNAL,
                problem.path("title").asText("the service refused with HTTP status " + status),
                place.isEmpty() ? from : place + ", at " + from,
                problem.path("action").asText(),
                null);
    }

    private String where() {
        return "--url: " + service;
    }
}
