package io.firn.ingest;

import io.firn.catalog.schema.SchemaFit;
import io.firn.ingest.record.PipelineHealth;
import java.util.List;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports columns of the configured schema that others dropped or renamed in the table: to the log when a writer
 * notices it, and as a warning of the pipeline while records have fields without a column.
 */
public final class ConfiguredColumns implements TableVersionListener {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredColumns.class);
    private static final String COMPONENT = "schema";

    private final String pipeline;
    private final Schema configured;
    private final PipelineHealth health;
    private List<String> logged = List.of();

    public ConfiguredColumns(String pipeline, Schema configured, PipelineHealth health) {
        this.pipeline = pipeline;
        this.configured = configured;
        this.health = health;
    }

    @Override
    public synchronized void bound(Table version) {
        List<String> gone = gone(version);
        if (gone.isEmpty()) {
            health.clear(COMPONENT);
        }
        List<String> fresh =
                gone.stream().filter(column -> !logged.contains(column)).toList();
        if (!fresh.isEmpty()) {
            LOG.warn("pipeline {}: {}", pipeline, reason(version, fresh));
        }
        logged = gone;
    }

    @Override
    public synchronized void fieldsIgnored(Table version) {
        List<String> gone = gone(version);
        if (!gone.isEmpty()) {
            health.warn(COMPONENT, reason(version, gone));
        }
    }

    private List<String> gone(Table version) {
        return SchemaFit.gone(configured, version.schema(), version.schemas().values());
    }

    private static String reason(Table version, List<String> gone) {
        return String.join("; ", gone) + " (table " + version.name() + "): fields of records with such a name have no"
                + " column; correct 'schema' or leave it out";
    }
}
