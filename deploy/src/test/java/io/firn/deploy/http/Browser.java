package io.firn.deploy.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A real Chromium without a window, spoken to by its DevTools protocol. */
final class Browser implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final int SECONDS = 30;

    private final Process process;
    private final WebSocket socket;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private int asked;

    private Browser(Process process, URI target) throws Exception {
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(target, new Answers())
                .get(SECONDS, TimeUnit.SECONDS);
    }

    private final class Answers implements WebSocket.Listener {
        private final StringBuilder part = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                answers.add(part.toString());
                part.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    /** The program, where there is one. */
    static Optional<Path> program() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** @param folder an empty one, for its profile */
    static Browser open(Path program, Path folder, String page) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--window-size=1200,1400",
                "--remote-debugging-port=0",
                "--user-data-dir=" + folder,
                page));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("browser.log").toFile())
                .start();
        try {
            return new Browser(process, target(process, folder));
        } catch (Exception failed) {
            process.destroyForcibly();
            throw failed;
        }
    }

    private static URI target(Process process, Path folder) throws Exception {
        Path port = folder.resolve("DevToolsActivePort");
        for (int look = 0; look < SECONDS * 10; look++) {
            if (Files.exists(port) && Files.readAllLines(port).size() > 1) {
                Optional<URI> page = page(Files.readAllLines(port).get(0));
                if (page.isPresent()) {
                    return page.get();
                }
            }
            if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                break;
            }
        }
        throw new IOException("the browser did not start: " + Files.readString(folder.resolve("browser.log")));
    }

    private static Optional<URI> page(String port) throws Exception {
        String targets = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
        for (JsonNode target : JSON.readTree(targets)) {
            if (target.path("type").asText().equals("page")) {
                return Optional.of(
                        URI.create(target.path("webSocketDebuggerUrl").asText()));
            }
        }
        return Optional.empty();
    }

    /** What an expression comes to, as text. */
    String run(String expression) throws Exception {
        ObjectNode parameters = JSON.createObjectNode().put("expression", "String(" + expression + ")");
        JsonNode result = ask("Runtime.evaluate", parameters);
        return result.path("result").path("value").asText();
    }

    /** Waits until an expression is true. */
    void await(String expression) throws Exception {
        await(expression, Duration.ofSeconds(SECONDS));
    }

    void await(String expression, Duration time) throws Exception {
        long end = System.nanoTime() + time.toNanos();
        while (!run(expression).equals("true")) {
            if (System.nanoTime() > end) {
                throw new TimeoutException(
                        "not true: " + expression + "; the page says " + run("document.body.innerText"));
            }
            answers.poll(50, TimeUnit.MILLISECONDS);
        }
    }

    /** A picture of the page, PNG. */
    byte[] picture() throws Exception {
        return Base64.getDecoder()
                .decode(ask("Page.captureScreenshot", JSON.createObjectNode())
                        .path("data")
                        .asText());
    }

    private JsonNode ask(String method, ObjectNode parameters) throws Exception {
        int id = ++asked;
        ObjectNode request = JSON.createObjectNode().put("id", id).put("method", method);
        request.set("params", parameters);
        socket.sendText(request.toString(), true).get(SECONDS, TimeUnit.SECONDS);
        while (true) {
            String answer = answers.poll(SECONDS, TimeUnit.SECONDS);
            if (answer == null) {
                throw new TimeoutException("no answer to " + method);
            }
            JsonNode read = JSON.readTree(answer);
            if (read.path("id").asInt() == id) {
                return read.path("result");
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor(SECONDS, TimeUnit.SECONDS);
    }
}
