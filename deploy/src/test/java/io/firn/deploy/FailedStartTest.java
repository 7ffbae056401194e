package io.firn.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.firn.catalog.Catalogs;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.rig.Eventually;
import io.firn.deploy.rig.Lake;
import io.firn.ingest.PipelineListener;
import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is created before everything else is known to work. No broker is there: port 1 answers nobody. */
final class FailedStartTest {
    @TempDir
    private Path folder;

    @Test
    void aPipelineWhoseTopicsCannotBeReadCreatesNoTable() throws Exception {
        Files.createDirectories(folder.resolve("warehouse"));
        StringBuilder lake = new StringBuilder("{");
        Lake.sqlite(folder).forEach((key, value) -> lake.append(key + ": '" + value + "', "));
        Path file = Files.writeString(
                folder.resolve("firn.yaml"),
                "kafka: {bootstrap.servers: '127.0.0.1:1', default.api.timeout.ms: 1000, request.timeout.ms: 500}\n"
                        + "catalog: " + lake
                        + "}\npipelines:\n  orders:\n    topics: [orders]\n    table: shop.orders\n"
                        + "    schema: id long not null\n    mode: upsert\n    key: [id]\n");
        Assembly assembly = new Assembly(Clock.systemUTC(), () -> new SplittableRandom(1), name -> null);
        Configuration configuration = assembly.configuration(file);
        try (Service service = Service.start(assembly, configuration, PipelineListener.NONE)) {
            Eventually.holds(
                    "the pipeline is in trouble",
                    Eventually.PATIENCE,
                    () -> !service.pipelines().get(0).troubles().isEmpty());
        }
        Catalog catalog = Catalogs.open(configuration.catalog());
        try {
            List<Namespace> namespaces = ((SupportsNamespaces) catalog).listNamespaces();
            assertThat(namespaces).isEmpty();
        } finally {
            ((Closeable) catalog).close();
        }
    }
}
