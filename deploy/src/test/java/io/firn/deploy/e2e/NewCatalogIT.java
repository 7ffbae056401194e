package io.firn.deploy.e2e;

import io.firn.catalog.Catalogs;
import io.firn.deploy.rig.PostgresServer;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.iceberg.catalog.Catalog;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All processes of a new deployment lay out the catalog's tables at once; SQLite's part is in the catalog's tests. */
class NewCatalogIT {
    private static final int PROCESSES = 8;
    private static final int ROUNDS = 5;

    @TempDir
    private Path directory;

    @Test
    void new_databases_of_postgresql_are_opened_by_several_at_once() throws Exception {
        Assumptions.assumeTrue(PostgresServer.missing().isEmpty(), () -> PostgresServer.missing()
                .orElse(""));
        ExecutorService openers = Executors.newFixedThreadPool(PROCESSES);
        try (PostgresServer postgres = PostgresServer.start(directory)) {
            for (int round = 0; round < ROUNDS; round++) {
                Map<String, String> properties = new HashMap<>(postgres.newDatabase("lake_" + round));
                properties.put("warehouse", directory.resolve("warehouse").toString());
                Callable<Catalog> open = () -> Catalogs.open(properties);
                for (Future<Catalog> opened : openers.invokeAll(Collections.nCopies(PROCESSES, open))) {
                    ((Closeable) opened.get()).close();
                }
            }
        } finally {
            openers.shutdown();
        }
    }
}
