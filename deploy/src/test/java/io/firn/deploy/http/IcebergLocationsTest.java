package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.firn.catalog.Catalogs;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.config.HttpConfig;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What engines can reach through a running service's {@code /iceberg} besides the warehouse: nothing. */
class IcebergLocationsTest {
    private static final String TOKEN = "operators-secret-0001";
    private static final TableIdentifier ORDERS = TableIdentifier.of("shop", "orders");
    private static final Schema SCHEMA = new Schema(Types.NestedField.required(1, "id", Types.LongType.get()));
    private static final String FIELDS =
            "\"schema\":{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id\",\"type\":\"long\",\"required\":true}]}";

    /** Where, and what: OUT is a directory outside, LAKE the warehouse. */
    private static final List<List<String>> REQUESTS = List.of(
            List.of("/namespaces", "{\"namespace\":[\"n\"],\"properties\":{\"location\":\"OUT/n\"}}"),
            List.of("/namespaces/shop/properties", "{\"updates\":{\"location\":\"OUT/n\"},\"removals\":[]}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"OUT/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"OUT/t\",\"stage-create\":true,FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"LAKE/../outside/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"LAKE/%2e%2e/outside/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"LAKE\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"LAKE-other/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"http://127.0.0.1:1/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"har:LAKE/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"viewfs:LAKE/t\",FIELDS}"),
            List.of("/namespaces/shop/tables", "{\"name\":\"t\",\"location\":\"s3://bucket/t\",FIELDS}"),
            List.of(
                    "/namespaces/shop/tables",
                    "{\"name\":\"t\",FIELDS,\"properties\":{\"write.metadata.path\":\"OUT/m\"}}"),
            List.of(
                    "/namespaces/shop/tables",
                    "{\"name\":\"t\",FIELDS,\"properties\":{\"write.data.path\":\"OUT/d\"}}"),
            List.of("/namespaces/shop/register", "{\"name\":\"t\",\"metadata-location\":\"OUT/t.metadata.json\"}"),
            List.of(
                    "/namespaces/shop/register",
                    "{\"name\":\"t\",\"metadata-location\":\"LAKE/crafted.metadata.json\"}"),
            List.of(
                    "/namespaces/shop/register-view",
                    "{\"name\":\"v\",\"metadata-location\":\"https://127.0.0.1:1/v.json\"}"),
            List.of("/namespaces/shop/views", "{\"name\":\"v\",\"location\":\"OUT/v\",FIELDS,VIEW,\"properties\":{}}"),
            List.of(
                    "/namespaces/shop/views",
                    "{\"name\":\"v\",FIELDS,VIEW,\"properties\":{\"write.metadata.path\":\"OUT/v\"}}"),
            List.of("ORDERS", "UPDATE{\"action\":\"set-location\",\"location\":\"OUT/t\"}]}"),
            List.of(
                    "ORDERS",
                    "UPDATE{\"action\":\"set-properties\",\"updates\":{\"write.object-storage.path\":\"OUT/t\"}}]}"),
            List.of(
                    "ORDERS",
                    "UPDATE{\"action\":\"set-properties\",\"updates\":{\"write.folder-storage.path\":\"OUT/t\"}}]}"),
            List.of(
                    "ORDERS",
                    "UPDATE{\"action\":\"add-snapshot\",\"snapshot\":{SNAPSHOT,\"manifest-list\":\"OUT/snap.avro\"}}]}"),
            List.of(
                    "ORDERS",
                    "UPDATE{\"action\":\"add-snapshot\",\"snapshot\":{SNAPSHOT,\"manifests\":[\"OUT/m.avro\"]}}]}"),
            List.of(
                    "ORDERS",
                    "UPDATE{\"action\":\"set-partition-statistics\",\"partition-statistics\":{PARTITIONS}}]}"),
            List.of(
                    "TRANSACTION",
                    "{\"table-changes\":[{TABLE,\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"OUT/t\"}]}]}"));

    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private Catalog catalog;
    private HttpService service;
    private Path outside;

    @BeforeEach
    void start() throws IOException {
        outside = Files.createDirectories(folder.resolve("outside"));
        String warehouse = "file:" + folder.resolve("warehouse");
        catalog = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "jdbc.schema-version",
                "V1",
                "uri",
                "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse",
                warehouse));
        ((SupportsNamespaces) catalog).createNamespace(Namespace.of("shop"));
        OneOrdersPipeline running = new OneOrdersPipeline();
        running.iceberg = Optional.of(new IcebergRest(
                catalog, Map.of(), LocationPolicy.of(Optional.of(warehouse), List.of()), Clock.systemUTC()));
        HttpConfig config =
                new HttpConfig("127.0.0.1:0", Map.of("me", TOKEN), Map.of(), Optional.empty(), 10_000, true);
        service = HttpService.start(config, running, Clock.systemUTC());
    }

    @AfterEach
    void stop() throws IOException {
        service.close();
        ((Closeable) catalog).close();
    }

    @Test
    void aPurgeDeletesNoFileThatACommitNamedAsStatistics() throws Exception {
        catalog.createTable(ORDERS, SCHEMA).newAppend().commit();
        long snapshot = catalog.loadTable(ORDERS).currentSnapshot().snapshotId();
        Path precious = Files.writeString(outside.resolve("precious.txt"), "precious");
        String statistics = "{\"snapshot-id\":" + snapshot + ",\"statistics-path\":\"file:" + precious
                + "\",\"file-size-in-bytes\":8,\"file-footer-size-in-bytes\":4,\"blob-metadata\":[]}";
        HttpResponse<String> refused = post(
                "/v1/namespaces/shop/tables/orders",
                "{\"requirements\":[],\"updates\":[{\"action\":\"set-statistics\",\"snapshot-id\":" + snapshot
                        + ",\"statistics\":" + statistics + "}]}");
        HttpResponse<String> dropped = delete("/v1/namespaces/shop/tables/orders?purgeRequested=true");
        assertThat(dropped.statusCode()).as(dropped.body()).isEqualTo(204);
        assertThat(precious).exists();
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
        assertThat(refused.body()).contains("http.iceberg-locations");
    }

    @Test
    void aPurgeOfATableThatHasSuchFilesAlreadyLeavesThem() throws Exception {
        Path precious = Files.writeString(outside.resolve("precious.txt"), "precious");
        catalog.createTable(ORDERS, SCHEMA).newAppend().commit();
        Path metadata = Path.of(URI.create(((HasTableOperations) catalog.loadTable(ORDERS))
                .operations()
                .current()
                .metadataFileLocation()));
        long snapshot = catalog.loadTable(ORDERS).currentSnapshot().snapshotId();
        catalog.loadTable(ORDERS)
                .updateStatistics()
                .setStatistics(new org.apache.iceberg.GenericStatisticsFile(
                        snapshot, "file:" + precious, 8, 4, java.util.List.of()))
                .commit();
        assertThat(delete("/v1/namespaces/shop/tables/orders?purgeRequested=true")
                        .statusCode())
                .isEqualTo(204);
        assertThat(precious).exists();
        assertThat(metadata).doesNotExist();
        assertThat(catalog.tableExists(ORDERS)).isFalse();
    }

    @Test
    void aTableIsNotCreatedOutsideOfTheWarehouse() throws Exception {
        Path elsewhere = outside.resolve("table");
        HttpResponse<String> refused = post(
                "/v1/namespaces/shop/tables",
                "{\"name\":\"orders\",\"location\":\"file:" + elsewhere + "\"," + FIELDS + "}");
        assertThat(elsewhere).doesNotExist();
        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
        assertThat(catalog.tableExists(ORDERS)).isFalse();
    }

    @Test
    void noUrlIsFetchedAndNoAnswerOfOneIsQuoted() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer internal = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        internal.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] secret = "\"internal-secret\"".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, secret.length);
            exchange.getResponseBody().write(secret);
            exchange.close();
        });
        internal.start();
        try {
            HttpResponse<String> refused = post(
                    "/v1/namespaces/shop/register",
                    "{\"name\":\"orders\",\"metadata-location\":\"http://127.0.0.1:"
                            + internal.getAddress().getPort() + "/x/00001.metadata.json\"}");
            assertThat(requests).hasValue(0);
            assertThat(refused.body()).doesNotContain("internal-secret");
            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
        } finally {
            internal.stop(0);
        }
    }

    @Test
    void noRequestNamesALocationOutsideOfTheWarehouse() throws Exception {
        Table orders = catalog.createTable(ORDERS, SCHEMA);
        Path metadata = Path.of(
                URI.create(((HasTableOperations) orders).operations().current().metadataFileLocation()));
        Files.writeString(
                folder.resolve("warehouse").resolve("crafted.metadata.json"),
                Files.readString(metadata).replace(orders.location(), "file:" + outside.resolve("crafted")));
        for (List<String> each : REQUESTS) {
            requireRefused(each.get(0), each.get(1), orders);
        }
    }

    private void requireRefused(String path, String body, Table orders) throws Exception {
        String asked = body.replace("OUT", "file:" + outside)
                .replace("LAKE", "file:" + folder.resolve("warehouse"))
                .replace("UPDATE", "{\"requirements\":[],\"updates\":[")
                .replace("FIELDS", FIELDS)
                .replace("TABLE", "\"identifier\":{\"namespace\":[\"shop\"],\"name\":\"orders\"}")
                .replace(
                        "SNAPSHOT",
                        "\"snapshot-id\":5,\"sequence-number\":1,\"timestamp-ms\":" + System.currentTimeMillis()
                                + ",\"schema-id\":0,\"summary\":{\"operation\":\"append\"}")
                .replace(
                        "PARTITIONS",
                        "\"snapshot-id\":5,\"statistics-path\":\"file:" + outside + "/p\",\"file-size-in-bytes\":5")
                .replace(
                        "VIEW",
                        "\"view-version\":{\"version-id\":1,\"timestamp-ms\":1,\"schema-id\":0,"
                                + "\"summary\":{},\"default-namespace\":[\"shop\"],\"representations\":"
                                + "[{\"type\":\"sql\",\"sql\":\"select 1\",\"dialect\":\"trino\"}]}");
        HttpResponse<String> refused = post(
                "/v1"
                        + path.replace("ORDERS", "/namespaces/shop/tables/orders")
                                .replace("TRANSACTION", "/transactions/commit"),
                asked);
        assertThat(refused.statusCode()).as("%s: %s", asked, refused.body()).isEqualTo(403);
        assertThat(refused.body()).contains("ForbiddenException");
        assertThat(outside).isEmptyDirectory();
        assertThat(catalog.listTables(Namespace.of("shop"))).containsExactly(ORDERS);
        assertThat(catalog.loadTable(ORDERS).location()).isEqualTo(orders.location());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(request(path).POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> delete(String path) throws Exception {
        return client.send(request(path).DELETE().build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + "/iceberg" + path))
                .header("Authorization", "Bearer " + TOKEN);
    }
}
