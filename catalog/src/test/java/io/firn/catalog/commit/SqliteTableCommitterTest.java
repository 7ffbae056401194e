package io.firn.catalog.commit;

import io.firn.catalog.Catalogs;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

final class SqliteTableCommitterTest extends CatalogTableCommitterTest {
    private static Catalog catalog;

    @BeforeAll
    static void start(@TempDir Path folder) {
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:sqlite:file:" + folder.resolve("catalog.db"),
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        ((Closeable) catalog).close();
    }

    @Override
    Catalog catalog() {
        return catalog;
    }
}
