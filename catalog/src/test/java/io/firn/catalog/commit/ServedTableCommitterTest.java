package io.firn.catalog.commit;

import io.firn.catalog.Catalogs;
import io.firn.catalog.location.LocationPolicy;
import io.firn.catalog.rest.RestServer;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The commit protocol through the REST endpoint that Firn itself serves. */
final class ServedTableCommitterTest extends CatalogTableCommitterTest {
    private static Catalog backing;
    private static RestServer server;
    private static Catalog catalog;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        backing = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
        server = new RestServer(
                backing, Map.of(), LocationPolicy.of(Optional.of("file:" + folder.resolve("warehouse")), List.of()));
        catalog = Catalogs.open(Map.of("type", "rest", "uri", server.uri()));
    }

    @AfterAll
    static void stop() throws Exception {
        ((Closeable) catalog).close();
        server.close();
        ((Closeable) backing).close();
    }

    @Override
    Catalog catalog() {
        return catalog;
    }
}
