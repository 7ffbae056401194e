package io.firn.deploy.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.IcebergRest;
import io.firn.catalog.rest.RestAnswer;
import io.firn.catalog.rest.RestRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.iceberg.Schema;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.inmemory.InMemoryFileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;

/** Requests to the catalog with locations and property maps of all kinds: no file outside of the warehouse is touched. */
final class CatalogFuzzTest {
    private static final String WAREHOUSE = "s3://lake/wh";
    private static final Namespace SHOP = Namespace.of("shop");
    private static final TableIdentifier ORDERS = TableIdentifier.of(SHOP, "orders");
    private static final Schema SCHEMA = new Schema(Types.NestedField.required(1, "id", Types.LongType.get()));
    private static final int MOST_TABLES = 30;

    private static final String FIELDS =
            "\"schema\":{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id\",\"type\":\"long\",\"required\":true}]}";
    private static final String VIEW = "\"view-version\":{\"version-id\":1,\"timestamp-ms\":1,\"schema-id\":0,"
            + "\"summary\":{},\"default-namespace\":[\"shop\"],\"representations\":"
            + "[{\"type\":\"sql\",\"sql\":\"select 1\",\"dialect\":\"trino\"}]}";

    /** Path, then body. AT is a location, MAP a map of properties. */
    private static final List<String> REQUESTS = List.of(
            "/v1/namespaces {\"namespace\":[\"n\"],\"properties\":MAP}",
            "/v1/namespaces/shop/properties {\"updates\":MAP,\"removals\":[]}",
            "/v1/namespaces/shop/tables {\"name\":\"t\",\"location\":\"AT\",FIELDS,\"properties\":MAP}",
            "/v1/namespaces/shop/tables {\"name\":\"t\",FIELDS,\"properties\":MAP}",
            "/v1/namespaces/shop/tables {\"name\":\"t\",\"location\":\"AT\",\"stage-create\":true,FIELDS}",
            "/v1/namespaces/shop/register {\"name\":\"t\",\"metadata-location\":\"AT\",\"overwrite\":true}",
            "/v1/namespaces/shop/register-view {\"name\":\"v\",\"metadata-location\":\"AT\"}",
            "/v1/namespaces/shop/views {\"name\":\"v\",\"location\":\"AT\",FIELDS,VIEW,\"properties\":MAP}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"set-location\",\"location\":\"AT\"}]}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"set-properties\",\"updates\":MAP}]}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"set-location\",\"location\":\"AT\"},"
                    + "{\"action\":\"set-properties\",\"updates\":MAP}]}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"add-snapshot\",\"snapshot\":{\"snapshot-id\":5,"
                    + "\"sequence-number\":1,\"timestamp-ms\":1800000000000,\"schema-id\":0,"
                    + "\"summary\":{\"operation\":\"append\"},\"manifest-list\":\"AT\"}}]}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"set-partition-statistics\","
                    + "\"partition-statistics\":{\"snapshot-id\":5,\"statistics-path\":\"AT\",\"file-size-in-bytes\":5}}]}",
            "/v1/namespaces/shop/tables/orders CHANGE{\"action\":\"set-statistics\",\"statistics\":{\"snapshot-id\":5,"
                    + "\"statistics-path\":\"AT\",\"file-size-in-bytes\":8,\"file-footer-size-in-bytes\":4,"
                    + "\"blob-metadata\":[]}}]}",
            "/v1/namespaces/shop/tables/new {\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":"
                    + "[{\"action\":\"assign-uuid\",\"uuid\":\"00000000-0000-4000-8000-000000000001\"},"
                    + "{\"action\":\"upgrade-format-version\",\"format-version\":2},{\"action\":\"add-schema\",FIELDS},"
                    + "{\"action\":\"set-current-schema\",\"schema-id\":-1},{\"action\":\"add-spec\",\"spec\":"
                    + "{\"fields\":[]}},{\"action\":\"set-default-spec\",\"spec-id\":-1},{\"action\":\"add-sort-order\","
                    + "\"sort-order\":{\"order-id\":0,\"fields\":[]}},{\"action\":\"set-default-sort-order\","
                    + "\"sort-order-id\":-1},{\"action\":\"set-location\",\"location\":\"AT\"},"
                    + "{\"action\":\"set-properties\",\"updates\":MAP}]}",
            "/v1/transactions/commit {\"table-changes\":[{\"identifier\":{\"namespace\":[\"shop\"],\"name\":\"orders\"},"
                    + "\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"AT\"}]}]}");

