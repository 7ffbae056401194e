package io.firn.deploy.cli;

import io.firn.catalog.FirnException;
import io.firn.catalog.Tables;
import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.audit.AuditReport;
import io.firn.deploy.audit.PipelineAudit;
import io.firn.deploy.audit.Progress;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import java.nio.file.Path;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** A configuration and its catalog, opened for one command. */
final class ConfiguredTables implements AutoCloseable {
    private final Configuration configuration;
    private final Catalog catalog;

    private ConfiguredTables(Configuration configuration, Catalog catalog) {
        this.configuration = configuration;
        this.catalog = catalog;
    }

    static ConfiguredTables of(Assembly assembly, Configuration configuration) {
        return new ConfiguredTables(configuration, assembly.catalog(configuration));
    }

    static ConfiguredTables of(Assembly assembly, Path file) {
        return of(assembly, assembly.configuration(file));
    }

    /** @throws FirnException where it does not exist, or the catalog does not answer */
    Table table(String name) {
        return new Tables(catalog)
                .open(name)
                .orElseThrow(() -> FirnException.user(
                        "table-missing",
                        "the table does not exist",
                        "table " + name,
                        "check its name, or run its pipeline first; the pipelines' tables are "
                                + configuration.pipelines().values().stream()
                                        .flatMap(pipeline -> pipeline.tables().stream())
                                        .toList()));
    }

    AuditReport audit(String pipeline, PipelineConfig config, Progress progress, PipelineAudit.Depth depth) {
        return new PipelineAudit(catalog, pipeline, config, configuration, progress, depth).run();
    }

    Catalog catalog() {
        return catalog;
    }

    Configuration configuration() {
        return configuration;
    }

    @Override
    public void close() {
        Service.close(catalog);
    }
}
