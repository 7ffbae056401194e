package io.firn.catalog.commit;

import io.firn.catalog.Catalogs;
import io.firn.catalog.FreePorts;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.iceberg.catalog.Catalog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

final class PostgresTableCommitterTest extends CatalogTableCommitterTest {
    private static @Nullable EmbeddedPostgres postgres;
    private static @Nullable Catalog catalog;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        boolean root = "root".equals(System.getProperty("user.name"));
        Assumptions.assumeTrue(
                !root || LinuxUtils.isUnshareAvailable(),
                "PostgreSQL does not run as root, and user namespaces are not allowed here");
        postgres = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(folder.resolve("binaries").toFile())
                .setDataDirectory(folder.resolve("data"))
                .setPort(FreePorts.take())
                .setServerConfig("listen_addresses", "127.0.0.1")
                .setPGStartupWait(Duration.ofMinutes(5))
                .start();
        catalog = Catalogs.open(Map.of(
                "type", "jdbc",
                "uri", "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
                "jdbc.user", "postgres",
                "jdbc.password", "postgres",
                "warehouse", "file:" + folder.resolve("warehouse")));
    }

    @AfterAll
    static void stop() throws IOException {
        if (catalog != null) {
            ((Closeable) catalog).close();
        }
        if (postgres != null) {
            postgres.close();
        }
    }

    @Override
    Catalog catalog() {
        return java.util.Objects.requireNonNull(catalog);
    }
}
