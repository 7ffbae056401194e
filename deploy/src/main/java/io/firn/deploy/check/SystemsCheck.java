package io.firn.deploy.check;

import io.firn.catalog.FirnException;
import io.firn.catalog.Stores;
import io.firn.catalog.TableRequest;
import io.firn.catalog.Tables;
import io.firn.catalog.schema.PartitionText;
import io.firn.catalog.schema.SchemaFit;
import io.firn.deploy.Assembly;
import io.firn.deploy.Service;
import io.firn.deploy.UpsertParts;
import io.firn.deploy.config.ConfigProblem;
import io.firn.deploy.config.Configuration;
import io.firn.deploy.config.PipelineConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;

/** Finds everything that would keep the configured pipelines from running. Changes nothing anywhere. */
public final class SystemsCheck {
    private final Assembly assembly;
    private final Configuration configuration;
    private final String file;
    private final List<ConfigProblem> problems = new ArrayList<>();

    /** @param file for messages */
    public SystemsCheck(Assembly assembly, Configuration configuration, String file) {
        this.assembly = assembly;
        this.configuration = configuration;
        this.file = file;
    }

    /** In the order Kafka, catalog, tables; empty when all is well. */
    public List<ConfigProblem> run() {
        problems.addAll(new KafkaCheck(configuration, file).run());
        try {
            Catalog catalog = assembly.catalog(configuration);
            try {
                Stores.reach(configuration.catalog());
                configuration.pipelines().forEach((name, pipeline) -> table(name, pipeline, new Tables(catalog)));
            } finally {
                Service.close(catalog);
            }
        } catch (FirnException failed) {
            add("catalog", failed);
        }
        return List.copyOf(problems);
    }

    private void table(String name, PipelineConfig pipeline, Tables tables) {
        String key = "pipelines." + name;
        if (pipeline.upsert().isPresent()) {
            upsert(key, pipeline, tables);
            return;
        }
        Optional<TableRequest> request = request(key, pipeline);
        try {
            Optional<Table> table = tables.open(pipeline.table());
            if (table.isPresent()) {
                Stores.reach(table.get(), configuration.catalog());
                request.ifPresent(wanted -> existing(key, wanted, table.get()));
            } else if (pipeline.schema().isEmpty()) {
                add(
                        key + ".schema",
                        FirnException.user(
                                "table-missing",
                                "the table does not exist and no schema is configured to create it with",
                                "table " + pipeline.table(),
                                "set schema and, if you like, partition-by, or create the table"));
            } else {
                request.flatMap(TableRequest::schema).ifPresent(schema -> {
                    try {
                        PartitionText.parse(schema, pipeline.partitionBy());
                    } catch (FirnException wrong) {
                        add(key + ".partition-by", wrong);
                    }
                });
            }
        } catch (FirnException failed) {
            boolean misnamed = failed.code().equals("table-name-invalid");
            add(misnamed ? key + ".table" : "catalog", failed);
        }
    }

    private void upsert(String key, PipelineConfig pipeline, Tables tables) {
        try {
            UpsertParts parts = UpsertParts.of(pipeline, tables).orElseThrow();
            parts.checkPartitioning();
            for (TableRequest wanted : parts.request().tables()) {
                Optional<Table> table = tables.open(wanted.identifier());
                if (table.isPresent()) {
                    Stores.reach(table.get(), configuration.catalog());
                    existing(key, wanted, table.get());
                }
            }
        } catch (FirnException failed) {
            add(key + keyOf(failed), failed);
        }
    }

    /** Where a person has to look. */
    private static String keyOf(FirnException failed) {
        return switch (failed.code()) {
            case "key-invalid" -> ".key";
            case "order-by-invalid" -> ".order-by";
            case "condition-invalid" -> ".delete-when";
            case "table-name-invalid", "table-has-no-ledger" -> ".table";
            case "partition-invalid" -> ".partition-by";
            case "schema-invalid", "table-missing" -> ".schema";
            default -> "";
        };
    }

    private Optional<TableRequest> request(String key, PipelineConfig pipeline) {
        try {
            return Optional.of(Assembly.request(pipeline));
        } catch (FirnException wrong) {
            add(key + ".schema", wrong);
            return Optional.empty();
        }
    }

    private void existing(String key, TableRequest wanted, Table table) {
        Tables.ledgerRefusal(table, wanted).ifPresent(refusal -> add(key + ".table", refusal));
        List<String> differences = wanted.schema()
                .map(schema -> SchemaFit.differences(schema, table.schema()))
                .orElseGet(() -> SchemaFit.sourceColumnDifferences(table.schema()));
        if (!differences.isEmpty()) {
            add(
                    key + ".schema",
                    FirnException.user(
                            "schema-mismatch",
                            "the schema does not fit the table: " + String.join("; ", differences),
                            "table " + wanted.identifier(),
                            "change the schema, leave it out to take the table's, or alter the table"));
        }
    }

    private void add(String key, FirnException failed) {
        String where = file + ", " + key + (failed.where().isEmpty() ? "" : ", " + failed.where());
        problems.add(new ConfigProblem(failed.what(), where, failed.action()));
    }
}
