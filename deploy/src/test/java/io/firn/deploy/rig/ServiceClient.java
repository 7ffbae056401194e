package io.firn.deploy.rig;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Requests to the HTTP interface of a Firn process that may be frozen, starting or gone. */
public final class ServiceClient {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /** @param status the HTTP status */
    public record Answer(int status, JsonNode body) {}

    /** Returns the answer to a GET; empty if the process does not listen, or gives no answer within 3 s. */
    public Optional<Answer> get(FirnProcess process, String path) {
        return send(process, path, HttpRequest.newBuilder());
    }

    /** Returns the answer to a POST without a body; empty as for {@link #get}. */
    public Optional<Answer> post(FirnProcess process, String path) {
        return send(process, path, HttpRequest.newBuilder().POST(HttpRequest.BodyPublishers.noBody()));
    }

    /** Returns the answer to a POST of a JSON body; empty as for {@link #get}. */
    public Optional<Answer> post(FirnProcess process, String path, String body) {
        return send(
                process,
                path,
                HttpRequest.newBuilder()
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private Optional<Answer> send(FirnProcess process, String path, HttpRequest.Builder request) {
        if (!process.isAlive() || !process.listens()) {
            return Optional.empty();
        }
        try {
            HttpResponse<String> answer = http.send(
                    request.uri(URI.create(process.url(path))).timeout(PATIENCE).build(),
                    HttpResponse.BodyHandlers.ofString());
            return Optional.of(new Answer(answer.statusCode(), JSON.readTree(answer.body())));
        } catch (IOException noAnswer) {
            return Optional.empty();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while a service was asked for " + path, interrupted);
        }
    }
}
