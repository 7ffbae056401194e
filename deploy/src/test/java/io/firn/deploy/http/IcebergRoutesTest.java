package io.firn.deploy.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.deploy.config.HttpConfig;
import io.firn.ingest.PipelineStatus;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NotAuthorizedException;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The catalog as query engines are served it, by the same tokens as everything else. */
class IcebergRoutesTest {
    private static final String OPERATOR = "operators-secret";
    private static final String READER = "readers-secret";
    private static final Schema SCHEMA = new Schema(Types.NestedField.required(1, "id", Types.LongType.get()));

    private static Catalog backing;
    private static HttpService service;

    @BeforeAll
    static void start(@TempDir Path folder) {
        backing = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "jdbc.schema-version",
                "V1",
                "uri",
                "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse",
                "file:" + folder.resolve("warehouse")));
        HttpConfig config = new HttpConfig(
                "127.0.0.1:0", Map.of("me", OPERATOR), Map.of("trino", READER), Optional.empty(), 1000, true);
        service = HttpService.start(
                config,
                new Served(backing, LocationPolicy.of(Optional.of("file:" + folder.resolve("warehouse")), List.of())),
                Clock.systemUTC());
    }

    @AfterAll
    static void stop() throws IOException {
        service.close();
        ((Closeable) backing).close();
    }

    @Test
    void an_operators_client_creates_and_commits() throws IOException {
        try (RESTCatalog client = client(OPERATOR)) {
            Namespace nested = Namespace.of("lake", "bronze");
            client.createNamespace(Namespace.of("lake"));
            client.createNamespace(nested);
            Table table = client.createTable(TableIdentifier.of(nested, "orders"), SCHEMA);
            table.updateProperties().set("note", "committed").commit();
            assertThat(backing.loadTable(TableIdentifier.of(nested, "orders")).properties())
                    .containsEntry("note", "committed");
        }
    }

    @Test
    void a_readers_client_reads_and_changes_nothing() throws IOException {
        try (RESTCatalog owner = client(OPERATOR);
                RESTCatalog reader = client(READER)) {
            owner.createNamespace(Namespace.of("shop"));
            TableIdentifier orders = TableIdentifier.of("shop", "orders");
            owner.createTable(orders, SCHEMA);
            Table seen = reader.loadTable(orders);
            assertThat(seen.schema().asStruct()).isEqualTo(SCHEMA.asStruct());
            assertThatThrownBy(() -> seen.updateProperties().set("a", "b").commit())
                    .isInstanceOf(ForbiddenException.class);
            assertThatThrownBy(() -> reader.dropTable(orders)).isInstanceOf(ForbiddenException.class);
            assertThat(backing.tableExists(orders)).isTrue();
        }
    }

    @Test
    void nobody_without_a_token_sees_a_name() {
        assertThatThrownBy(() -> client("guessed")).isInstanceOf(NotAuthorizedException.class);
    }

    @Test
    void what_is_missing_is_told_as_icebergs_clients_read_it() throws Exception {
        assertThat(missing("/v1/namespaces/absent/tables/orders")).contains("\"error\"", "NoSuchTableException");
        assertThat(missing("/v1/namespaces/absent/views/orders")).contains("\"error\"", "NoSuchViewException");
    }

    private static String missing(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(uri() + path))
                .header("Authorization", "Bearer " + READER)
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(404);
        return answer.body();
    }

    @Test
    void a_body_without_end_is_refused() throws Exception {
        HttpRequest endless = HttpRequest.newBuilder(URI.create(uri() + "/v1/namespaces"))
                .header("Authorization", "Bearer " + OPERATOR)
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[(32 << 20) + 1]))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(endless, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(413);
    }

    private static String uri() {
        return "http://127.0.0.1:" + service.port() + "/iceberg";
    }

    private static RESTCatalog client(String token) {
        RESTCatalog client = new RESTCatalog();
        client.initialize("firn", Map.of("uri", uri(), "token", token));
        return client;
    }

    private record Served(Catalog catalog, LocationPolicy locations) implements Running {
        @Override
        public List<PipelineStatus> pipelines() {
            return List.of();
        }

        @Override
        public void restart(String pipeline) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void pause(String pipeline) {
            throw new AssertionError("nobody pauses " + pipeline);
        }

        @Override
        public void resume(String pipeline) {
            throw new AssertionError("nobody resumes " + pipeline);
        }

        @Override
        public Table table(String name) {
            throw new AssertionError("nobody asks for " + name);
        }

        @Override
        public Optional<IcebergRest> iceberg() {
            return Optional.of(new IcebergRest(catalog, Map.of(), locations, Clock.systemUTC()));
        }
    }
}
