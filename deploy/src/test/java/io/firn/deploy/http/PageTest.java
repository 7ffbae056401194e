package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.firn.deploy.config.HttpConfig;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a browser gets; what it makes of it is the browser test's matter. */
class PageTest {
    private static final Pattern LINK = Pattern.compile("(?:src|href)=\"([^\"]+)\"");

    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpService service = HttpService.start(
            new HttpConfig("127.0.0.1:0", Optional.of("geheim")),
            new OneOrdersPipeline(),
            Clock.fixed(OneOrdersPipeline.NOW, ZoneOffset.UTC));

    @AfterEach
    void stop() {
        service.close();
    }

    @Test
    void the_page_comes_without_a_token_and_without_anything_from_elsewhere() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        Matcher links = LINK.matcher(page.body());
        while (links.find()) {
            String link = links.group(1);
            assertThat(link).doesNotStartWith("http").doesNotStartWith("//");
            if (link.startsWith("page")) {
                assertThat(get("/" + link).statusCode()).as(link).isEqualTo(200);
            }
        }
        assertThat(get("/v1/pipelines").statusCode()).isEqualTo(401);
    }

    @Test
    void nothing_in_the_page_needs_what_its_security_policy_forbids() throws Exception {
        assertThat(get("/").body()).doesNotContain(" style=", "<style", "onclick=", "javascript:");
        assertThat(get("/page.js").body()).doesNotContain("innerHTML", "eval(", "http://1", "https://");
    }

    /** The page's script itself, by Node.js where it is installed. */
    @Test
    void oldValuesAreShownAsOldAndNeverAsHealthy() throws Exception {
        Optional<Path> node = Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                .map(each -> Path.of(each, "node"))
                .filter(Files::isExecutable)
                .findFirst();
        assumeThat(node).as("node on the path").isPresent();
        Process process = new ProcessBuilder(
                        node.get().toString(),
                        "src/test/resources/io/firn/deploy/http/page-without-browser.js",
                        "src/main/resources/io/firn/deploy/http/page.js")
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();

        assertThat(said)
                .contains("answers|healthy||\n")
                .contains("bad (topic-0-17)", "correct the producer", "bad-record, 5 s ago", "Restart")
                .contains("catalog: away, for 9 s")
                .contains("keyed, read 40 s ago", "≤ 5")
                .containsPattern(
                        "tables hang\\|not current\\|v1/tables does not answer; .* 12 s old: timed out\\|v1/tables")
                .contains("7 3 min ago", "merge failed 4 times in 10 min: no space")
                .containsPattern("backfills hang\\|not current\\|v1/backfills does not answer; .* old: timed out")
                .containsPattern(
                        "away\\|no answer\\|The service does not answer.*\\|v1/pipelines,v1/history,v1/tables,v1/comp")
                .contains("back|healthy||\n")
                .containsPattern("not looked at\\|not current\\|.*20 s old");
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
                        .build(),
                BodyHandlers.ofString());
    }
}