    private static final List<String> SCHEMES = List.of(
            "s3",
            "s3",
            "s3",
            "S3",
            "s3a",
            "s3n",
            "file",
            "http",
            "https",
            "har",
            "viewfs",
            "hdfs",
            "gs",
            "jar:http",
            "");
    private static final List<String> AUTHORITIES =
            List.of("lake", "lake", "lake", "LAKE", "lake.", "other", "lake@evil", "lake:80", "");
    private static final List<String> SEGMENTS = List.of(
            "wh",
            "wh",
            "wh",
            "shop",
            "orders",
            "t",
            "..",
            ".",
            "%2e%2e",
            "%252e%252e",
            "..%2f",
            "",
            "wh2",
            "metadata",
            "x.metadata.json",
            " ",
            "%",
            "..\\\\",
            "?",
            "#",
            "\\u0000",
            "\\n",
            "etc",
            "passwd");
    private static final List<String> KEYS = List.of(
            "write.data.path",
            "write.metadata.path",
            "write.object-storage.path",
            "write.folder-storage.path",
            "location",
            "write.other.path",
            "WRITE.DATA.PATH",
            "write.metadata.delete-after-commit.enabled",
            "write.metadata.previous-versions-max",
            "gc.enabled",
            "firn.locations",
            "comment");

    private final Mutations mutations = new Mutations(List.of(
            "s3://lake/wh/",
            "file:/etc/passwd",
            "http://127.0.0.1/",
            "../",
            "%2e%2e/",
            "\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "null",
            "\"location\":",
            "\"properties\":{",
            "\"write.data.path\":",
            "\\u002e\\u002e",
            "//"));

    /** The files of the catalog. Those that were touched outside of the warehouse are told. */
    public static final class WatchedFiles extends InMemoryFileIO {
        private static final long serialVersionUID = 1L;
        static final Queue<String> OUTSIDE = new ConcurrentLinkedQueue<>();

        private static void watch(String location) {
            if (!isInside(location)) {
                OUTSIDE.add(location);
            }
        }

        @Override
        public InputFile newInputFile(String location) {
            watch(location);
            return super.newInputFile(location);
        }

        @Override
        public OutputFile newOutputFile(String location) {
            watch(location);
            return super.newOutputFile(location);
        }

        @Override
        public void deleteFile(String location) {
            watch(location);
            super.deleteFile(location);
        }
    }

    /** Written without a look at the policy: whatever a store makes of percent signs and dots, it stays inside. */
    private static boolean isInside(String location) {
        String text = location;
        for (int round = 0; round < 4; round++) {
            if (!resolved(text).startsWith("lake/wh/")) {
                return false;
            }
            text = decoded(text);
        }
        return true;
    }

