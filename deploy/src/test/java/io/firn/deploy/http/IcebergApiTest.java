package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.config.HttpConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@code /openapi.json} says of the catalog for query engines, held against what it answers. */
class IcebergApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "geheim";
    private static final String ROOT = "/iceberg/v1";
    private static final String SCHEMA = "\"schema\":{\"type\":\"struct\",\"schema-id\":0,\"fields\":"
            + "[{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"}]}";
    private static final String CHANGE =
            "\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"a\":\"b\"}}]";

    private final HttpClient client = HttpClient.newHttpClient();
    private final InMemoryCatalog catalog = new InMemoryCatalog();
    private HttpService service;

    @BeforeEach
    void serve() throws Exception {
        catalog.initialize("test", Map.of());
        OneOrdersPipeline orders = new OneOrdersPipeline();
        orders.iceberg = Optional.of(new IcebergRest(
                catalog, Map.of(), LocationPolicy.of(Optional.empty(), List.of("/shop")), Clock.systemUTC()));
        // Every wrong token counts as many requests.
        HttpConfig config =
                new HttpConfig("127.0.0.1:0", Map.of("me", SECRET), Map.of(), Optional.empty(), 10_000, true);
        service = HttpService.start(config, orders, Clock.systemUTC());
        for (String namespace : List.of("shop", "idle")) {
            made("/namespaces", "{\"namespace\":[\"" + namespace + "\"]}");
        }
        for (String table : List.of("orders", "gone", "old")) {
            made("/namespaces/shop/tables", table(table));
        }
        for (String view : List.of("seen", "goneview", "oldview")) {
            made("/namespaces/shop/views", view(view));
        }
    }

    @AfterEach
    void stop() throws IOException {
        service.close();
        catalog.close();
    }

    @Test
    void every_endpoint_answers_and_refuses_as_described() throws Exception {
        JsonNode document =
                JSON.readTree(ask("GET", "/openapi.json", "", SECRET).body());
        List<String> asked = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            if (path.getKey().startsWith(ROOT)) {
                for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                    String name = operation.getKey().toUpperCase(Locale.ROOT) + " "
                            + path.getKey().substring(ROOT.length());
                    hold(document, operation.getValue(), name);
                    asked.add(name);
                }
            }
        }
        assertThat(asked)
                .hasSizeGreaterThan(20)
                .contains("GET /config", "POST /namespaces/{namespace}/tables/{table}", "POST /transactions/commit");
    }

    @Test
    void what_is_not_described_is_not_served() throws Exception {
        HttpResponse<String> nothing = ask("GET", ROOT + "/namespaces/shop/functions", "", SECRET);
        assertThat(nothing.statusCode()).isEqualTo(404);
        assertThat(JSON.readTree(nothing.body()).path("error").path("type").asText())
                .isEqualTo("NoSuchRoute");
    }

    private void hold(JsonNode document, JsonNode operation, String name) throws Exception {
        String method = name.substring(0, name.indexOf(' '));
        String path = name.substring(name.indexOf(' ') + 1);
        HttpResponse<String> answer = ask(method, ROOT + concrete(method, path), body(name), SECRET);
        assertThat(answer.statusCode()).as("%s: %s", name, answer.body()).isLessThan(300);
        Described.check(document, operation, answer, name);

        HttpResponse<String> stranger = ask(method, ROOT + concrete(method, path), "", "falsch");
        assertThat(stranger.statusCode()).as(name).isEqualTo(401);
        Described.check(document, operation, stranger, name);

        if (!path.equals("/config") && !path.equals("/namespaces") && !path.endsWith("/metrics")) {
            HttpResponse<String> nothing =
                    ask(method, ROOT + path.replaceAll("\\{[a-z]+}", "nowhere"), missing(name), SECRET);
            assertThat(nothing.statusCode()).as("%s: %s", name, nothing.body()).isIn(400, 404);
            Described.check(document, operation, nothing, name);
        }
    }

    /** What is there for the operation: something of its own for what goes away. */
    private static String concrete(String method, String path) {
        boolean goes = method.equals("DELETE");
        String named = path.replace("{table}", goes ? "gone" : "orders").replace("{view}", goes ? "goneview" : "seen");
        return named.replace("{namespace}", goes && path.endsWith("{namespace}") ? "idle" : "shop");
    }

    private String body(String name) throws Exception {
        return switch (name) {
            case "POST /namespaces" -> "{\"namespace\":[\"fresh\"]}";
            case "POST /namespaces/{namespace}/properties" -> "{\"updates\":{\"a\":\"b\"},\"removals\":[]}";
            case "POST /namespaces/{namespace}/tables" -> table("fresh");
            case "POST /namespaces/{namespace}/views" -> view("freshview");
            case "POST /namespaces/{namespace}/tables/{table}", "POST /namespaces/{namespace}/views/{view}" ->
                "{" + CHANGE + "}";
            case "POST /transactions/commit" -> transaction("shop");
            case "POST /tables/rename" -> rename("old", "new");
            case "POST /views/rename" -> rename("oldview", "newview");
            case "POST /namespaces/{namespace}/register" -> register("tables/orders", "again");
            case "POST /namespaces/{namespace}/register-view" -> register("views/seen", "viewagain");
            default -> name.startsWith("POST") ? "{}" : "";
        };
    }

    /** Well-formed, of something that is not there; where that cannot be, empty. */
    private String missing(String name) throws Exception {
        return switch (name) {
            case "POST /transactions/commit" -> transaction("nowhere");
            case "POST /tables/rename", "POST /views/rename" -> rename("nowhere", "elsewhere");
            default -> body(name).equals("{}") ? "" : body(name);
        };
    }

    private static String table(String name) {
        return "{\"name\":\"" + name + "\"," + SCHEMA + "}";
    }

    private static String view(String name) {
        return "{\"name\":\"" + name + "\"," + SCHEMA + ",\"properties\":{},\"view-version\":{\"version-id\":1,"
                + "\"timestamp-ms\":1,\"schema-id\":0,\"summary\":{},\"default-namespace\":[\"shop\"],"
                + "\"representations\":[{\"type\":\"sql\",\"sql\":\"SELECT 1 AS id\",\"dialect\":\"trino\"}]}}";
    }

    private static String rename(String from, String to) {
        return "{\"source\":" + identifier("shop", from) + ",\"destination\":" + identifier("shop", to) + "}";
    }

    private static String transaction(String namespace) {
        return "{\"table-changes\":[{\"identifier\":" + identifier(namespace, "orders") + "," + CHANGE + "}]}";
    }

    private static String identifier(String namespace, String name) {
        return "{\"namespace\":[\"" + namespace + "\"],\"name\":\"" + name + "\"}";
    }

    private String register(String of, String name) throws Exception {
        String loaded = ask("GET", ROOT + "/namespaces/shop/" + of, "", SECRET).body();
        String metadata = JSON.readTree(loaded).path("metadata-location").asText();
        return "{\"name\":\"" + name + "\",\"metadata-location\":\"" + metadata + "\"}";
    }

    private void made(String path, String body) throws Exception {
        HttpResponse<String> answer = ask("POST", ROOT + path, body, SECRET);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private HttpResponse<String> ask(String method, String path, String body, String token) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path))
                        .header("Authorization", "Bearer " + token)
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
