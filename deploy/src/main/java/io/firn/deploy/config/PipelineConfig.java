package io.firn.deploy.config;

import io.firn.catalog.commit.LedgerClaim;
import io.firn.catalog.schema.TableClasses;
import io.firn.catalog.upsert.UpsertTables;
import io.firn.ingest.PipelineSettings.OnGap;
import io.firn.ingest.StartPosition;
import io.firn.ingest.record.TopicSelection;
import java.util.List;
import java.util.Optional;

/**
 * One pipeline: topics in, a table out.
 *
 * @param topics by name or by pattern
 * @param table namespace and name, as {@code shop.orders}
 * @param schema columns of the table where Firn creates it; empty: the table must exist
 * @param partitionBy as {@code day(placed_at)}; only where Firn creates the table
 * @param workers consumers in this process
 * @param commit when it commits
 * @param start where a table without a ledger begins
 * @param onGap offsets that Kafka no longer holds
 * @param adopt take over a table that has rows but no ledger
 * @param sourceColumns whether missing source columns are added to an existing table
 * @param decode how records become rows
 * @param upsert keys and merges; empty in mode append
 * @param maintenance how its tables are kept fast
 * @param claim its earlier name in the table's ledger, and other pipelines that read the same topics into the table
 * @param classes that properties of its tables may name
 */
public record PipelineConfig(
        TopicSelection topics,
        String table,
        Optional<String> schema,
        List<String> partitionBy,
        int workers,
        CommitConfig commit,
        StartPosition start,
        OnGap onGap,
        boolean adopt,
        SourceColumns sourceColumns,
        DecodeConfig decode,
        Optional<UpsertConfig> upsert,
        MaintenanceConfig maintenance,
        LedgerClaim claim,
        TableClasses classes) {
    /** The source columns of an existing table. */
    public enum SourceColumns {
        ADD,
        PRESENT
    }

    public PipelineConfig {
        partitionBy = List.copyOf(partitionBy);
    }

    /** Every table that it writes. */
    public List<String> tables() {
        return upsert.isEmpty()
                ? List.of(table)
                : List.of(table, UpsertTables.stagingName(table), UpsertTables.deletesName(table));
    }

    /** The table that records are ingested to. */
    public String ingestTable() {
        return upsert.isEmpty() ? table : UpsertTables.stagingName(table);
    }

    /** What a pipeline is that says only its topics and table. */
    public static PipelineConfig defaults(TopicSelection topics, String table) {
        return new PipelineConfig(
                topics,
                table,
                Optional.empty(),
                List.of(),
                1,
                CommitConfig.defaults(),
                StartPosition.earliest(),
                OnGap.STOP,
                false,
                SourceColumns.ADD,
                DecodeConfig.defaults(),
                Optional.empty(),
                MaintenanceConfig.defaults(),
                LedgerClaim.NONE,
                TableClasses.NONE);
    }
}