    private static String resolved(String location) {
        String lower = location.toLowerCase(Locale.ROOT);
        int begin = lower.indexOf("://");
        if (begin < 0 || !List.of("s3", "s3a", "s3n").contains(lower.substring(0, begin))) {
            return "";
        }
        String[] parts = location.substring(begin + 3).split("/", -1);
        Deque<String> resolved = new ArrayDeque<>();
        for (int i = 0; i < parts.length; i++) {
            if (parts[i].equals("..")) {
                resolved.pollLast();
            } else if (!parts[i].equals(".") && !(i > 2 && parts[i].isEmpty())) {
                resolved.addLast(i == 0 ? parts[i].toLowerCase(Locale.ROOT) : parts[i]);
            }
        }
        return String.join("/", resolved);
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException noEscapes) {
            return text;
        }
    }

    @Test
    void noRequestTouchesAFileOutsideOfTheWarehouse() throws Exception {
        fuzz(LocationPolicy.of(Optional.of(WAREHOUSE), List.of()));
    }

    /** The same requests and the same watch, with a policy that allows too much. */
    @Test
    void aPolicyThatAllowsTooMuchIsFound() {
        assertThatThrownBy(() -> fuzz(LocationPolicy.of(Optional.of("s3://lake"), List.of())))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("s3");
    }

    private void fuzz(LocationPolicy policy) throws Exception {
        try (JdbcCatalog catalog = new JdbcCatalog()) {
            catalog.initialize(
                    "fuzz",
                    Map.of(
                            "uri",
                            "jdbc:sqlite::memory:",
                            "clients",
                            "1",
                            "jdbc.schema-version",
                            "V1",
                            "warehouse",
                            WAREHOUSE,
                            "io-impl",
                            WatchedFiles.class.getName()));
            catalog.createNamespace(SHOP);
            IcebergRest rest = new IcebergRest(catalog, Map.of(), policy, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
            // What is loaded once takes more memory than any request.
            for (int i = 0; i < REQUESTS.size(); i++) {
                prepare(catalog);
                rest.answer(read(request(new SplittableRandom(i))));
                touch(catalog, ORDERS);
                rest.answer(purge(ORDERS));
                WatchedFiles.OUTSIDE.clear();
            }
            new Fuzzer("catalog requests", 0.008).run(this::request, input -> isHarmless(catalog, rest, input));
        }
    }

    private byte[] request(SplittableRandom random) {
        String request = of(REQUESTS, random)
                .replace("FIELDS", FIELDS)
                .replace("VIEW", VIEW)
                .replace("CHANGE", "{\"requirements\":[],\"updates\":[");
        while (request.contains("MAP")) {
            request = request.replaceFirst("MAP", java.util.regex.Matcher.quoteReplacement(map(random)));
        }
        while (request.contains("\"AT\"")) {
            request = request.replaceFirst(
                    "\"AT\"", java.util.regex.Matcher.quoteReplacement("\"" + location(random) + "\""));
        }
        byte[] bytes = request.getBytes(StandardCharsets.UTF_8);
        return random.nextInt(4) == 0 ? mutations.of(bytes, random) : bytes;
    }

    private static String map(SplittableRandom random) {
        StringBuilder map = new StringBuilder("{");
        for (int i = random.nextInt(4); i >= 0; i--) {
            String value = random.nextInt(4) == 0 ? String.valueOf(random.nextInt(2) == 0) : location(random);
            map.append(map.length() > 1 ? "," : "").append("\"" + of(KEYS, random) + "\":\"" + value + "\"");
        }
        return map + "}";
    }

    private static String location(SplittableRandom random) {
        StringBuilder location = new StringBuilder(random.nextBoolean() ? WAREHOUSE + "/shop" : of(SCHEMES, random));
        if (location.indexOf(WAREHOUSE) < 0) {
            location.append(random.nextInt(8) == 0 ? ":/" : "://").append(of(AUTHORITIES, random));
            if (random.nextInt(2) == 0) {
                location.append("/wh");
            }
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            location.append('/').append(of(SEGMENTS, random));
        }
        return location.toString();
    }

    private static String of(List<String> all, SplittableRandom random) {
        return all.get(random.nextInt(all.size()));
    }

    private static boolean isHarmless(JdbcCatalog catalog, IcebergRest rest, byte[] input) {
        prepare(catalog);
        RestAnswer answer = rest.answer(read(input));
        assertThat(answer.status()).as("%s", answer.body()).isLessThan(500);
        // What was accepted must do no harm later either: in a commit of Firn's own, and in a purge.
        for (TableIdentifier table : catalog.listTables(SHOP)) {
            touch(catalog, table);
            if (answer.status() < 300) {
                rest.answer(purge(table));
            }
        }
        assertThat(WatchedFiles.OUTSIDE).isEmpty();
        return answer.status() < 300;
    }

    private static RestRequest read(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        int blank = text.indexOf(' ');
        String path = blank < 0 ? text : text.substring(0, blank);
        return new RestRequest("POST", path, Map.of(), blank < 0 ? "" : text.substring(blank + 1));
    }

    private static RestRequest purge(TableIdentifier table) {
        return new RestRequest(
                "DELETE", "/v1/namespaces/shop/tables/" + table.name(), Map.of("purgeRequested", "true"), "");
    }

    /** Some properties, for example a number that is none, make a table that nobody can commit to. */
    @SuppressWarnings("IllegalCatch")
    private static void touch(JdbcCatalog catalog, TableIdentifier table) {
        try {
            catalog.loadTable(table).updateProperties().set("touched", "yes").commit();
        } catch (RuntimeException useless) {
            catalog.dropTable(table, false);
        }
    }

    private static void prepare(JdbcCatalog catalog) {
        if (!catalog.namespaceExists(SHOP)) {
            catalog.createNamespace(SHOP);
        }
        List<TableIdentifier> tables = catalog.listTables(SHOP);
        if (tables.size() > MOST_TABLES) {
            tables.forEach(each -> catalog.dropTable(each, false));
        }
        catalog.listViews(SHOP).forEach(catalog::dropView);
        if (!catalog.tableExists(ORDERS)) {
            catalog.createTable(ORDERS, SCHEMA).newAppend().commit();
        }
    }
}
