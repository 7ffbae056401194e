package io.firn.catalog.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.Catalogs;
import io.firn.catalog.location.LocationPolicy;
import java.io.Closeable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NamespaceNotEmptyException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.rest.Endpoint;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.view.View;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Firn serves, asked by Iceberg's own client; what that one never sends, asked directly. */
class IcebergRestTest {
    private static final Schema SCHEMA = new Schema(
            Types.NestedField.required(1, "id", Types.LongType.get()),
            Types.NestedField.optional(2, "note", Types.StringType.get()));
    private static final int OK = 200;

    private static Catalog backing;
    private static LocationPolicy locations;
    private static RestServer server;
    private static RESTCatalog client;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        backing = Catalogs.open(Map.of(
                "type",
                "jdbc",
                "jdbc.schema-version",
                "V1",
                "uri",
                "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse",
                "file:" + folder.resolve("warehouse")));
        locations = LocationPolicy.of(Optional.of("file:" + folder.resolve("warehouse")), List.of());
        server = new RestServer(backing, Map.of("s3.endpoint", "http://127.0.0.1:9000"), locations);
        client = (RESTCatalog) Catalogs.open(Map.of("type", "rest", "uri", server.uri()));
    }

    @AfterAll
    static void stop() throws Exception {
        client.close();
        server.close();
        ((Closeable) backing).close();
    }

    @Test
    void clients_learn_what_is_served_and_which_properties_to_take() {
        assertThat(client.properties()).containsEntry("s3.endpoint", "http://127.0.0.1:9000");
        RestAnswer config = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC()).answer(get("/v1/config"));
        assertThat(config.status()).isEqualTo(OK);
        assertThat(config.body()).contains(Endpoint.V1_UPDATE_TABLE.toString(), Endpoint.V1_CREATE_VIEW.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "with space", "plus+and%percent", "Übergröße"})
    void namespaces_are_created_described_and_dropped_whatever_they_are_called(String name) {
        Namespace namespace = Namespace.of(name);
        client.createNamespace(namespace, new HashMap<>(Map.of("owner", "me")));
        assertThat(client.loadNamespaceMetadata(namespace)).containsEntry("owner", "me");
        client.setProperties(namespace, new HashMap<>(Map.of("owner", "you")));
        assertThat(backing("owner", namespace)).isEqualTo("you");
        assertThat(client.listNamespaces()).contains(namespace);
        TableIdentifier table = TableIdentifier.of(namespace, "of " + name);
        client.createTable(table, SCHEMA);
        assertThat(client.listTables(namespace)).containsExactly(table);
        assertThat(client.loadTable(table).schema().asStruct()).isEqualTo(SCHEMA.asStruct());
        assertThatThrownBy(() -> client.dropNamespace(namespace)).isInstanceOf(NamespaceNotEmptyException.class);
        client.dropTable(table, true);
        assertThat(client.dropNamespace(namespace)).isTrue();
        assertThat(client.namespaceExists(namespace)).isFalse();
    }

    @Test
    void a_namespace_of_two_levels_is_found_below_its_parent() {
        client.createNamespace(Namespace.of("lake"));
        client.createNamespace(Namespace.of("lake", "bronze"));
        assertThat(client.listNamespaces(Namespace.of("lake"))).containsExactly(Namespace.of("lake", "bronze"));
        TableIdentifier table = TableIdentifier.of("lake", "bronze", "orders");
        client.createTable(table, SCHEMA);
        assertThat(backing.tableExists(table)).isTrue();
    }

    @Test
    void long_lists_come_in_pages() {
        Namespace many = Namespace.of("many");
        client.createNamespace(many);
        Set<TableIdentifier> all = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            all.add(TableIdentifier.of(many, "t" + i));
            client.createTable(TableIdentifier.of(many, "t" + i), SCHEMA);
        }
        IcebergRest rest = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC());
        RestAnswer page = rest.answer(
                new RestRequest("GET", "/v1/namespaces/many/tables", Map.of("pageSize", "2", "pageToken", ""), ""));
        assertThat(page.body()).contains("\"next-page-token\":\"2\"");
        try (RESTCatalog paging = new RESTCatalog()) {
            paging.initialize("paging", Map.of("uri", server.uri(), "rest-page-size", "2"));
            assertThat(new HashSet<>(paging.listTables(many))).isEqualTo(all);
        } catch (java.io.IOException closing) {
            throw new AssertionError(closing);
        }
        assertThat(rest.answer(new RestRequest("GET", "/v1/namespaces/many/tables", Map.of("pageSize", "-1"), ""))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void a_table_is_created_staged_changed_renamed_and_registered() {
        Namespace shop = Namespace.of("shop");
        client.createNamespace(shop);
        TableIdentifier orders = TableIdentifier.of(shop, "orders");
        Transaction staged = client.buildTable(orders, SCHEMA).createTransaction();
        staged.updateProperties().set("note", "staged").commit();
        assertThat(backing.tableExists(orders)).isFalse();
        staged.commitTransaction();
        assertThat(backing.loadTable(orders).properties()).containsEntry("note", "staged");
        assertThatThrownBy(() -> client.createTable(orders, SCHEMA)).isInstanceOf(AlreadyExistsException.class);

        Table table = client.loadTable(orders);
        table.updateSchema().addColumn("more", Types.IntegerType.get()).commit();
        append(table, 1);
        Table behind = backing.loadTable(orders);
        assertThat(behind.schema().findField("more")).isNotNull();
        assertThat(behind.currentSnapshot().summary()).containsEntry("total-data-files", "1");

        TableIdentifier renamed = TableIdentifier.of(shop, "sales");
        client.renameTable(orders, renamed);
        assertThat(client.tableExists(orders)).isFalse();
        String metadata = metadata(backing.loadTable(renamed));
        client.dropTable(renamed, false);
        client.registerTable(orders, metadata);
        assertThat(client.loadTable(orders).currentSnapshot()).isNotNull();
    }

    @Test
    void what_is_not_there_is_told_as_what_it_is() {
        assertThatThrownBy(() -> client.listTables(Namespace.of("nowhere")))
                .isInstanceOf(NoSuchNamespaceException.class);
        assertThatThrownBy(() -> client.loadTable(TableIdentifier.of("nowhere", "t")))
                .isInstanceOf(NoSuchTableException.class);
        assertThatThrownBy(() -> client.loadView(TableIdentifier.of("nowhere", "v")))
                .isInstanceOf(NoSuchViewException.class);
        IcebergRest rest = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC());
        assertThat(rest.answer(get("/v1/nonsense")).status()).isEqualTo(404);
        assertThat(rest.answer(get("/v1/namespaces//tables")).status()).isEqualTo(400);
        RestAnswer wrongMethod = rest.answer(new RestRequest("PUT", "/v1/namespaces", Map.of(), ""));
        assertThat(wrongMethod.status()).isEqualTo(405);
        assertThat(wrongMethod.body()).contains("GET POST");
    }

    @Test
    void nothingIsCreatedInANamespaceThatDoesNotExist() {
        Namespace nowhere = Namespace.of("nowhere");
        client.createNamespace(Namespace.of("somewhere"));
        TableIdentifier there = TableIdentifier.of("somewhere", "t");
        String metadata = metadata(client.createTable(there, SCHEMA));
        TableIdentifier orders = TableIdentifier.of(nowhere, "orders");
        List<ThrowingCallable> creations = List.of(
                () -> client.createTable(orders, SCHEMA),
                () -> client.buildTable(orders, SCHEMA).createTransaction(),
                () -> client.registerTable(orders, metadata),
                () -> client.renameTable(there, orders),
                () -> client.buildView(orders)
                        .withSchema(SCHEMA)
                        .withDefaultNamespace(nowhere)
                        .withQuery("trino", "select 1")
                        .create());
        for (ThrowingCallable creation : creations) {
            assertThatThrownBy(creation).isInstanceOf(NoSuchNamespaceException.class);
        }
        assertThat(backing.tableExists(orders)).isFalse();
        assertThat(client.namespaceExists(nowhere)).isFalse();
        assertThat(backing.tableExists(there)).isTrue();
    }

    @Test
    void aNamespaceThatWasDroppedSinceATableWasStagedIsNotCreatedAgainByItsCommit() {
        Namespace brief = Namespace.of("brief");
        client.createNamespace(brief);
        Transaction staged =
                client.buildTable(TableIdentifier.of(brief, "orders"), SCHEMA).createTransaction();
        client.dropNamespace(brief);
        assertThatThrownBy(staged::commitTransaction).hasMessageContaining("brief");
        assertThat(client.namespaceExists(brief)).isFalse();
    }

    @Test
    void metadataThatIsMissingIsNotFoundByAReaderAndAnUnknownOutcomeOfACommit() throws Exception {
        client.createNamespace(Namespace.of("missing"));
        TableIdentifier orders = TableIdentifier.of("missing", "orders");
        Path metadata = Path.of(URI.create(metadata(client.createTable(orders, SCHEMA))));
        Path away = Files.move(metadata, metadata.resolveSibling("away.json"));
        assertThatThrownBy(() -> client.loadTable(orders))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining(metadata.getFileName().toString());
        String change = "{\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"a\":\"b\"}}]}";
        RestAnswer commit = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC())
                .answer(new RestRequest("POST", "/v1/namespaces/missing/tables/orders", Map.of(), change));
        assertThat(commit.status()).isEqualTo(500);
        Files.move(away, metadata);
        assertThat(client.loadTable(orders).schema().asStruct()).isEqualTo(SCHEMA.asStruct());
    }

    private static String metadata(Table table) {
        return ((org.apache.iceberg.BaseTable) table).operations().current().metadataFileLocation();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{", "{\"name\": 7}", "{\"requirements\": [{\"type\": \"nonsense\"}]}"})
    void bodies_that_are_no_request_are_refused(String body) {
        IcebergRest rest = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC());
        for (String path : List.of("/v1/namespaces", "/v1/namespaces/shop/tables", "/v1/tables/rename")) {
            RestAnswer answer = rest.answer(new RestRequest("POST", path, Map.of(), body));
            assertThat(answer.status()).as("%s: %s", path, answer.body()).isEqualTo(400);
            assertThat(answer.body()).contains("\"error\"").doesNotContain("\tat ");
        }
    }

    @Test
    void views_are_created_replaced_and_dropped() {
        Namespace views = Namespace.of("views");
        client.createNamespace(views);
        TableIdentifier latest = TableIdentifier.of(views, "latest");
        client.buildView(latest)
                .withSchema(SCHEMA)
                .withDefaultNamespace(views)
                .withQuery("trino", "select 1")
                .create();
        View view = client.loadView(latest);
        view.replaceVersion()
                .withSchema(SCHEMA)
                .withDefaultNamespace(views)
                .withQuery("trino", "select 2")
                .commit();
        assertThat(client.loadView(latest).sqlFor("trino").sql()).isEqualTo("select 2");
        assertThat(client.listViews(views)).containsExactly(latest);
        client.renameView(latest, TableIdentifier.of(views, "newest"));
        assertThat(client.dropView(TableIdentifier.of(views, "newest"))).isTrue();
        assertThat(client.viewExists(latest)).isFalse();
    }

    /** Found by the fuzzer: the library reads a representation of another kind, and fails when it writes it. */
    @Test
    void a_view_that_is_not_sql_is_a_bad_request() {
        client.createNamespace(Namespace.of("odd"));
        String version = "{\"version-id\":1,\"timestamp-ms\":1,\"schema-id\":0,\"summary\":{},\"default-namespace\":"
                + "[\"odd\"],\"representations\":[{\"type\":\"0.1\",\"sql\":\"select 1\",\"dialect\":\"trino\"}]}";
        String create = "{\"name\":\"v\",\"schema\":{\"type\":\"struct\",\"fields\":[]},\"view-version\":" + version
                + ",\"properties\":{}}";
        client.buildView(TableIdentifier.of("odd", "there"))
                .withSchema(SCHEMA)
                .withDefaultNamespace(Namespace.of("odd"))
                .withQuery("trino", "select 1")
                .create();
        String replace = "{\"requirements\":[],\"updates\":[{\"action\":\"add-view-version\",\"view-version\":"
                + version + "}]}";
        IcebergRest rest = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC());
        assertThat(rest.answer(new RestRequest("POST", "/v1/namespaces/odd/views", Map.of(), create))
                        .status())
                .isEqualTo(400);
        assertThat(rest.answer(new RestRequest("POST", "/v1/namespaces/odd/views/there", Map.of(), replace))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void a_commit_on_metadata_that_is_no_longer_the_tables_is_refused() {
        client.createNamespace(Namespace.of("conflict"));
        Table table = client.createTable(TableIdentifier.of("conflict", "t"), SCHEMA);
        append(table, 1);
        String onEmpty =
                "{\"requirements\":[{\"type\":\"assert-ref-snapshot-id\",\"ref\":\"main\",\"snapshot-id\":null}],"
                        + "\"updates\":[{\"action\":\"remove-snapshot-ref\",\"ref-name\":\"main\"}]}";
        RestAnswer refused = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC())
                .answer(new RestRequest("POST", "/v1/namespaces/conflict/tables/t", Map.of(), onEmpty));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body()).contains("CommitFailedException");
        assertThat(client.loadTable(TableIdentifier.of("conflict", "t")).currentSnapshot())
                .isNotNull();
    }

    @Test
    void appends_of_two_clients_at_once_all_take_effect() throws Exception {
        client.createNamespace(Namespace.of("race"));
        TableIdentifier name = TableIdentifier.of("race", "t");
        client.createTable(
                name,
                SCHEMA,
                PartitionSpec.unpartitioned(),
                Map.of("commit.retry.num-retries", "50", "commit.retry.min-wait-ms", "5"));
        int each = 10;
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            List<? extends Future<?>> both = IntStream.range(0, 2)
                    .mapToObj(writer -> pool.submit(() -> {
                        Table table = client.loadTable(name);
                        for (int i = 0; i < each; i++) {
                            append(table, writer * each + i);
                        }
                    }))
                    .toList();
            for (Future<?> one : both) {
                one.get();
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(backing.loadTable(name).currentSnapshot().summary()).containsEntry("total-data-files", "20");
    }

    @Test
    void a_transaction_over_several_tables_is_refused_and_none_of_it_takes_effect() {
        client.createNamespace(Namespace.of("both"));
        client.createTable(TableIdentifier.of("both", "a"), SCHEMA);
        client.createTable(TableIdentifier.of("both", "b"), SCHEMA);
        IcebergRest rest = new IcebergRest(backing, Map.of(), locations, Clock.systemUTC());
        String change = "{\"identifier\":{\"namespace\":[\"both\"],\"name\":\"%s\"},\"requirements\":[],\"updates\":"
                + "[{\"action\":\"set-properties\",\"updates\":{\"done\":\"yes\"}}]}";
        String two = "{\"table-changes\":[" + change.formatted("a") + "," + change.formatted("b") + "]}";
        RestAnswer refused = rest.answer(new RestRequest("POST", "/v1/transactions/commit", Map.of(), two));
        assertThat(refused.status()).isEqualTo(406);
        assertThat(refused.body()).contains("table by table");
        assertThat(client.loadTable(TableIdentifier.of("both", "a")).properties())
                .doesNotContainKey("done");
        String one = "{\"table-changes\":[" + change.formatted("a") + "]}";
        assertThat(rest.answer(new RestRequest("POST", "/v1/transactions/commit", Map.of(), one))
                        .status())
                .isEqualTo(204);
        assertThat(client.loadTable(TableIdentifier.of("both", "a")).properties())
                .containsEntry("done", "yes");
    }

    @Test
    void what_fails_behind_is_an_unknown_outcome_and_its_message_stays_here(@TempDir Path folder) throws Exception {
        Catalog broken = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
        ((Closeable) broken).close();
        RestAnswer answer =
                new IcebergRest(broken, Map.of(), locations, Clock.systemUTC()).answer(get("/v1/namespaces"));
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).contains("see Firn's log").doesNotContain(folder.toString());
    }

    private static RestRequest get(String path) {
        return new RestRequest("GET", path, Map.of(), "");
    }

    private static @Nullable String backing(String property, Namespace namespace) {
        return ((org.apache.iceberg.catalog.SupportsNamespaces) backing)
                .loadNamespaceMetadata(namespace)
                .get(property);
    }

    private static void append(Table table, int number) {
        table.newAppend().appendFile(file(number)).commit();
    }

    private static org.apache.iceberg.DataFile file(int number) {
        return DataFiles.builder(PartitionSpec.unpartitioned())
                .withPath("file:/nowhere/" + number + ".parquet")
                .withFileSizeInBytes(10)
                .withRecordCount(1)
                .build();
    }
}
